#include "core/file.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <new>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "core/error.h"
#include "core/memory_advice.h"
#include "core/stop.h"
#include "core/temporary_files.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;

/// A stop that is asked for while a large file is read waits for no more than this.
constexpr size_t kReadAtOnce = size_t{16} << 20;

std::string reason(int error_number) { return std::generic_category().message(error_number); }

FileDescriptor open_retrying(const fs::path& path, int flags, mode_t mode = 0) {
  int fd;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  return FileDescriptor(fd);
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
  const FileDescriptor fd = open_retrying(folder, O_RDONLY | O_DIRECTORY);
  if (fd.get() < 0) return errno;
  const int error = sync(fd.get());
  return error == EINVAL ? 0 : error;
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

void make_names_durable(const fs::path& of) {
  if (const int error = sync_folder(folder_of(of)))
    throw IoError(fmt::format("cannot make '{}' durable: {}", of.string(), reason(error)));
}

/// Makes a file or folder beside `path` under a temporary name that nobody has. @param make  answers with 0
/// or an errno. @return that of the last try; @param made  the name, empty where nothing was made
template <class Make>
int make_temporary(const fs::path& path, fs::path& made, const Make& make) {
  constexpr int kTries = 100;
  int error = EEXIST;
  for (int i = 0; i < kTries && error == EEXIST; ++i) {
    made = temporary_beside(path);
    error = make(made);
  }
  if (error != 0) made.clear();
  return error;
}

/// "runs/a/" is "runs/a".
fs::path without_final_slash(const fs::path& folder) {
  return folder.has_filename() ? folder : folder.parent_path();
}

/// A regular file that is read from its first byte on.
class RegularFile {
 public:
  /// @throws IoError if it cannot be opened, is no regular file, or is larger than max_bytes
  RegularFile(const fs::path& path, int64_t max_bytes)
      : path_(path),
        max_bytes_(max_bytes),
        fd_(open_retrying(path, O_RDONLY | O_NONBLOCK)) {  // O_NONBLOCK: a FIFO must not hang us
    if (fd_.get() < 0) throw IoError(fmt::format("cannot open '{}': {}", path.string(), reason(errno)));
    struct stat status {};
    if (::fstat(fd_.get(), &status) != 0) refuse(reason(errno));
    if (!S_ISREG(status.st_mode))
      refuse(fmt::format("it is {}, not a file", S_ISDIR(status.st_mode) ? "a folder" : "a device or pipe"));
    if (status.st_size > max_bytes)
      refuse(fmt::format("{} bytes, at most {} are accepted", status.st_size, max_bytes));
    size_ = static_cast<size_t>(status.st_size);
  }

  /// When it was opened.
  size_t size() const { return size_; }

  /// Reads on until `room` is full or the file ends. @return the bytes read. @throws IoError, StopRequested
  size_t read(char* to, size_t room) const {
    size_t filled = 0;
    while (filled < room) {
      throw_if_stopped();
      const ssize_t got = ::read(fd_.get(), to + filled, std::min(room - filled, kReadAtOnce));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) refuse(reason(errno));
      if (got == 0) break;
      filled += static_cast<size_t>(got);
    }
    return filled;
  }

  void refuse_more_than_allowed(size_t bytes) const {
    if (static_cast<int64_t>(bytes) > max_bytes_)
      refuse(fmt::format("it grew past {} bytes while being read", max_bytes_));
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    throw IoError(fmt::format("cannot read '{}': {}", path_.string(), why));
  }

  const fs::path& path_;
  int64_t max_bytes_;
  FileDescriptor fd_;
  size_t size_ = 0;
};

bool is_file_at(int fd, const fs::path& path) {
  struct stat ours {
  }, there{};
  return ::fstat(fd, &ours) == 0 && ::stat(path.c_str(), &there) == 0 && ours.st_dev == there.st_dev &&
         ours.st_ino == there.st_ino;
}

/// Returns 0, or an errno: EWOULDBLOCK where another process has the lock.
int lock_now(int fd) { return ::flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : errno; }

}  // namespace

bool path_exists(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::status_known(status))
    throw IoError(fmt::format("cannot look for '{}': {}", path.string(), error.message()));
  return fs::exists(status);
}

std::string read_file(const fs::path& path, int64_t max_bytes) {
  const RegularFile file(path, max_bytes);
  std::string content(file.size() + 1, '\0');  // one byte more: notices a file that grows while being read
  size_t filled = file.read(content.data(), content.size());
  while (filled == content.size()) {
    file.refuse_more_than_allowed(filled);
    content.resize(content.size() + kReadAtOnce);
    filled += file.read(content.data() + filled, content.size() - filled);
  }
  file.refuse_more_than_allowed(filled);
  content.resize(filled);
  return content;
}

