#include "serve/server.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <exception>
#include <linux/filter.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>
#include <fmt/format.h>

#include "core/error.h"
#include "core/log.h"
#include "core/stop.h"
#include "serve/connection.h"

namespace bernoulli::serve {
namespace net = boost::asio;
using net::ip::tcp;
using ErrorCode = boost::system::error_code;
namespace {

constexpr size_t kExtra = 64;  ///< connections above the limit, for probes
constexpr std::chrono::milliseconds kPause{
    100};  ///< before the next try where the system gives no connection
constexpr std::chrono::milliseconds kLastWait{1000};  ///< in which nothing is computed any more
/// That a server which stops waits for requests on their way over connections that look idle.
constexpr std::chrono::milliseconds kOnTheWay{200};

tcp::endpoint endpoint_of(const ServerOptions& options) {
  ErrorCode error;
  const net::ip::address address = net::ip::make_address(options.host, error);
  if (error)
    throw UsageError(
        fmt::format("--host is '{}'; expected an address such as 127.0.0.1 (this machine only), "
                    "0.0.0.0 (every network of it) or ::1",
                    options.host));
  return {address, options.port};
}

std::string remedy_for(const ErrorCode& error) {
  switch (error.value()) {
    case EADDRINUSE:
      return "; another program has the port: stop it, or take another one with --port (0: any free one)";
    case EACCES:
      return "; ports below 1024 are for root (or CAP_NET_BIND_SERVICE): take --port 8080, behind a "
             "proxy";
    case EADDRNOTAVAIL:
      return "; this machine does not have the address: take --host 127.0.0.1 or 0.0.0.0";
    default:
      return "";
  }
}

/// nohup asked for it.
bool is_ignored(int number) {
  struct sigaction action {};
  ::sigaction(number, nullptr, &action);
  return action.sa_handler == SIG_IGN;
}

/// From now on a listening socket is deaf: nobody gets connected between the last one that is taken and its
/// end. Where the system has no such filter, hardly anybody does.
void end_handshakes(int listener) {
  sock_filter drop{BPF_RET | BPF_K, 0, 0, 0};
  const sock_fprog program{1, &drop};
  static_cast<void>(::setsockopt(listener, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)));
}

}  // namespace

