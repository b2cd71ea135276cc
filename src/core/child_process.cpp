#include "core/child_process.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string_view>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "core/error.h"

namespace bernoulli {
namespace {

constexpr size_t kLongestLine = size_t{64} << 10;

/// A pipe that a started program does not inherit.
struct Pipe {
  FileDescriptor read_end, write_end;

  /// @throws std::system_error
  Pipe() {
    std::array<int, 2> ends;
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category());
    read_end.reset(ends[0]);
    write_end.reset(ends[1]);
  }
};

/// The child between fork and exec, where only system calls are safe. @return errno of the call that failed
int become(char* const* words, char* const* environment, int errors, pid_t parent) {
  // SIGTERM where the parent is killed outright: a sweep that died leaves no trainings behind.
  if (::prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) return errno;
  if (::getppid() != parent) return ESRCH;  // it was killed before that
  if (::setpgid(0, 0) != 0 || ::dup2(errors, STDERR_FILENO) < 0) return errno;
  for (const auto& [stream, flags] :
       {std::pair(STDIN_FILENO, O_RDONLY), std::pair(STDOUT_FILENO, O_WRONLY)}) {
    const int file = ::open("/dev/null", flags | O_CLOEXEC);
    if (file < 0 || ::dup2(file, stream) < 0) return errno;
  }
  ::execve(words[0], words, environment);
  return errno;
}

/// @return the process. @param errors  becomes its standard error. @throws std::system_error
pid_t start(char* const* words, char* const* environment, int errors) {
  Pipe fault;  // the child's errno; nothing once it is the other program
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) throw std::system_error(errno, std::generic_category());
  if (child == 0) {
    const int error = become(words, environment, errors, parent);
    [[maybe_unused]] const ssize_t told = ::write(fault.write_end.get(), &error, sizeof error);
    ::_exit(127);
  }
  fault.write_end.reset();
  int error = 0;
  ssize_t got = 0;
  while ((got = ::read(fault.read_end.get(), &error, sizeof error)) < 0 && errno == EINTR) {
  }
  if (got == 0) return child;
  if (got < 0) error = errno;
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  throw std::system_error(error, std::generic_category());
}

/// To each of them, and null at the end.
std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

ChildProcess::ChildProcess(std::vector<std::string> words, std::vector<std::string> variables) {
  std::vector<char*> arguments = pointers_to(words), environment = pointers_to(variables);
  // The first of a name counts, so that of `variables`.
  environment.pop_back();
  for (char** variable = environ; *variable != nullptr; ++variable) environment.push_back(*variable);
  environment.push_back(nullptr);
  ::signal(SIGCHLD, SIG_DFL);  // which may be inherited as ignored: then nobody learns how a child ended
  try {
    Pipe errors;
    pid_ = start(arguments.data(), environment.data(), errors.write_end.get());
    errors_ = std::move(errors.read_end);
  } catch (const std::system_error& error) {
    throw IoError(fmt::format("cannot start '{}': {}", words[0], error.code().message()));
  }
  ::fcntl(errors_.get(), F_SETFL, O_NONBLOCK);
}

ChildProcess::~ChildProcess() {
  errors_.reset();  // nobody reads it any more, and it must not wait for that
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
    const ssize_t got = ::read(errors_.get(), buffer.data(), buffer.size());
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
  for (const ChildProcess* child : children) streams.push_back({child->errors_.get(), POLLIN, 0});
  ::poll(streams.data(), streams.size(), timeout_ms);  // whatever it returns: the caller looks at each
}

std::string end_by_signal(int signal_number) {
  if (signal_number == SIGKILL) return "was killed (signal 9), as the system does where memory runs out";
  return fmt::format("was ended by signal {} ({})", signal_number, ::strsignal(signal_number));
}

}  // namespace bernoulli