FileBytes::FileBytes(const fs::path& path) {
  constexpr size_t kAlignment = 64;
  const RegularFile file(path, kMaxFileBytes);
  const size_t room = (file.size() + 1 + kAlignment - 1) / kAlignment * kAlignment;
  bytes_.reset(static_cast<char*>(std::aligned_alloc(kAlignment, room)));
  if (bytes_ == nullptr) throw std::bad_alloc();
  advise_huge_pages(bytes_.get(), room);
  size_ = file.read(bytes_.get(), file.size() + 1);
  if (size_ > file.size()) throw IoError(fmt::format("'{}' grew while it was read", path.string()));
}

void FileBytes::Free::operator()(char* bytes) const { std::free(bytes); }

namespace {

/// What a rename may replace: what links lead to, and only a file. A rename onto a device would take the
/// device away, with root's rights even /dev/null.
fs::path replaceable(fs::path path) {
  std::error_code error;
  if (fs::is_symlink(fs::symlink_status(path, error))) {
    const fs::path named = folder_of(path) / fs::read_symlink(path, error);
    const fs::path resolved = fs::canonical(path, error);
    path = error ? named : resolved;  // a link to nothing: what it names is made
  }
  const fs::file_type type = fs::status(path, error).type();
  if (type == fs::file_type::directory)
    throw IoError(fmt::format("cannot write '{}': it is a folder", path.string()));
  if (type == fs::file_type::block || type == fs::file_type::character || type == fs::file_type::fifo ||
      type == fs::file_type::socket)
    throw IoError(fmt::format(
        "cannot write '{}': it is a device, a pipe or a socket, and only a file can be replaced whole",
        path.string()));
  return path;
}

/// Gives the new file the permissions of the one that it will replace, if there is one. The answer is an
/// errno.
int keep_permissions(const fs::path& replaced, int fd) {
  constexpr mode_t kPermissions = 0777;
  struct stat before {};
  struct stat now {};
  if (::stat(replaced.c_str(), &before) != 0) return errno == ENOENT ? 0 : errno;
  if (::fstat(fd, &now) != 0) return errno;
  const mode_t wanted = before.st_mode & kPermissions;
  // Not every file system has permissions to change.
  return wanted == (now.st_mode & kPermissions) || ::fchmod(fd, wanted) == 0 ? 0 : errno;
}

}  // namespace

AtomicFile::AtomicFile(fs::path path, Options options)
    : path_(replaceable(std::move(path))), options_(options) {
  opening_error_ = make_temporary(path_, temporary_, [&](const fs::path& name) {
    fd_ = open_retrying(name, O_WRONLY | O_CREAT | O_EXCL, options_.owner_only ? 0600 : 0644);
    return fd_.get() < 0 ? errno : 0;
  });
  if (opening_error_ == 0) opening_error_ = keep_permissions(path_, fd_.get());
}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::check(int error) const {
  if (error == 0) return;
  throw IoError(fmt::format("cannot write '{}' ({} bytes): {}", path_.string(),
                            std::max(size_, options_.expected_bytes), reason(error)));
}

void AtomicFile::append(std::string_view bytes) {
  size_ += static_cast<int64_t>(bytes.size());
  check_opened();
  check(write_all(fd_.get(), bytes));
}

void AtomicFile::overwrite(int64_t offset, std::string_view bytes) {
  check(::lseek(fd_.get(), offset, SEEK_SET) < 0 ? errno : 0);
  check(write_all(fd_.get(), bytes));
  check(::lseek(fd_.get(), 0, SEEK_END) < 0 ? errno : 0);
}

void AtomicFile::commit() {
  check_opened();
  if (options_.durable) check(sync(fd_.get()));
  check(::close(fd_.release()) != 0 ? errno : 0);  // some file systems report a failed write only here
  check(::rename(temporary_.c_str(), path_.c_str()) != 0 ? errno : 0);
  temporary_.clear();
  if (options_.durable) make_names_durable(path_);
}

void write_file_atomic(const fs::path& path, std::string_view content) {
  AtomicFile file(path);
  file.append(content);
  file.commit();
}

std::vector<fs::path> list_folder(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code error;
  // Not a range-for, whose ++ throws what is no Error.
  for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error))
    paths.push_back(entry->path());
  if (error && error != std::errc::no_such_file_or_directory)
    throw IoError(fmt::format("cannot list the folder '{}': {}", folder.string(), error.message()));
  std::sort(paths.begin(), paths.end());  // file systems differ in their order
  return paths;
}

