#include "serve/connection.h"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <exception>
#include <new>
#include <sys/socket.h>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <fmt/format.h>

#include "core/log.h"
#include "core/version.h"
#include "serve/request_head.h"

namespace bernoulli::serve {
namespace net = boost::asio;
namespace http = boost::beast::http;
namespace {

constexpr uint32_t kMaxHeadBytes = 16 << 10;
constexpr size_t kMaxBufferBytes = 64 << 10;  ///< read ahead of a client
constexpr uint64_t kLargeBody = 4 << 10;      ///< bytes that are worth a buffer of that size
constexpr int kClientLeft = 499;              ///< the status that nginx counts such requests under
constexpr size_t kLongestLogged = 200;        ///< bytes of a request line
/// That a client gets to read an answer before the end, and one above the limit to say what it wants.
constexpr std::chrono::seconds kLinger{2};
constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

/// RFC 9110, section 5.6.7.
std::string date_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 40> text{};
  const size_t length = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text.data(), length};
}

/// The bytes of a client between quotes in the log: whatever a terminal or an editor would make of them, they
/// neither end the quotes nor move anything.
std::string quotable(std::string_view text) {
  std::string shown;
  for (const char c : text) {
    if (c == '"' || c == '\\') shown += '\\';
    shown +=
        c >= 0x20 && c < 0x7f ? std::string(1, c) : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  return shown;
}

RequestFault answers_not_taken() {
  return {
      503,
      "the server holds more bytes of answers that clients have not taken yet than it may; come again later"};
}

/// Counts a request as under way while it lives, which may be nowhere but in what is posted.
class UnderWay {
 public:
  explicit UnderWay(std::atomic<int64_t>& count) : count_(&count) { ++count; }
  UnderWay(UnderWay&& other) noexcept : count_(std::exchange(other.count_, nullptr)) {}
  UnderWay& operator=(UnderWay&&) = delete;
  ~UnderWay() { end(); }
  void end() {
    if (count_ != nullptr) --*count_;
    count_ = nullptr;
  }

 private:
  std::atomic<int64_t>* count_;
};

}  // namespace

Connection::Connection(net::ip::tcp::socket socket, ConnectionSpace& space)
    : space_(space), stream_(std::move(socket)), buffer_(kMaxBufferBytes) {
  const std::lock_guard lock(space_.mutex);
  space_.open.insert(this);
  space_.handler.metrics().connections = static_cast<int64_t>(space_.open.size());
}

Connection::~Connection() {
  const std::lock_guard lock(space_.mutex);
  space_.open.erase(this);
  space_.handler.metrics().connections = static_cast<int64_t>(space_.open.size());
  if (space_.open.empty()) space_.all_gone();
}

void Connection::start(bool is_extra) {
  is_extra_ = is_extra;
  look_up_client();
  Error ignored;
  stream_.socket().set_option(net::ip::tcp::no_delay(true), ignored);
  read_head();
}

void Connection::look_up_client() {
  Error error;
  const auto end = stream_.socket().remote_endpoint(error);
  client_ = error ? "-" : end.address().to_string();
}

void Connection::end_when_idle() {
  const bool has_begun = buffer_.size() > 0 || (parser_ && parser_->got_some());
  if (waits_for_head_ && !has_begun) stream_.cancel();
}

void Connection::read_head() {
  request_line_ = "-";
  request_id_.clear();
  request_bytes_ = 0;
  is_head_ = false;
  empty_line_ = kLineEnd;
  stream_.expires_after(is_extra_ ? std::min(kLinger, space_.options.timeout) : space_.options.timeout);
  await_head();
}

void Connection::await_head() {
  parser_.emplace();
  parser_->header_limit(kMaxHeadBytes);
  parser_->body_limit(space_.handler.limits().max_body_bytes);
  waits_for_head_ = true;
  http::async_read_header(stream_, buffer_, *parser_,
                          [self = shared_from_this()](Error error, size_t) { self->on_head(error); });
}

/// Some clients send one behind a body (RFC 9112, section 2.2). More would be a way to win time.
bool Connection::skip_empty_line() {
  const std::string_view begin(static_cast<const char*>(buffer_.data().data()), buffer_.size());
  const std::string_view part = empty_line_.substr(0, begin.size());  // its bytes may come one by one
  if (part.empty() || !begin.starts_with(part)) return false;
  empty_line_.remove_prefix(part.size());
  buffer_.consume(part.size());
  return true;
}

