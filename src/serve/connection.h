#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "serve/byte_budget.h"
#include "serve/handler.h"
#include "serve/server.h"
#include "serve/worker_threads.h"

namespace bernoulli::serve {

class Connection;

/// What the connections of a server share. Their functions belong to the one thread that reads and writes.
struct ConnectionSpace {
  Handler& handler;
  const ServerOptions& options;
  WorkerThreads& workers;
  std::function<void()> all_gone;  ///< called in whatever thread the last connection ends
  std::atomic<bool> stopping = false;
  bool ends_idle = false;  ///< a connection without a request ends: a while after the stop has begun
  ByteBudget requests = ByteBudget(options.max_request_bytes);
  ByteBudget answers = ByteBudget(options.max_answer_bytes);

  std::mutex mutex = {};  ///< of `open`
  std::set<Connection*> open = {};
};

/// One client: its requests one after the other, pipelined ones too. Alive as long as something is awaited.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(boost::asio::ip::tcp::socket socket, ConnectionSpace& space);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Reads the first request. @param is_extra  it is above the limit: soon over, and for one probe at most
  void start(bool is_extra);
  /// For a server that stops: ends now where no request has begun.
  void end_when_idle();

 private:
  using Error = boost::beast::error_code;

  void look_up_client();
  void read_head();
  void await_head();
  bool skip_empty_line();
  void on_head(Error error);
  void reserve_body();
  void go_on();  ///< tells a client that waits for it to send the body
  void read_body();
  void on_request(Error error);
  void compute(HttpRequest request);
  Answer answer_in_turn(const HttpRequest& request);
  std::optional<RequestFault> fault_of_wait();
  bool has_left();
  void on_read_error(Error error);
  void refuse_request(const RequestFault& fault);
  void send(Answer answer);
  void write(HttpResponse response);
  void close_gently();
  void discard();
  void tell(const RequestFacts& facts, bool is_probe) const;

  ConnectionSpace& space_;
  boost::beast::tcp_stream stream_;
  std::string client_;  ///< its address, for the log
  boost::beast::flat_buffer buffer_;
  std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> parser_;
  std::optional<boost::beast::http::response<boost::beast::http::string_body>> response_;
  ByteBudget::Share request_share_;  ///< of the body, from its head to the answer
  ByteBudget::Share response_share_;
  std::array<char, 4096> discarded_{};
  HttpRequest request_;          ///< that is being read; as its head has it, whatever a trailer says
  std::string_view empty_line_;  ///< what may still come of one before the request
  bool waits_for_head_ = false;
  bool is_extra_ = false;
  bool keep_alive_ = false;
  unsigned version_ = 11;     ///< of HTTP, that of the request
  bool is_head_ = false;      ///< the request's method is HEAD
  std::string request_line_;  ///< for the log
  std::string request_id_;    ///< for it, too; may be empty
  size_t request_bytes_ = 0;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();  ///< of what is counted
};

}  // namespace bernoulli::serve
