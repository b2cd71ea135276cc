#include "distributed/socket.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string_view>
#include <sys/socket.h>

#include <fmt/format.h>

#include "core/error.h"
#include "core/little_endian.h"
#include "core/log.h"
#include "core/stop.h"

namespace bernoulli {
namespace {

using Addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

/// @return 0, or the fault of getaddrinfo
int find(const std::string& address, uint16_t port, int flags, Addresses& addresses) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int fault = ::getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (fault == 0) addresses.reset(found);
  return fault;
}

[[noreturn]] void throw_unknown(const std::string& address, int fault, const char* how_long = "") {
  throw DistributedError(
      fmt::format("'{}' is no machine that is known here{}: {}", address, how_long, ::gai_strerror(fault)));
}

/// A name that is given when its machine or container starts, or a server of names that does.
bool may_become_known(int fault) { return fault == EAI_NONAME || fault == EAI_AGAIN || fault == EAI_NODATA; }

/// Nothing where the system has no addresses of this kind.
FileDescriptor open_socket(const addrinfo& like) {
  FileDescriptor socket(
      ::socket(like.ai_family, like.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, like.ai_protocol));
  if (socket.get() < 0 && errno != EAFNOSUPPORT)
    throw DistributedError(fmt::format("no socket: {}", std::strerror(errno)));
  return socket;
}

void send_at_once(int socket) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/// Until the socket is ready for `events`; false where it is not by then. @param poll  called meanwhile
bool wait_for(int socket, short events, double deadline_s,
              const std::function<void()>& poll = throw_if_stopped) {
  constexpr double kTickS = 0.2;  // no longer than a signal may wait that came just before
  while (true) {
    poll();
    const double left_s = deadline_s - monotonic_seconds();
    if (left_s <= 0) return false;
    pollfd ready{socket, events, 0};
    if (::poll(&ready, 1, static_cast<int>(std::min(left_s, kTickS) * 1000) + 1) > 0) return true;
  }
}

/// @return 0, or the errno of the attempt
int try_to_connect(const FileDescriptor& socket, const addrinfo& to, double deadline_s) {
  if (socket.get() < 0) return EAFNOSUPPORT;
  if (::connect(socket.get(), to.ai_addr, to.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  if (!wait_for(socket.get(), POLLOUT, deadline_s)) return ETIMEDOUT;
  int fault = 0;
  socklen_t size = sizeof fault;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &fault, &size);
  return fault;
}

/// @return 0, or the errno of the attempt
int try_to_listen(const FileDescriptor& socket, const addrinfo& at) {
  if (socket.get() < 0) return EAFNOSUPPORT;
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const bool listens =
      ::bind(socket.get(), at.ai_addr, at.ai_addrlen) == 0 && ::listen(socket.get(), SOMAXCONN) == 0;
  return listens ? 0 : errno;
}

/// Where nobody listens at a port that the system gives away, it may give that very port to the caller and
/// connect it with itself.
bool is_itself(int socket) {
  const Endpoint own = own_end(socket), other = other_end(socket);
  return own.port == other.port && own.address == other.address;
}

Endpoint endpoint_of(int socket, int (*name_of)(int, sockaddr*, socklen_t*)) {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  char host[NI_MAXHOST] = "", service[NI_MAXSERV] = "0";
  if (name_of(socket, reinterpret_cast<sockaddr*>(&name), &size) == 0)
    ::getnameinfo(reinterpret_cast<sockaddr*>(&name), size, host, sizeof host, service, sizeof service,
                  NI_NUMERICHOST | NI_NUMERICSERV);
  return {host, static_cast<uint16_t>(std::stoi(service))};
}

/// False where so many bytes have not come by then.
bool receive_all(int socket, char* to, size_t count, double deadline_s) {
  while (count > 0) {
    const ssize_t got = ::recv(socket, to, count, MSG_DONTWAIT);
    if (got == 0) return false;
    if (got > 0) {
      to += got;
      count -= static_cast<size_t>(got);
    } else if (errno == EAGAIN || errno == EINTR) {
      if (!wait_for(socket, POLLIN, deadline_s)) return false;
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace

Listener listen_at(const std::string& address, uint16_t port) {
  Addresses found(nullptr, ::freeaddrinfo);
  if (const int fault = find(address, port, AI_PASSIVE, found)) throw_unknown(address, fault);
  FileDescriptor socket;
  int fault = 0;
  for (const addrinfo* at = found.get(); at != nullptr; at = at->ai_next) {
    socket = open_socket(*at);
    fault = try_to_listen(socket, *at);
    // A port in use is not passed over: the others try the addresses in this order, and would meet its owner.
    if (fault != EADDRNOTAVAIL && fault != EAFNOSUPPORT) break;
  }
  if (fault != 0) {
    if (fault == EADDRINUSE)
      throw DistributedError(fmt::format(
          "port {} of {} is in use, by another training perhaps: set another MASTER_PORT", port, address));
    if (fault == EADDRNOTAVAIL)
      throw DistributedError(fmt::format(
          "'{}' is no address of this machine: MASTER_ADDR is that of process 0, which this one is",
          address));
    throw DistributedError(
        fmt::format("cannot listen at {} port {}: {}", address, port, std::strerror(fault)));
  }
  Listener listener{.at = own_end(socket.get())};
  listener.socket = std::move(socket);
  return listener;
}

FileDescriptor connect_to(const std::string& address, uint16_t port, double deadline_s,
                          const std::function<void()>& poll) {
  constexpr int kRetryMs = 100;
  constexpr double kAttempt_s = 3;  // behind an address that is dead there may be a good one
  constexpr double kFindAgain_s = 1;
  Addresses found(nullptr, ::freeaddrinfo);
  double find_at_s = monotonic_seconds();
  int name_fault = 0;
  while (true) {
    if (monotonic_seconds() >= find_at_s) {
      name_fault = find(address, port, 0, found);  // what was found before stays
      if (name_fault != 0 && !may_become_known(name_fault)) throw_unknown(address, name_fault);
      find_at_s = monotonic_seconds() + kFindAgain_s;
    }
    int fault = 0;
    for (const addrinfo* to = found.get(); to != nullptr; to = to->ai_next) {
      FileDescriptor socket = open_socket(*to);
      fault = try_to_connect(socket, *to, std::min(deadline_s, monotonic_seconds() + kAttempt_s));
      if (fault == 0 && is_itself(socket.get())) fault = ECONNREFUSED;
      if (fault != 0) continue;
      send_at_once(socket.get());
      return socket;
    }
    poll();
    if (monotonic_seconds() >= deadline_s) {
      if (!found) throw_unknown(address, name_fault, ", and was none while it was waited for");
      throw DistributedError(
          fmt::format("nobody answers at {} port {}: {}", address, port, std::strerror(fault)));
    }
    ::poll(nullptr, 0, kRetryMs);
  }
}

FileDescriptor accept_from(const Listener& listener, double deadline_s) {
  while (wait_for(listener.socket.get(), POLLIN, deadline_s, listener.poll)) {
    FileDescriptor socket(::accept4(listener.socket.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket.get() < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM))
      throw DistributedError(fmt::format(
          "a process cannot be let in: {} (ulimit -n is the limit of a process)", std::strerror(errno)));
    if (socket.get() < 0) continue;  // it has given up meanwhile
    send_at_once(socket.get());
    return socket;
  }
  return FileDescriptor();
}

Endpoint own_end(int socket) { return endpoint_of(socket, ::getsockname); }
Endpoint other_end(int socket) { return endpoint_of(socket, ::getpeername); }

bool send_message(int socket, double deadline_s, const std::string& text) {
  std::string bytes;
  append_little_endian(bytes, static_cast<uint32_t>(text.size()));
  bytes += text;
  std::string_view left = bytes;
  while (!left.empty()) {
    const ssize_t sent = ::send(socket, left.data(), left.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      left.remove_prefix(static_cast<size_t>(sent));
    } else if (errno != EAGAIN && errno != EINTR) {
      return false;
    } else if (!wait_for(socket, POLLOUT, deadline_s)) {
      return false;
    }
  }
  return true;
}

bool receive_message(int socket, double deadline_s, size_t most, std::string& text) {
  std::string length(4, '\0');
  if (!receive_all(socket, length.data(), length.size(), deadline_s)) return false;
  const auto size = read_little_endian<uint32_t>(length);
  if (size > most) return false;
  text.resize(size);
  return receive_all(socket, text.data(), text.size(), deadline_s);
}

}  // namespace bernoulli
