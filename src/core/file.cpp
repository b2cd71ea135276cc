#include "core/file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "core/error.h"
#include "core/stop.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTemporaryMark = ".tmp-";
/// A stop that is asked for while a large file is read waits for no more than this.
constexpr size_t kReadAtOnce = size_t{16} << 20;

std::string reason(int error_number) { return std::generic_category().message(error_number); }

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

int open_retrying(const fs::path& path, int flags, mode_t mode = 0) {
  int fd;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

/// Returns 0, or the errno of the write that failed. Retries short writes and interrupted ones.
int write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR || errno == EAGAIN) continue;
      return errno;
    }
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return 0;
}

/// Returns 0 or an errno. An interrupted fsync may be asked for again; one that failed may not, because the
/// system forgets what it could not write.
int sync(int fd) {
  int result;
  do {
    result = ::fsync(fd);
  } while (result != 0 && errno == EINTR);
  return result == 0 ? 0 : errno;
}

/// Makes the names in a folder durable. EINVAL means that the file system has no such operation.
int sync_folder(const fs::path& folder) {
  FileDescriptor fd(open_retrying(folder, O_RDONLY | O_DIRECTORY));
  if (fd.get() < 0) return errno;
  const int error = sync(fd.get());
  return error == EINVAL ? 0 : error;
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

bool is_file_at(int fd, const fs::path& path) {
  struct stat ours {
  }, there{};
  return ::fstat(fd, &ours) == 0 && ::stat(path.c_str(), &there) == 0 && ours.st_dev == there.st_dev &&
         ours.st_ino == there.st_ino;
}

}  // namespace

std::string read_file(const fs::path& path, int64_t max_bytes) {
  FileDescriptor fd(open_retrying(path, O_RDONLY | O_NONBLOCK));  // O_NONBLOCK: a FIFO must not hang us
  if (fd.get() < 0) throw IoError(fmt::format("cannot open '{}': {}", path.string(), reason(errno)));
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0)
    throw IoError(fmt::format("cannot read '{}': {}", path.string(), reason(errno)));
  if (!S_ISREG(status.st_mode)) {
    throw IoError(fmt::format("cannot read '{}': it is {}, not a file", path.string(),
                              S_ISDIR(status.st_mode) ? "a folder" : "a device or pipe"));
  }
  if (status.st_size > max_bytes) {
    throw IoError(fmt::format("cannot read '{}': {} bytes, at most {} are accepted", path.string(),
                              status.st_size, max_bytes));
  }
  std::string content(static_cast<size_t>(status.st_size), '\0');
  size_t filled = 0;
  while (true) {
    if (filled == content.size())
      content.resize(content.size() + 1);  // notices a file that grows while being read
    throw_if_stopped();
    const ssize_t got =
        ::read(fd.get(), content.data() + filled, std::min(content.size() - filled, kReadAtOnce));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw IoError(fmt::format("cannot read '{}': {}", path.string(), reason(errno)));
    if (got == 0) break;
    filled += static_cast<size_t>(got);
    if (static_cast<int64_t>(filled) > max_bytes) {
      throw IoError(
          fmt::format("cannot read '{}': it grew past {} bytes while being read", path.string(), max_bytes));
    }
  }
  content.resize(filled);
  return content;
}

AtomicFile::AtomicFile(fs::path path, Options options) : path_(std::move(path)), options_(options) {
  temporary_ =
      folder_of(path_) / fmt::format("{}{}{}", path_.filename().string(), kTemporaryMark, ::getpid());
  ::unlink(temporary_.c_str());  // a leftover of a killed process that had our number
  fd_ = open_retrying(temporary_, O_WRONLY | O_CREAT | O_EXCL, options_.owner_only ? 0600 : 0644);
  if (fd_ < 0) opening_error_ = errno;
}

