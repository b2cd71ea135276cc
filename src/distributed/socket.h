#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/file_descriptor.h"
#include "core/stop.h"

namespace bernoulli {

/// An end of a connection as the system names it: a numeric address and a port.
struct Endpoint {
  std::string address;
  uint16_t port = 0;
};

/// Where connections are waited for.
struct Listener {
  FileDescriptor socket = {};
  Endpoint at = {};
  std::function<void()> poll = throw_if_stopped;  ///< called while nobody comes; may throw
};

/// At the first of the name's addresses that this machine has; the others try them in order, too.
/// @param port  0: any free one.   @throws DistributedError where the port is in use or the address is not
/// one of this machine
Listener listen_at(const std::string& address, uint16_t port);

/// Tries again until `deadline_s` (of monotonic_seconds) while nobody listens there yet, or the name is not
/// known yet; 3 s an address at most.
/// @param poll  called between two attempts; may throw
/// @throws DistributedError after that
FileDescriptor connect_to(const std::string& address, uint16_t port, double deadline_s,
                          const std::function<void()>& poll = throw_if_stopped);

/// The next connection; an empty one where none has come by `deadline_s`. @throws what
/// Listener::poll throws; DistributedError where the system has no room for it
FileDescriptor accept_from(const Listener& listener, double deadline_s);

Endpoint own_end(int socket);
Endpoint other_end(int socket);

/// A short message: its length in 4 bytes, then itself. False where it was not taken by `deadline_s`, or the
/// other side is gone. @throws StopRequested
bool send_message(int socket, double deadline_s, const std::string& text);
/// False where none has come whole by `deadline_s`, or it is longer than `most` bytes, or the other side is
/// gone. @throws StopRequested
bool receive_message(int socket, double deadline_s, size_t most, std::string& text);

}  // namespace bernoulli
