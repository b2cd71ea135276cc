#include "core/child_process.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "core/error.h"

namespace bernoulli {
namespace {

constexpr size_t kLongestLine = size_t{64} << 10;

/// What becomes of the three standard streams, and of the process group.
class SpawnSettings {
 public:
  explicit SpawnSettings(int errors) {
    ::posix_spawn_file_actions_init(&streams_);
    ::posix_spawnattr_init(&attributes_);
    // First: the pipe may have the number of a stream that was closed when this program started.
    error_ = ::posix_spawn_file_actions_adddup2(&streams_, errors, STDERR_FILENO);
    if (error_ == 0)
      error_ = ::posix_spawn_file_actions_addopen(&streams_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (error_ == 0)
      error_ = ::posix_spawn_file_actions_addopen(&streams_, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (error_ == 0) error_ = ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnSettings() {
    ::posix_spawn_file_actions_destroy(&streams_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  /// Returns 0 or an errno.
  int spawn(pid_t* pid, char* const* words) const {
    return error_ != 0 ? error_ : ::posix_spawn(pid, words[0], &streams_, &attributes_, words, environ);
  }

 private:
  posix_spawn_file_actions_t streams_;
  posix_spawnattr_t attributes_;
  int error_ = 0;
};

}  // namespace

ChildProcess::ChildProcess(std::vector<std::string> words) {
  const auto fail = [&](int error) {
    throw IoError(fmt::format("cannot start '{}': {}", words[0], std::strerror(error)));
  };
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail(errno);
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::signal(SIGCHLD, SIG_DFL);  // which may be inherited as ignored: then nobody learns how a child ended
  const int error = SpawnSettings(ends[1]).spawn(&pid_, arguments.data());
  ::close(ends[1]);
  errors_ = ends[0];
  if (error != 0) {
    ::close(errors_);
    fail(error);
  }
  ::fcntl(errors_, F_SETFL, O_NONBLOCK);
}

ChildProcess::~ChildProcess() {
  ::close(errors_);  // nobody reads it any more, and it must not wait for that
  if (ended()) return;
  send(SIGTERM);
  take_end();
}

void ChildProcess::send(int signal_number) const {
  if (!ended()) ::kill(pid_, signal_number);
}

void ChildProcess::take_end() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  end_ = WIFSIGNALED(status) ? End{128 + WTERMSIG(status), WTERMSIG(status)} : End{WEXITSTATUS(status), 0};
}

std::vector<std::string> ChildProcess::take_lines() {
  std::vector<std::string> lines;
  std::array<char, 16384> buffer;
  while (!ended()) {
    const ssize_t got = ::read(errors_, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) break;
    if (got <= 0) {
      take_end();
      if (!unfinished_line_.empty()) lines.push_back(std::move(unfinished_line_));
      break;
    }
    for (const char byte : std::string_view(buffer.data(), static_cast<size_t>(got))) {
      if (byte != '\n') unfinished_line_ += byte;
      if (byte != '\n' && unfinished_line_.size() < kLongestLine) continue;
      lines.push_back(std::move(unfinished_line_));
      unfinished_line_.clear();
    }
  }
  return lines;
}

void ChildProcess::wait_for_any(const std::vector<const ChildProcess*>& children, int timeout_ms) {
  std::vector<pollfd> streams;
  streams.reserve(children.size());
  for (const ChildProcess* child : children) streams.push_back({child->errors_, POLLIN, 0});
  ::poll(streams.data(), streams.size(), timeout_ms);  // whatever it returns: the caller looks at each
}

}  // namespace bernoulli
