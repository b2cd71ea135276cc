// A library to preload: makes the system calls that a program does on files below one folder fail, stop
// half-way, wait, or end the process, and writes down what they did. Told by the environment:
//   FAULT_PREFIX     absolute path; only files at or below it count
//   FAULT_AT         number of the call that is hit, from 1; 0 or absent: none
//   FAULT_ACTION     an errno number, "kill" (SIGKILL before the call), "torn" (the same after half a write),
//                    or "signal:N"
//   FAULT_FOREVER    1: every later call is hit too (but unlink where the disk is only full)
//   FAULT_SHORT      seed: a write takes 1 to 7 bytes, and some are interrupted
//   FAULT_SLOW_MS    an fsync takes that much longer
//   FAULT_REPORT     file: a line for each call that was hit
//   FAULT_LOG        file: a line for every call, bytes written in hexadecimal (crash_replay.py reads it)
//   FAULT_NEW_AT     number of the operator new, called by the program's own code, that fails (memory.cpp)
//   FAULT_THREAD_AT  number of the first pthread_create that fails with EAGAIN (memory.cpp)
//   FAULT_SERVER     "IN,OUT": the program serves runs of itself (server.cpp)

#include "shim.h"

#include <cerrno>
#include <climits>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <mutex>
#include <signal.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

bool g_ready = false;  // until then nothing is counted

Settings& settings() {
  static Settings& made = *new Settings;  // never destroyed: files are closed after main too
  return made;
}

namespace {

std::mutex g_mutex;
long g_calls = 0;
constexpr int kMaxFds = 4096;
std::string* g_paths[kMaxFds];  // by descriptor; null: not ours to watch

std::string text_of(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}
long number_of(const char* name) { return std::atol(text_of(name).c_str()); }

int open_output(const char* name) {
  const std::string path = text_of(name);
  if (path.empty()) return -1;
  const int fd = NEXT(open)(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  return ::fcntl(fd, F_DUPFD_CLOEXEC, 900);  // away from the numbers that the program gets
}

}  // namespace

void put(int fd, const std::string& line) {
  if (fd >= 0) [[maybe_unused]]
    const ssize_t written = NEXT(write)(fd, line.data(), line.size());
}

void read_fault_settings() {
  settings().prefix = text_of("FAULT_PREFIX");
  settings().action = text_of("FAULT_ACTION");
  settings().at = number_of("FAULT_AT");
  settings().new_at = number_of("FAULT_NEW_AT");
  settings().thread_at = number_of("FAULT_THREAD_AT");
  settings().slow_ms = number_of("FAULT_SLOW_MS");
  settings().forever = number_of("FAULT_FOREVER") != 0;
  settings().shortens = !text_of("FAULT_SHORT").empty();
  settings().random = static_cast<uint32_t>(number_of("FAULT_SHORT")) | 1;
  settings().report = open_output("FAULT_REPORT");
  settings().log = open_output("FAULT_LOG");
  g_ready = !settings().prefix.empty() || settings().new_at != 0 || settings().thread_at != 0;
}

namespace {

/// The absolute path below the prefix, or empty.
std::string watched(const char* path) {
  if (!g_ready || settings().prefix.empty() || path == nullptr) return "";
  std::string absolute = path;
  if (path[0] != '/') {
    char here[PATH_MAX];
    if (::getcwd(here, sizeof here) == nullptr) return "";
    while (path[0] == '.' && path[1] == '/') path += 2;
    absolute = std::string(path) == "." ? here : std::string(here) + "/" + path;
  }
  const bool below =
      absolute.compare(0, settings().prefix.size(), settings().prefix) == 0 &&
      (absolute.size() == settings().prefix.size() || absolute[settings().prefix.size()] == '/');
  return below ? absolute : "";
}

std::string watched(int fd) {
  const std::lock_guard lock(g_mutex);
  return g_ready && fd >= 0 && fd < kMaxFds && g_paths[fd] != nullptr ? *g_paths[fd] : "";
}

void remember(int fd, const std::string& path) {
  const std::lock_guard lock(g_mutex);
  if (fd < 0 || fd >= kMaxFds) return;
  delete g_paths[fd];
  g_paths[fd] = path.empty() ? nullptr : new std::string(path);
}

std::string hexadecimal(const void* data, size_t size) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < size; ++i) {
    const auto byte = static_cast<const unsigned char*>(data)[i];
    text += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return text;
}

void log_call(const std::string& op, const std::string& path, const std::string& more = "") {
  if (settings().log >= 0) put(settings().log, op + "\t" + path + "\t" + more + "\n");
}

bool only_full(int error) { return error == ENOSPC || error == EDQUOT; }

/// Counts a call; true, with errno set, where it is to fail. Does not come back where the process is to end.
bool hit(const char* op, const std::string& path, int fd = -1, const void* data = nullptr, size_t size = 0) {
  if (path.empty()) return false;
  const std::lock_guard lock(g_mutex);
  ++g_calls;
  if (settings().at == 0 || (settings().forever ? g_calls < settings().at : g_calls != settings().at))
    return false;
  const int error = std::atoi(settings().action.c_str());
  if (settings().forever && std::strcmp(op, "unlink") == 0 && only_full(error)) return false;
  put(settings().report, std::to_string(g_calls) + "\t" + op + "\t" + path + "\n");
  if (settings().action == "torn" && data != nullptr) [[maybe_unused]]
    const ssize_t half = NEXT(write)(fd, data, size / 2);
  if (settings().action == "torn" || settings().action == "kill") ::kill(::getpid(), SIGKILL);
  if (settings().action.rfind("signal:", 0) == 0) {
    ::raise(std::atoi(settings().action.c_str() + 7));
    return false;
  }
  errno = error;
  return true;
}

/// 0: the whole of it; else how many bytes a write may take, or -1 for an interruption.
long shortened(size_t size) {
  if (!settings().shortens || size == 0) return 0;
  const std::lock_guard lock(g_mutex);
  settings().random = settings().random * 1664525u + 1013904223u;
  if (settings().random >> 16 & 1 && (settings().random >> 20) % 5 == 0) return -1;
  return 1 + static_cast<long>(settings().random >> 24) % 7;
}

int open_watched(const char* path, int flags, mode_t mode) {
  const std::string place = watched(path);
  if (hit("open", place)) return -1;
  struct stat before {};
  const bool existed = !place.empty() && ::stat(path, &before) == 0;
  const int fd = NEXT(open)(path, flags, mode);
  if (fd >= 0) remember(fd, place);
  if (fd >= 0 && !place.empty() && (flags & O_CREAT) != 0 && !existed) log_call("create", place);
  return fd;
}

int sync_watched(int fd, const char* name) {
  const std::string place = watched(fd);
  if (hit("fsync", place)) return -1;
  if (!place.empty() && settings().slow_ms > 0) {
    const timespec wait{settings().slow_ms / 1000, settings().slow_ms % 1000 * 1000000};
    ::nanosleep(&wait, nullptr);  // a signal cuts it short
  }
  const int result = next<int (*)(int)>(name)(fd);
  if (result == 0 && !place.empty()) log_call("fsync", place);
  return result;
}

ssize_t write_watched(int fd, const void* data, size_t size) {
  const std::string place = watched(fd);
  if (hit("write", place, fd, data, size)) return -1;
  const long limit = place.empty() ? 0 : shortened(size);
  if (limit < 0) {
    errno = EINTR;
    return -1;
  }
  const size_t taken = limit == 0 || static_cast<size_t>(limit) > size ? size : static_cast<size_t>(limit);
  const ssize_t written = NEXT(write)(fd, data, taken);
  if (written > 0 && !place.empty() && settings().log >= 0)
    log_call("write", place, hexadecimal(data, static_cast<size_t>(written)));
  return written;
}

int unlink_watched(const char* path, const char* name) {
  const std::string place = watched(path);
  if (hit("unlink", place)) return -1;
  const int result = next<int (*)(const char*)>(name)(path);
  if (result == 0 && !place.empty()) log_call("unlink", place);
  return result;
}

}  // namespace