void Connection::on_head(Error error) {
  waits_for_head_ = false;
  if (error == http::error::bad_method && skip_empty_line()) return await_head();
  begin_ = std::chrono::steady_clock::now();
  if (!error && empty_line_.size() == 1) error = http::error::bad_method;  // half of it
  if (error) return on_read_error(error);
  const auto& message = parser_->get();
  request_ = request_of(message);
  request_line_ = request_.method + " " + std::string(message.target());
  request_id_ = request_id_of(message);
  is_head_ = message.method() == http::verb::head;
  version_ = message.version();
  keep_alive_ = parser_->keep_alive() && !space_.stopping && !is_extra_;
  try {
    check_head(message);
    if (is_extra_ && !space_.handler.is_probe(request_))
      throw RequestFault{
          503, fmt::format("{} connections are open, and this server takes no more; come again later",
                           space_.options.max_connections)};
    reserve_body();
  } catch (const RequestFault& fault) {
    return refuse_request(fault);
  }
  if (message[http::field::expect].empty() || message.version() < 11) return read_body();
  std::optional<Answer> refusal = space_.handler.refusal(request_);
  if (!refusal) return go_on();
  keep_alive_ = false;
  send(std::move(*refusal));
}

/// The library would do so later, where a fault has nobody to answer it; and it reads as much at a time as
/// the buffer has room for.
void Connection::reserve_body() try {
  const auto length = parser_->content_length();
  const uint64_t most = parser_->chunked() ? space_.handler.limits().max_body_bytes : length.value_or(0);
  if (!space_.requests.take(most, request_share_))
    throw RequestFault{503,
                       "the bodies of other requests take all the bytes that this server has for them; "
                       "come again later"};
  if (length) parser_->get().body().reserve(static_cast<size_t>(*length));
  if (parser_->chunked() || length.value_or(0) > kLargeBody) buffer_.reserve(kMaxBufferBytes);
} catch (const std::bad_alloc&) {
  throw RequestFault{503, "out of memory for the body; send fewer or shorter texts in a request"};
}

void Connection::go_on() {
  stream_.expires_after(space_.options.timeout);
  net::async_write(stream_, net::buffer(kContinue), [self = shared_from_this()](Error error, size_t) {
    if (!error) self->read_body();
  });
}

void Connection::read_body() {
  stream_.expires_after(space_.options.timeout);
  http::async_read(stream_, buffer_, *parser_,
                   [self = shared_from_this()](Error error, size_t) { self->on_request(error); });
}

void Connection::on_request(Error error) {
  if (error) return on_read_error(error);
  buffer_.shrink_to_fit();  // idle connections keep none
  stream_.expires_never();
  begin_ = std::chrono::steady_clock::now();
  HttpRequest request = std::move(request_);
  request.body = std::move(parser_->get().body());
  request_bytes_ = request.body.size();
  request_share_.shrink_to(request_bytes_);
  if (Handler::computes(request)) return compute(std::move(request));
  send(answer_in_turn(request));
}

/// A request whose answer finds no memory to come back loses its connection and no more.
void Connection::compute(HttpRequest request) {
  net::post(space_.workers.context(), [self = shared_from_this(), request = std::move(request),
                                       under_way = UnderWay(space_.handler.metrics().in_flight)]() mutable {
    std::optional<Answer> answer;
    try {
      answer = self->answer_in_turn(request);
    } catch (const std::exception&) {
    }
    under_way.end();
    if (!answer) return;
    try {
      Connection& connection = *self;
      net::post(
          connection.stream_.get_executor(),
          [self = std::move(self), answer = std::move(*answer)]() mutable { self->send(std::move(answer)); });
    } catch (const std::exception&) {
    }
  });
}

/// Why a request is not computed though it is its turn.
std::optional<RequestFault> Connection::fault_of_wait() {
  const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - begin_;
  space_.handler.metrics().count_wait(waited.count());
  if (has_left()) return RequestFault{kClientLeft, "the client closed the connection before it had its turn"};
  if (waited > space_.options.timeout)
    return RequestFault{503,
                        fmt::format("the request waited {} s for its turn; the server has too much to do: "
                                    "come again later",
                                    space_.options.timeout.count())};
  return std::nullopt;
}

