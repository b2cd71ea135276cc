#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "serve/handler.h"

namespace bernoulli::serve {

struct ServerOptions {
  std::string host = "127.0.0.1";               ///< a numeric address
  uint16_t port = 8080;                         ///< 0: a free one
  int threads = 1;                              ///< that classify; one more reads and writes
  size_t max_connections = 512;                 ///< open at once; whoever comes then gets 503
  size_t max_request_bytes = size_t{2} << 30;   ///< of bodies that are read or wait, in all
  size_t max_answer_bytes = size_t{512} << 20;  ///< that clients have not taken yet, in all
  /// That a client may take for the head of a request (waiting for it included), for its body, and to take
  /// the answer; whoever takes longer is disconnected.
  std::chrono::seconds timeout{30};
  std::chrono::seconds grace{8};  ///< from the signal that stops to the end of requests under way
  /// Called after SIGHUP, on a thread of its own; throws nothing. Empty: SIGHUP stops.
  std::function<void()> reload = {};
};

/// HTTP/1.1 around a handler: sockets, limits, signals.
class Server {
 public:
  /// Listens, so that connections wait from now on. @throws UsageError for a host that is no address; IoError
  /// where the system refuses the port, with what to do
  Server(Handler& handler, ServerOptions options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  uint16_t port() const;
  /// "http://127.0.0.1:8080"
  std::string url() const;

  /// Answers until SIGINT or SIGTERM, then until the requests under way are answered or the grace is over; a
  /// second signal ends the process at once.
  /// @return false where a request was still computing at the very end: nothing that it uses may be destroyed
  bool run();

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace bernoulli::serve
