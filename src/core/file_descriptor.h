#pragma once

#include <unistd.h>
#include <utility>

namespace bernoulli {

/// Owns an open file, pipe or folder of the system, or nothing, and closes it when it is given up.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  /// @param fd  as open() gives it: negative is nothing.
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    reset(other.release());
    return *this;
  }
  ~FileDescriptor() { reset(); }

  /// Negative where there is nothing.
  int get() const { return fd_; }
  /// From here on it is the caller's.
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

}  // namespace bernoulli