/// Nothing is read from the stream while a request waits, so another thread may look. A client that only
/// ended what it sends looks the same, and a request behind this one hides the end.
bool Connection::has_left() {
  char byte = 0;
  const ssize_t size = ::recv(stream_.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return size == 0 || (size < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

Answer Connection::answer_in_turn(const HttpRequest& request) {
  Handler& handler = space_.handler;
  if (Handler::computes(request)) {
    if (const auto fault = fault_of_wait()) return handler.refuse(request, *fault);
    if (space_.answers.is_full()) return handler.refuse(request, answers_not_taken());
  }
  Answer answer = handler.answer(request);
  if (!space_.answers.take(answer.response.body.capacity(), response_share_))
    return handler.refuse(request, answers_not_taken());
  return answer;
}

void Connection::on_read_error(Error error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow)
    return refuse_request(
        {431,
         parser_->is_header_done()
             ? fmt::format("a chunk's extensions, or the trailer, have more than {} bytes", kMaxBufferBytes)
             : fmt::format("the head of the request has more than {} bytes", kMaxHeadBytes)});
  if (error == http::error::body_limit)
    return refuse_request({413, fmt::format("the body has more than {} bytes, which this server takes; send "
                                            "the texts in several requests",
                                            space_.handler.limits().max_body_bytes)});
  const bool has_left = error == http::error::end_of_stream || error == http::error::partial_message;
  if (has_left || error.category() != make_error_code(http::error::bad_version).category()) return;
  refuse_request({400, fmt::format("this is no request of HTTP/1.1: {}", error.message())});
}

void Connection::refuse_request(const RequestFault& fault) {
  keep_alive_ = false;
  send({error_response(fault)});
}

void Connection::send(Answer answer) {
  if (answer.response.status == kClientLeft) keep_alive_ = false;
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin_;
  const size_t response_bytes = is_head_ ? 0 : answer.response.body.size();
  const RequestFacts facts{answer.endpoint, answer.response.status, answer.num_texts,
                           request_bytes_,  response_bytes,         taken.count()};
  space_.handler.metrics().count(facts);
  tell(facts, answer.is_probe);
  parser_.reset();
  request_share_ = {};
  write(std::move(answer.response));
}

/// Probes come every few seconds, and would hide the rest.
void Connection::tell(const RequestFacts& facts, bool is_probe) const {
  if (is_probe && facts.status < 400) return;
  log_info(fmt::format("{} \"{}\" {} {} texts {} bytes {:.3f} ms{}{}", client_,
                       quotable(std::string_view(request_line_).substr(0, kLongestLogged)), facts.status,
                       facts.num_texts, facts.response_bytes, facts.seconds * 1000,
                       request_id_.empty() ? "" : " id ", request_id_));
}

void Connection::write(HttpResponse response) {
  const bool closes = !keep_alive_ || space_.stopping;
  http::response<http::string_body>& message = response_.emplace();
  message.result(static_cast<unsigned>(response.status));
  message.set(http::field::date, date_now());
  message.set(http::field::server, std::string("bernoulli/") + kVersion);
  message.set(http::field::content_type, response.content_type);
  if (response.status == kClientLeft) message.reason("Client Closed Request");
  if (response.status == 503) message.set(http::field::retry_after, "1");
  if (!response.allow.empty()) message.set(http::field::allow, response.allow);
  message.version(version_);
  message.keep_alive(!closes);
  message.content_length(response.body.size());
  if (!is_head_) message.body() = std::move(response.body);
  stream_.expires_after(space_.options.timeout);
  http::async_write(stream_, message, [self = shared_from_this(), closes](Error error, size_t) {
    if (error) return;
    if (closes || self->space_.ends_idle) return self->close_gently();
    self->response_.reset();
    self->response_share_ = {};
    self->read_head();
  });
}

/// To close while the client still sends would reset the connection, and the answer could be lost on its way.
void Connection::close_gently() {
  Error ignored;
  stream_.socket().shutdown(net::ip::tcp::socket::shutdown_send, ignored);
  stream_.expires_after(kLinger);
  discard();
}

void Connection::discard() {
  stream_.async_read_some(net::buffer(discarded_), [self = shared_from_this()](Error error, size_t) {
    if (!error) self->discard();
  });
}

}  // namespace bernoulli::serve
