#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace bernoulli {

/// Largest file that read_file takes when its caller names no limit of its own, bytes.
inline constexpr int64_t kMaxFileBytes = int64_t{16} << 30;

/// The whole content of a regular file.
/// @throws IoError if it cannot be opened or read, is not a regular file, or is larger than max_bytes.
std::string read_file(const std::filesystem::path& path, int64_t max_bytes = kMaxFileBytes);

/// Replaces `path` by `content` so that a reader, or a crash, sees the old file or the new one and never a
/// mix: temporary file in the same folder, checked writes, fsync, rename, fsync of the folder. On failure the
/// temporary file is removed and the old file is untouched.
/// @throws IoError with the path, the bytes needed and the system's reason.
void write_file_atomic(const std::filesystem::path& path, std::string_view content);

/// Removes what a killed write_file_atomic left in `folder`. Returns the number of files removed.
int remove_temporary_files(const std::filesystem::path& folder);

/// Appends whole lines to a file; each append is one checked write of complete lines.
class LineFile {
 public:
  /// Opens for appending, creating the file. @throws IoError
  explicit LineFile(std::filesystem::path path);
  ~LineFile();
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;

  /// Writes `line` and a newline. @throws IoError
  void append(std::string_view line);

 private:
  std::filesystem::path path_;
  int fd_ = -1;
};

/// Keeps `folder` for this process until destroyed; survives neither the process nor a SIGKILL, so no lock is
/// ever stale.
class FolderLock {
 public:
  /// @throws RunFolderError if another process holds it, IoError if the lock file cannot be made.
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int fd_ = -1;
};

/// Creates the folder and its parents. @throws IoError with the path and the reason.
void create_folder(const std::filesystem::path& folder);

}  // namespace bernoulli
