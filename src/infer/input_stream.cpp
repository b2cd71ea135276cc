#include "infer/input_stream.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <initializer_list>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "core/error.h"
#include "core/stop.h"
#include "core/utf8.h"

namespace bernoulli {
namespace {

constexpr std::string_view kGzipMagic = "\x1f\x8b";

}  // namespace

InputStream::InputStream(const std::string& file) : name_(file == "-" ? "standard input" : file) {
  // A pipe without a writer makes open() wait, and a signal ends the waiting.
  const auto open_file = [&] {
    return file == "-" ? ::dup(STDIN_FILENO) : ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  };
  while (fd_.reset(open_file()), fd_.get() < 0 && errno == EINTR) throw_if_stopped();
  if (fd_.get() < 0 && (errno == ENOENT || errno == ENOTDIR))
    throw DataError(fmt::format("'{}' does not exist (expected a file of texts, or '-')", name_));
  if (fd_.get() < 0) throw IoError(fmt::format("cannot open '{}': {}", name_, std::strerror(errno)));
  struct stat status {};
  if (::fstat(fd_.get(), &status) == 0 && S_ISDIR(status.st_mode))
    throw DataError(fmt::format("'{}' is a folder (expected a file of texts, or '-')", name_));
}

bool InputStream::ready() const {
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
  constexpr size_t kChunk = size_t{1} << 18;
  const size_t old_size = buffer_.size();
  buffer_.resize(old_size + kChunk);
  ssize_t got;
  while ((got = ::read(fd_.get(), buffer_.data() + old_size, kChunk)) < 0 && errno == EINTR) {
    if (stop_signal() != 0) break;
  }
  const int error = errno;
  buffer_.resize(old_size + static_cast<size_t>(std::max<ssize_t>(got, 0)));
  throw_if_stopped();
  if (got < 0) throw IoError(fmt::format("cannot read '{}': {}", name_, std::strerror(error)));
  ended_ = got == 0;
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
  at_start_ = false;
  if (buffer_.starts_with(kGzipMagic))
    throw DataError(fmt::format("'{}' is compressed by gzip: give what 'gunzip -c' makes of it", name_));
  refuse_utf16(buffer_, name_);
  if (buffer_.starts_with(kByteOrderMark)) begin_ = kByteOrderMark.size();
}

}  // namespace bernoulli