/// Everything but the workers' part of a request happens in the one thread that calls run().
class Server::Loop {
 public:
  Loop(Handler& handler, ServerOptions options)
      : handler_(handler),
        options_(std::move(options)),
        space_{handler_, options_, workers_, [this] { ask_for_end(); }},
        acceptor_(io_),
        signals_(io_),
        timer_(io_),
        idle_timer_(io_),
        accept_timer_(io_),
        workers_(options_.threads) {
    listen(endpoint_of(options_));
    for (const int number : {SIGINT, SIGTERM, SIGXCPU}) signals_.add(number);
    if (options_.reload || !is_ignored(SIGHUP)) signals_.add(SIGHUP);
  }
  /// Connections that are open still end with io_.
  ~Loop() {
    space_.all_gone = [] {};
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  tcp::endpoint local() const { return acceptor_local_; }

  bool run() {
    await_signal();
    if (stop_signal() != 0) stop();  // it came before
    while (!io_.stopped()) step();
    if (!all_answered_) return false;
    workers_.join();
    reloader_.join();
    return true;
  }

 private:
  void listen(const tcp::endpoint& endpoint) {
    ErrorCode error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(net::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(net::socket_base::max_listen_connections, error);
    if (!error) acceptor_local_ = acceptor_.local_endpoint(error);
    if (error)
      throw IoError(fmt::format("cannot listen on {} port {}: {}{}", options_.host, options_.port,
                                error.message(), remedy_for(error)));
  }

  /// One client's failure, such as memory that runs out while its request is read, ends its connection only;
  /// the others wait for nothing but where no further one could be awaited.
  void step() {
    try {
      if (!accepts_ && !space_.stopping) accept();
      io_.run();
    } catch (const std::exception& error) {
      try {
        log_warning(fmt::format("a connection failed: {}", error.what()));
      } catch (const std::exception&) {  // out of memory for the words, too
      }
      if (!accepts_) std::this_thread::sleep_for(kPause);
    }
  }

  void accept() {
    acceptor_.async_accept(
        [this](ErrorCode error, tcp::socket socket) { on_accept(error, std::move(socket)); });
    accepts_ = true;
  }

  void on_accept(ErrorCode error, tcp::socket socket) {
    accepts_ = false;
    if (error) return on_accept_error(error);
    is_short_ = false;
    if (!space_.stopping) accept();
    admit(std::move(socket));
  }

  void admit(tcp::socket socket) {
    const auto open = static_cast<size_t>(handler_.metrics().connections.load());
    if (open >= options_.max_connections + kExtra) return;
    std::make_shared<Connection>(std::move(socket), space_)->start(open >= options_.max_connections);
  }

  /// Where the system has no file descriptor left the next connection waits in its queue.
  void on_accept_error(const ErrorCode& error) {
    if (space_.stopping) return;
    if (error == net::error::connection_aborted) return accept();
    if (!is_short_)
      log_warning(
          fmt::format("cannot take a connection: {}; trying again (files: ulimit -n, or fewer with "
                      "--max-connections)",
                      error.message()));
    is_short_ = true;
    accepts_ = true;
    accept_timer_.expires_after(kPause);
    accept_timer_.async_wait([this](ErrorCode) {
      accepts_ = false;
      if (!space_.stopping) accept();
    });
  }

  void await_signal() {
    signals_.async_wait([this](ErrorCode error, int number) {
      if (error) return;
      if (number == SIGHUP && options_.reload) {
        reload();
      } else {
        if (space_.stopping && (number == SIGINT || number == SIGTERM)) ::_exit(128 + number);
        stop();
      }
      await_signal();
    });
  }

  /// In a thread of its own, so that requests go on; signals that come meanwhile are one.
  void reload() {
    if (reload_asked_.exchange(true)) return;
    net::post(reloader_.context(), [this] {
      reload_asked_ = false;
      options_.reload();
    });
  }

  void stop() {
    if (space_.stopping) return;
    space_.stopping = true;
    handler_.drain();
    accept_timer_.cancel();
    const auto first_part = options_.grace - last_wait();
    timer_.expires_after(first_part);
    timer_.async_wait([this](ErrorCode error) {
      if (!error) cancel();
    });
    idle_timer_.expires_after(std::min<std::chrono::milliseconds>(kOnTheWay, first_part));
    idle_timer_.async_wait([this](ErrorCode error) {
      if (!error) end_idle();
    });
    take_last_connections();
    log_info(fmt::format("stopping: requests under way get {} s", options_.grace.count()));
    ask_for_end();
  }

  /// Those that wait in the queue have perhaps sent their requests, and closing it would reset them.
  void take_last_connections() {
    std::vector<tcp::socket> last;
    ErrorCode error;
    end_handshakes(acceptor_.native_handle());
    acceptor_.non_blocking(true, error);
    while (!error) {
      tcp::socket socket(io_);
      acceptor_.accept(socket, error);
      if (!error) last.push_back(std::move(socket));
    }
    acceptor_.close(error);
    for (tcp::socket& socket : last) admit(std::move(socket));
  }

  void end_idle() {
    space_.ends_idle = true;
    const std::lock_guard lock(space_.mutex);
    for (Connection* connection : space_.open) connection->end_when_idle();
  }

  /// The last part of the grace.
  std::chrono::milliseconds last_wait() const {
    return std::min(kLastWait, std::chrono::milliseconds(options_.grace) / 2);
  }

  /// Clients that are slow have the rest of the grace, too.
  void cancel() {
    log_warning("the time to stop is nearly over: what is not computed yet ends with 503");
    handler_.cancel();
    end_idle();
    timer_.expires_after(last_wait());
    timer_.async_wait([this](ErrorCode error) {
      if (!error) give_up();
    });
  }

  void give_up() {
    log_warning("the time to stop is over: ending with requests that are not answered");
    all_answered_ = handler_.metrics().in_flight == 0;
    io_.stop();
  }

  /// Of any thread, in a destructor. Where there is no memory to ask, the grace ends the server.
  void ask_for_end() {
    if (!space_.stopping) return;
    try {
      net::post(io_, [this] { end_if_done(); });
    } catch (const std::exception&) {
    }
  }

  void end_if_done() {
    const std::lock_guard lock(space_.mutex);
    if (space_.stopping && space_.open.empty()) io_.stop();
  }

  Handler& handler_;
  const ServerOptions options_;
  ConnectionSpace space_;
  net::io_context io_{1};
  tcp::acceptor acceptor_;
  tcp::endpoint acceptor_local_;
  net::signal_set signals_;
  net::steady_timer timer_;
  net::steady_timer idle_timer_;
  net::steady_timer accept_timer_;
  WorkerThreads workers_;
  WorkerThreads reloader_{1};
  std::atomic<bool> reload_asked_ = false;
  bool accepts_ = false;
  bool is_short_ = false;  ///< of what a connection needs
  bool all_answered_ = true;
};

Server::Server(Handler& handler, ServerOptions options) try
    : loop_(std::make_unique<Loop>(handler, std::move(options))) {
} catch (const boost::system::system_error& error) {
  throw IoError(fmt::format(
      "the system refused what a server needs: {}; it may have too few files (ulimit -n)", error.what()));
}
Server::~Server() = default;

uint16_t Server::port() const { return loop_->local().port(); }

std::string Server::url() const {
  const net::ip::address address = loop_->local().address();
  return address.is_v6() ? fmt::format("http://[{}]:{}", address.to_string(), port())
                         : fmt::format("http://{}:{}", address.to_string(), port());
}

bool Server::run() { return loop_->run(); }

}  // namespace bernoulli::serve
