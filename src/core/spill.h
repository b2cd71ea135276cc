#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/file_descriptor.h"

namespace bernoulli {

/// A temporary file could not be made or has no room: its disk is in the way, not the data. The message names
/// the folder and TMPDIR.
class SpillError : public IoError {
 public:
  using ErrorWithCode<ExitCode::kIo>::ErrorWithCode;
};

/// A temporary file without a name: nothing stays behind, however the process ends.
class SpillFile {
 public:
  /// In the first of the folders that takes one. @throws SpillError
  explicit SpillFile(const std::vector<std::filesystem::path>& folders);

  /// Makes it `size` bytes long. The disk gives its blocks now, so that no write into mapped memory can fail
  /// later (SIGBUS). @throws SpillError
  void extend(size_t size);
  /// Bytes offset .. offset + size as memory, which munmap gives back. @param offset a multiple of a page
  char* map(size_t offset, size_t size) const;
  size_t size() const { return size_; }

 private:
  std::filesystem::path folder_;
  FileDescriptor fd_;
  size_t size_ = 0;
};

/// $TMPDIR, else /tmp. It need not be there.
std::filesystem::path temporary_folder();

/// Room for what is needed only for a while: ordinary memory up to a limit that all who share it have
/// together, then temporary files, which the system may write out and forget when memory is short. Threads
/// may share it.
class SpillSpace {
 public:
  static constexpr size_t kMemory = size_t{256} << 20;  ///< bytes

  /// @param folder  where temporary files should lie; where it takes none, or is empty: $TMPDIR, else /tmp.
  /// Nothing is made before it is needed.
  explicit SpillSpace(std::filesystem::path folder = {}, size_t memory = kMemory);

  /// Takes ordinary memory from what is left; false where that is not enough.
  bool claim(size_t bytes);
  void give_back(size_t bytes);
  std::unique_ptr<SpillFile> make_file() const { return std::make_unique<SpillFile>(folders_); }

 private:
  std::vector<std::filesystem::path> folders_;
  std::mutex mutex_;
  size_t left_;
};

/// Bytes one after the other that grow at the end and move while they grow.
class SpillBuffer {
 public:
  explicit SpillBuffer(std::shared_ptr<SpillSpace> space) : space_(std::move(space)) {}
  ~SpillBuffer();
  SpillBuffer(SpillBuffer&& other) noexcept;
  SpillBuffer& operator=(SpillBuffer&&) = delete;

  /// Room for so many bytes more at the end, which the caller fills. @throws SpillError, std::bad_alloc
  char* grow(size_t bytes);
  void append(std::string_view bytes);
  /// Begins at a page.
  char* data() { return data_; }
  const char* data() const { return data_; }
  size_t size() const { return size_; }
  bool in_file() const { return file_ != nullptr; }

 private:
  void reserve(size_t capacity);
  void move_to_file(size_t capacity);

  std::shared_ptr<SpillSpace> space_;
  std::unique_ptr<SpillFile> file_;  ///< null: ordinary memory
  char* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace bernoulli
