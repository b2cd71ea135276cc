#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/file_descriptor.h"

namespace bernoulli {

/// Largest file that read_file takes when its caller names no limit of its own, bytes.
inline constexpr int64_t kMaxFileBytes = int64_t{16} << 30;

/// Whether anything is at `path`, behind its links. @throws IoError where the system does not say, as for
/// links in a circle, a name that is too long, or a folder that may not be searched
bool path_exists(const std::filesystem::path& path);

/// The whole content of a regular file.
/// @throws IoError if it cannot be opened or read, is not a regular file, or is larger than max_bytes;
/// StopRequested
std::string read_file(const std::filesystem::path& path, int64_t max_bytes = kMaxFileBytes);

/// The whole content of a regular file, for files of hundreds of megabytes: memory that nothing but the read
/// writes, and that begins at a multiple of 64 bytes.
class FileBytes {
 public:
  /// @throws as read_file; IoError too for a file that grows while it is read
  explicit FileBytes(const std::filesystem::path& path);
  std::string_view view() const { return {bytes_.get(), size_}; }
  /// May be written to: the memory is nobody else's.
  char* data() { return bytes_.get(); }

 private:
  struct Free {
    void operator()(char* bytes) const;
  };
  std::unique_ptr<char, Free> bytes_;
  size_t size_ = 0;
};

/// Replaces a file so that a reader, or a crash, sees the old file or the new one and never a mix: temporary
/// file in the same folder (core/temporary_files.h), checked writes, fsync, rename, fsync of the folder.
/// Until commit() the old file is untouched; without it the temporary file is removed. Of a link, what it
/// leads to is replaced; a device, a pipe or a socket is refused.
class AtomicFile {
 public:
  struct Options {
    bool durable =
        true;  ///< false: no fsync, for files that can be made again and know when they are damaged
    bool owner_only = false;     ///< readable by its owner only
    int64_t expected_bytes = 0;  ///< of the whole file, for messages; 0: what was appended so far
  };
  /// @throws IoError, as all other members, with the path, the bytes asked for and the system's reason.
  explicit AtomicFile(std::filesystem::path path) : AtomicFile(std::move(path), Options{}) {}
  AtomicFile(std::filesystem::path path, Options options);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// For whoever computes for long before the first append(): throws at once where nothing can be written.
  void check_opened() const { check(opening_error_); }
  void append(std::string_view bytes);
  /// Replaces bytes that were appended before.
  void overwrite(int64_t offset, std::string_view bytes);
  void commit();
  int64_t size() const { return size_; }

 private:
  void check(int error) const;

  std::filesystem::path path_;
  std::filesystem::path temporary_;
  Options options_;
  FileDescriptor fd_;
  int opening_error_ = 0;  ///< reported with the bytes that the first write asks for
  int64_t size_ = 0;
};

/// Replaces `path` by `content`, durably (AtomicFile). @throws IoError
void write_file_atomic(const std::filesystem::path& path, std::string_view content);

/// What is in `folder`, by name; nothing where there is no such folder. @throws IoError
std::vector<std::filesystem::path> list_folder(const std::filesystem::path& folder);

/// Appends whole lines, or records, to a file; each append is one checked write.
class LineFile {
 public:
  /// Opens for appending; a file that it creates is durable in its folder. @throws IoError
  explicit LineFile(std::filesystem::path path);

  /// Writes `line` and a newline. @throws IoError
  void append(std::string_view line);
  /// Writes `record` as it is. @throws IoError
  void append_record(std::string_view record);
  /// Makes every line so far durable. @throws IoError
  void sync();
  /// @throws IoError where the file was removed or moved: nobody would find what is appended
  void check_is_there() const;

 private:
  std::filesystem::path path_;
  FileDescriptor fd_;
};

/// Keeps `folder` for this process until destroyed; survives neither the process nor a SIGKILL, so no lock is
/// ever stale. Locked are the folder itself, which nobody unlocks by removing a file, and its file .lock,
/// which is there as long: earlier versions lock that alone, and it is what other machines see of a folder on
/// NFS.
class FolderLock {
 public:
  static constexpr const char* kFileName = ".lock";

  /// @throws RunFolderError if another process holds it, IoError if the lock file cannot be made.
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

  /// Whether the folder at the path is still the one that was locked.
  bool is_there() const;
  /// For whoever writes by paths, which may lead into a folder of others by now. @throws IoError
  void check_is_there() const;

 private:
  std::filesystem::path folder_;
  std::filesystem::path path_;  ///< of the lock file
  FileDescriptor folder_fd_;
  FileDescriptor fd_;
};

/// A folder that appears whole or not at all: its files are written below path(), a temporary folder beside
/// it, which commit() renames. Without commit() the temporary folder is removed.
class AtomicFolder {
 public:
  /// Creates the parents and the temporary folder. @throws RunFolderError where `folder` is there and is no
  /// empty folder; IoError
  explicit AtomicFolder(const std::filesystem::path& folder);
  ~AtomicFolder();
  AtomicFolder(const AtomicFolder&) = delete;
  AtomicFolder& operator=(const AtomicFolder&) = delete;

  const std::filesystem::path& path() const { return temporary_; }
  /// @throws IoError
  void commit();

 private:
  std::filesystem::path folder_;
  std::filesystem::path temporary_;
};

/// Creates the folder and its parents, each durable in the one above it. @throws IoError with the path and
/// the reason.
void create_folder(const std::filesystem::path& folder);

}  // namespace bernoulli