AtomicFile::~AtomicFile() {
  if (fd_ >= 0) ::close(fd_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::check(int error) const {
  if (error == 0) return;
  throw IoError(fmt::format("cannot write '{}' ({} bytes): {}", path_.string(), size_, reason(error)));
}

void AtomicFile::append(std::string_view bytes) {
  size_ += static_cast<int64_t>(bytes.size());
  check(opening_error_);
  check(write_all(fd_, bytes));
}

void AtomicFile::overwrite(int64_t offset, std::string_view bytes) {
  check(::lseek(fd_, offset, SEEK_SET) < 0 ? errno : 0);
  check(write_all(fd_, bytes));
  check(::lseek(fd_, 0, SEEK_END) < 0 ? errno : 0);
}

void AtomicFile::commit() {
  check(opening_error_);
  if (options_.durable) check(sync(fd_));
  check(::close(std::exchange(fd_, -1)) != 0 ? errno
                                             : 0);  // some file systems report a failed write only here
  check(::rename(temporary_.c_str(), path_.c_str()) != 0 ? errno : 0);
  temporary_.clear();
  if (!options_.durable) return;
  if (const int error = sync_folder(folder_of(path_)))
    throw IoError(fmt::format("cannot make '{}' durable: {}", path_.string(), reason(error)));
}

void write_file_atomic(const fs::path& path, std::string_view content) {
  AtomicFile file(path);
  file.append(content);
  file.commit();
}

int remove_temporary_files(const fs::path& folder) {
  int removed = 0;
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.path().filename().string().find(kTemporaryMark) == std::string::npos) continue;
    if (fs::remove(entry.path(), ignored)) ++removed;
  }
  return removed;
}

LineFile::LineFile(fs::path path)
    : path_(std::move(path)), fd_(open_retrying(path_, O_WRONLY | O_CREAT | O_APPEND, 0644)) {
  if (fd_ < 0) throw IoError(fmt::format("cannot open '{}' for writing: {}", path_.string(), reason(errno)));
  if (const int error = sync_folder(folder_of(path_))) {
    ::close(fd_);
    throw IoError(fmt::format("cannot make '{}' durable: {}", path_.string(), reason(error)));
  }
}

LineFile::~LineFile() { ::close(fd_); }

void LineFile::sync() {
  if (const int error = bernoulli::sync(fd_))
    throw IoError(fmt::format("cannot make '{}' durable: {}", path_.string(), reason(error)));
}

void LineFile::append(std::string_view line) {
  const std::string record = fmt::format("{}\n", line);
  if (const int error = write_all(fd_, record)) {
    throw IoError(
        fmt::format("cannot write '{}' ({} bytes): {}", path_.string(), record.size(), reason(error)));
  }
}

FolderLock::FolderLock(const fs::path& folder) {
  const fs::path path = folder / ".lock";
  while (true) {
    FileDescriptor fd(open_retrying(path, O_RDWR | O_CREAT, 0644));
    if (fd.get() < 0)
      throw IoError(fmt::format("cannot make the lock file '{}': {}", path.string(), reason(errno)));
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK)
        throw IoError(fmt::format("cannot lock '{}': {}", path.string(), reason(errno)));
      throw RunFolderError(
          fmt::format("run folder '{}' is in use by another bernoulli process; wait for it or name another "
                      "with --run-dir",
                      folder.string()));
    }
    if (!is_file_at(fd.get(), path)) continue;  // whoever had it removed the file meanwhile
    fd_ = fd.release();
    return;
  }
}

FolderLock::~FolderLock() { ::close(fd_); }

void create_folder(const fs::path& folder) {
  std::error_code ignored;
  if (fs::is_directory(folder, ignored)) return;
  const fs::path path = folder.has_filename() ? folder : folder.parent_path();  // "runs/a/" is "runs/a"
  const fs::path parent = folder_of(path);
  if (!path.empty() && !fs::exists(parent, ignored)) create_folder(parent);
  int error = ::mkdir(path.c_str(), 0777) == 0 ? sync_folder(parent) : errno;
  if (error == EEXIST && fs::is_directory(path, ignored)) error = 0;  // another process was faster
  if (error != 0)
    throw IoError(fmt::format("cannot create the folder '{}': {}", path.string(), reason(error)));
}

}  // namespace bernoulli
