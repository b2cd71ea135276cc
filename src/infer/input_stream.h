#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/file_descriptor.h"
#include "data/gunzip.h"

namespace bernoulli {

/// The bytes of a file or of standard input as they come, in one buffer that holds what is not yet dropped.
/// What gzip made is unpacked.
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
  /// @throws IoError; DataError where gzip data are damaged or cut off, or the text is UTF-16; StopRequested
  void fill();
  bool ended() const { return ended_; }
  /// True where fill() would not wait for whoever writes the input.
  bool ready() const;

 private:
  void read_some();
  void unpack_some();
  /// Waits for bytes and puts them behind those of `to`; false where nothing comes any more.
  bool receive(std::string& to);
  void check_start();

  std::string name_;
  FileDescriptor fd_;
  std::string buffer_;
  size_t begin_ = 0;
  std::unique_ptr<Gunzip> gunzip_;  ///< null: what comes is what is read
  std::string packed_;              ///< of what came, not yet unpacked
  bool all_came_ = false;
  bool at_start_ = true;
  bool ended_ = false;
};

}  // namespace bernoulli
