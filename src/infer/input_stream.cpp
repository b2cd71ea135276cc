#include "infer/input_stream.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <initializer_list>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "core/error.h"
#include "core/stop.h"
#include "core/utf8.h"

namespace bernoulli {
namespace {

constexpr size_t kChunk = size_t{1} << 18;

}  // namespace

InputStream::InputStream(const std::string& file) : name_(file == "-" ? "standard input" : file) {
  // A pipe without a writer makes open() wait, and a signal ends the waiting.
  const auto open_file = [&] {
    return file == "-" ? ::dup(STDIN_FILENO) : ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  };
  while (fd_.reset(open_file()), fd_.get() < 0 && errno == EINTR) throw_if_stopped();
  if (fd_.get() < 0 && (errno == ENOENT || errno == ENOTDIR))
    throw DataError(fmt::format("'{}' does not exist (expected a file of texts, or '-')", name_));
  if (fd_.get() < 0) throw DataError(fmt::format("cannot open '{}': {}", name_, std::strerror(errno)));
  struct stat status {};
  if (::fstat(fd_.get(), &status) == 0 && S_ISDIR(status.st_mode))
    throw DataError(fmt::format("'{}' is a folder (expected a file of texts, or '-')", name_));
}

bool InputStream::ready() const {
  if (!packed_.empty() || all_came_) return true;
  pollfd wait{fd_.get(), POLLIN, 0};
  return ::poll(&wait, 1, 0) > 0;
}

void InputStream::fill() {
  buffer_.erase(0, begin_);
  begin_ = 0;
  read_some();
  if (at_start_) check_start();
}

void InputStream::read_some() {
  if (gunzip_)
    unpack_some();
  else
    ended_ = !receive(buffer_);
}

void InputStream::unpack_some() {
  const size_t old_size = buffer_.size();
  buffer_.resize(old_size + kChunk);
  size_t size = 0;
  while (size == 0 && !ended_) {
    if (packed_.empty() && !all_came_) all_came_ = !receive(packed_);
    std::string_view rest = packed_;
    size = gunzip_->unpack(rest, buffer_.data() + old_size, kChunk);
    packed_.erase(0, packed_.size() - rest.size());
    ended_ = size == 0 && all_came_;
  }
  buffer_.resize(old_size + size);
  if (ended_) gunzip_->check_end();
}

bool InputStream::receive(std::string& to) {
  const size_t old_size = to.size();
  to.resize(old_size + kChunk);
  ssize_t got;
  while ((got = ::read(fd_.get(), to.data() + old_size, kChunk)) < 0 && errno == EINTR) {
    if (stop_signal() != 0) break;
  }
  const int error = errno;
  to.resize(old_size + static_cast<size_t>(std::max<ssize_t>(got, 0)));
  throw_if_stopped();
  if (got < 0) throw IoError(fmt::format("cannot read '{}': {}", name_, std::strerror(error)));
  return got > 0;
}

void InputStream::check_start() {
  const auto may_become = [&](std::string_view mark) {
    return buffer_.size() < mark.size() && mark.starts_with(buffer_);
  };
  const auto may_be_marked = [&] {
    return std::ranges::any_of(
        std::initializer_list<std::string_view>{kGzipMagic, kByteOrderMark, "\xff\xfe", "\xfe\xff"},
        may_become);
  };
  while (!ended_ && may_be_marked()) read_some();
  if (!gunzip_ && buffer_.starts_with(kGzipMagic)) {
    gunzip_ = std::make_unique<Gunzip>(name_);
    packed_.swap(buffer_);
    all_came_ = std::exchange(ended_, false);
    return check_start();
  }
  at_start_ = false;
  refuse_utf16(buffer_, name_);
  if (buffer_.starts_with(kByteOrderMark)) begin_ = kByteOrderMark.size();
}

}  // namespace bernoulli
