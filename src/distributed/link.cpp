#include "distributed/link.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <fmt/format.h>

#include "core/error.h"
#include "core/little_endian.h"
#include "core/log.h"
#include "core/utf8.h"
#include "distributed/failure.h"

namespace bernoulli {
namespace {

constexpr char kAlive = 'a', kData = 'd', kEnd = 'e';
constexpr size_t kLongestLastWord = size_t{1} << 20;
constexpr uint64_t kLongestData = uint64_t{1} << 40;
constexpr size_t kFirstPart = size_t{1} << 20;

[[noreturn]] void throw_lost(const std::string& peer, const std::string& how) {
  throw DistributedError(fmt::format(
      "{} is lost ({}); its own messages say more. What was saved stays: start all processes again "
      "with --resume",
      peer, how));
}

bool would_wait(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

Link::Link(FileDescriptor socket, std::string peer)
    : socket_(std::move(socket)), peer_(std::move(peer)), last_heard_s_(monotonic_seconds()) {}

void Link::start(std::string_view bytes) {
  const std::lock_guard lock(sending_mutex_);
  std::string header(1, kData);
  append_little_endian(header, static_cast<uint64_t>(bytes.size()));
  std::memcpy(header_bytes_, header.data(), sizeof header_bytes_);
  header_ = {header_bytes_, sizeof header_bytes_};
  payload_ = bytes;
}

int Link::send_frame() {
  const std::lock_guard lock(sending_mutex_);
  while (sending()) {
    std::array<iovec, 2> parts = {iovec{const_cast<char*>(header_.data()), header_.size()},
                                  iovec{const_cast<char*>(payload_.data()), payload_.size()}};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    const ssize_t sent = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) return would_wait(errno) ? 0 : errno;
    const size_t of_header = std::min(header_.size(), static_cast<size_t>(sent));
    header_.remove_prefix(of_header);
    payload_.remove_prefix(static_cast<size_t>(sent) - of_header);
    in_frame_ = sending();
  }
  return 0;
}

void Link::send_some() {
  if (const int fault = send_frame()) throw_last_word(std::strerror(fault));
}

bool Link::flush() noexcept { return send_frame() == 0 && sending(); }

void Link::abandon_frame() noexcept {
  const std::lock_guard lock(sending_mutex_);
  header_ = payload_ = {};
}

void Link::throw_last_word(const std::string& how) {
  constexpr int kTries = 100, kPauseMs = 10;
  std::string dropped;
  for (int left = kTries; left > 0 && !over_; --left) {
    if (!expecting_) expect(dropped);
    receive_some();
    ::poll(nullptr, 0, kPauseMs);
  }
  throw_lost(peer_, how);
}

void Link::expect(std::span<char> exactly) {
  expecting_ = true;
  any_ = nullptr;
  exactly_ = exactly;
}

void Link::expect(std::string& whatever_comes) {
  expecting_ = true;
  any_ = &whatever_comes;
}

size_t Link::read(char* to, size_t count) {
  const ssize_t got = ::recv(socket_.get(), to, count, MSG_DONTWAIT);
  if (got < 0 && would_wait(errno)) return 0;
  if (got < 0) throw_lost(peer_, std::strerror(errno));
  if (got == 0) throw_lost(peer_, "it ended without a word");
  last_heard_s_ = monotonic_seconds();
  return static_cast<size_t>(got);
}

bool Link::read_kind() {
  char kind = 0;
  if (read(&kind, 1) == 0) return false;
  if (kind == kAlive) return true;
  if (kind != kData && kind != kEnd) throw_lost(peer_, "it sends what is no frame");
  ending_ = kind == kEnd;
  into_ = length_bytes_;
  stage_ = Stage::kLength;
  return true;
}

bool Link::read_length() {
  const size_t got = read(into_.data(), into_.size());
  into_ = into_.subspan(got);
  if (!into_.empty()) return got > 0;
  const auto length = read_little_endian<uint64_t>({length_bytes_, sizeof length_bytes_});
  if (ending_) {
    if (length > kLongestLastWord) throw_lost(peer_, "it sends what is no frame");
    last_word_.resize(length);
    into_ = last_word_;
  } else if (any_ != nullptr) {
    if (length > kLongestData) throw_lost(peer_, "it sends what is no frame");
    any_->clear();
    to_come_ = length;
    make_room();
  } else {
    if (length != exactly_.size())
      throw_lost(peer_, fmt::format("it sends {} bytes, and {} were expected", length, exactly_.size()));
    into_ = exactly_;
  }
  stage_ = Stage::kPayload;
  if (into_.empty()) finish_frame();
  return true;
}

void Link::make_room() {
  const size_t begin = any_->size(), part = std::min(to_come_, std::max(begin, kFirstPart));
  any_->resize(begin + part);
  into_ = std::span(*any_).subspan(begin);
  to_come_ -= part;
}

bool Link::read_payload() {
  const size_t got = read(into_.data(), into_.size());
  into_ = into_.subspan(got);
  if (into_.empty() && to_come_ > 0) make_room();
  if (into_.empty()) finish_frame();
  return got > 0;
}

void Link::finish_frame() {
  stage_ = Stage::kKind;
  if (!ending_) {
    expecting_ = false;
    return;
  }
  if (last_word_.size() < 4) throw_lost(peer_, "it sends what is no frame");
  const auto code = read_little_endian<uint32_t>(last_word_);
  over_ = code == 0;
  if (over_) return;
  throw_failure_of(peer_, {static_cast<int>(code), last_word_.substr(4)});
}

bool Link::over() const {
  if (over_ && (sending() || expecting())) throw_lost(peer_, "it has ended the training already");
  return over_;
}

void Link::receive_some() {
  while (!over_) {
    if (stage_ == Stage::kKind) {
      if (!read_kind()) return;
    } else if (holds_unexpected()) {
      return;
    } else {
      const bool came = stage_ == Stage::kLength ? read_length() : read_payload();
      if (!came) return;
      if (stage_ == Stage::kKind) return;  // the frame is whole: the next one may be for somebody else
    }
  }
}

void Link::beat() {
  const std::unique_lock lock(sending_mutex_, std::try_to_lock);
  if (!lock || in_frame_) return;
  ::send(socket_.get(), &kAlive, 1, MSG_NOSIGNAL | MSG_DONTWAIT);  // lost: the next call that waits says so
}

void Link::end(int code, std::string_view message) noexcept {
  const std::lock_guard lock(sending_mutex_);
  if (!in_frame_) {
    const std::string_view told = cut_to(message, kLongestLastWord / 2);
    std::string frame(1, kEnd);
    append_little_endian(frame, static_cast<uint64_t>(told.size() + 4));
    append_little_endian(frame, static_cast<uint32_t>(code));
    frame += told;
    ::send(socket_.get(), frame.data(), frame.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  in_frame_ = true;  // nothing may follow
  ::shutdown(socket_.get(), SHUT_WR);
}

bool Link::drain() noexcept {
  std::array<char, 65536> dropped;
  ssize_t got = 0;
  while ((got = ::recv(socket_.get(), dropped.data(), dropped.size(), MSG_DONTWAIT)) > 0) {
  }
  return got < 0 && would_wait(errno);
}

}  // namespace bernoulli