LineFile::LineFile(fs::path path)
    : path_(std::move(path)), fd_(open_retrying(path_, O_WRONLY | O_CREAT | O_APPEND, 0644)) {
  if (fd_.get() < 0)
    throw IoError(fmt::format("cannot open '{}' for writing: {}", path_.string(), reason(errno)));
  make_names_durable(path_);
}

void LineFile::sync() {
  if (const int error = bernoulli::sync(fd_.get()))
    throw IoError(fmt::format("cannot make '{}' durable: {}", path_.string(), reason(error)));
}

void LineFile::append(std::string_view line) { append_record(fmt::format("{}\n", line)); }

void LineFile::append_record(std::string_view record) {
  if (const int error = write_all(fd_.get(), record)) {
    throw IoError(
        fmt::format("cannot write '{}' ({} bytes): {}", path_.string(), record.size(), reason(error)));
  }
}

void LineFile::check_is_there() const {
  if (!is_file_at(fd_.get(), path_))
    throw IoError(fmt::format("cannot write '{}': the file that this process began was removed or moved",
                              path_.string()));
}

FolderLock::FolderLock(const fs::path& folder) : folder_(folder), path_(folder / kFileName) {
  const auto refuse_if_taken = [&](int error) {
    if (error != EWOULDBLOCK) return;
    throw RunFolderError(
        fmt::format("folder '{}' is in use by another bernoulli process; wait for it or name another folder",
                    folder.string()));
  };
  do {
    folder_fd_ = open_retrying(folder, O_RDONLY | O_DIRECTORY);
    if (folder_fd_.get() < 0)
      throw IoError(fmt::format("cannot lock the folder '{}': {}", folder.string(), reason(errno)));
    refuse_if_taken(lock_now(folder_fd_.get()));  // whatever else it says: not all file systems lock folders
    fd_ = open_retrying(path_, O_RDWR | O_CREAT, 0644);
    if (fd_.get() < 0)
      throw IoError(fmt::format("cannot make the lock file '{}': {}", path_.string(), reason(errno)));
    const int error = lock_now(fd_.get());
    refuse_if_taken(error);
    if (error != 0) throw IoError(fmt::format("cannot lock '{}': {}", path_.string(), reason(error)));
  } while (!is_there() || !is_file_at(fd_.get(), path_));  // whoever had it removed it meanwhile
}

FolderLock::~FolderLock() {
  if (is_file_at(fd_.get(), path_)) ::unlink(path_.c_str());  // while it is still ours
}

bool FolderLock::is_there() const { return is_file_at(folder_fd_.get(), folder_); }

void FolderLock::check_is_there() const {
  if (is_there()) return;
  std::error_code ignored;
  throw IoError(
      fmt::format("cannot write into '{}': the folder in which this process began was removed or moved{}",
                  folder_.string(), fs::exists(folder_, ignored) ? ", and another stands there" : ""));
}

AtomicFolder::AtomicFolder(const fs::path& folder) : folder_(without_final_slash(folder)) {
  std::error_code error;
  const bool taken = fs::exists(fs::symlink_status(folder_, error)) &&
                     !(fs::is_directory(fs::symlink_status(folder_, error)) && fs::is_empty(folder_, error));
  if (taken)
    throw RunFolderError(fmt::format(
        "'{}' is there already and is never overwritten; remove it or name another folder with --output",
        folder_.string()));
  if (!fs::exists(folder_of(folder_), error)) create_folder(folder_of(folder_));
  const int failed = make_temporary(
      folder_, temporary_, [](const fs::path& name) { return ::mkdir(name.c_str(), 0777) == 0 ? 0 : errno; });
  if (failed != 0)
    throw IoError(fmt::format("cannot create the folder '{}': {}", folder_.string(), reason(failed)));
}

AtomicFolder::~AtomicFolder() {
  std::error_code ignored;
  if (!temporary_.empty()) fs::remove_all(temporary_, ignored);
}

void AtomicFolder::commit() {
  if (::rename(temporary_.c_str(), folder_.c_str()) != 0)
    throw IoError(fmt::format("cannot create the folder '{}': {}", folder_.string(), reason(errno)));
  temporary_.clear();
  make_names_durable(folder_);
}

void create_folder(const fs::path& folder) {
  std::error_code ignored;
  if (fs::is_directory(folder, ignored)) return;
  const fs::path path = without_final_slash(folder);
  const fs::path parent = folder_of(path);
  if (!path.empty() && !fs::exists(parent, ignored)) create_folder(parent);
  int error = ::mkdir(path.c_str(), 0777) == 0 ? sync_folder(parent) : errno;
  if (error == EEXIST && fs::is_directory(path, ignored)) error = 0;  // another process was faster
  if (error != 0)
    throw IoError(fmt::format("cannot create the folder '{}': {}", path.string(), reason(error)));
}

}  // namespace bernoulli
