#pragma once

#include <string>
#include <string_view>

#include "core/file_descriptor.h"

namespace bernoulli {

/// The bytes of a file or of standard input as they come, in one buffer that holds what is not yet dropped.
class InputStream {
 public:
  /// @param file  "-": standard input. @throws DataError where there is no such file; IoError
  explicit InputStream(const std::string& file);

  /// For messages.
  const std::string& name() const { return name_; }
  /// What has arrived, without a byte order mark at the start; until the next fill().
  std::string_view bytes() const { return std::string_view(buffer_).substr(begin_); }
  /// The first `size` of bytes() are no longer needed.
  void drop(size_t size) { begin_ += size; }
  /// Waits until more has arrived, or nothing comes any more: ended().
  /// @throws IoError; DataError for what gzip made; StopRequested
  void fill();
  bool ended() const { return ended_; }
  /// True where fill() would not wait for whoever writes the input.
  bool ready() const;

 private:
  void read_some();
  void check_start();

  std::string name_;
  FileDescriptor fd_;
  std::string buffer_;
  size_t begin_ = 0;
  bool at_start_ = true;
  bool ended_ = false;
};

}  // namespace bernoulli