// The names that the program's calls find before those of the C library.
extern "C" {

int open(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return open_watched(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return open_watched(path, flags, mode);
}

int openat(int folder, const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  if (folder == AT_FDCWD || path[0] == '/') return open_watched(path, flags, mode);
  return NEXT(openat)(folder, path, flags, mode);
}

ssize_t read(int fd, void* data, size_t size) {
  if (hit("read", watched(fd))) return -1;
  return NEXT(read)(fd, data, size);
}

ssize_t write(int fd, const void* data, size_t size) { return write_watched(fd, data, size); }

ssize_t pwrite(int fd, const void* data, size_t size, off_t at) {
  if (hit("write", watched(fd))) return -1;
  return NEXT(pwrite)(fd, data, size, at);
}

ssize_t writev(int fd, const iovec* parts, int count) {
  if (hit("write", watched(fd))) return -1;
  return NEXT(writev)(fd, parts, count);
}

int fsync(int fd) { return sync_watched(fd, "fsync"); }
int fdatasync(int fd) { return sync_watched(fd, "fdatasync"); }

int close(int fd) {
  const std::string place = watched(fd);
  remember(fd, "");
  const bool fails = hit("close", place);
  const int error = errno;
  const int result = NEXT(close)(fd);  // Linux frees the descriptor even where close fails
  if (fails) errno = error;
  return fails ? -1 : result;
}

int rename(const char* from, const char* to) {
  const std::string place = watched(to);
  if (hit("rename", place)) return -1;
  const int result = NEXT(rename)(from, to);
  if (result == 0 && !place.empty()) log_call("rename", watched(from), place);
  return result;
}

int ftruncate(int fd, off_t size) {
  const std::string place = watched(fd);
  if (hit("ftruncate", place)) return -1;
  const int result = NEXT(ftruncate)(fd, size);
  if (result == 0 && !place.empty()) log_call("truncate", place, std::to_string(size));
  return result;
}

int mkdir(const char* path, mode_t mode) {
  const std::string place = watched(path);
  if (hit("mkdir", place)) return -1;
  const int result = NEXT(mkdir)(path, mode);
  if (result == 0 && !place.empty()) log_call("mkdir", place);
  return result;
}

int unlink(const char* path) { return unlink_watched(path, "unlink"); }
int remove(const char* path) { return unlink_watched(path, "remove"); }

}  // extern "C"
