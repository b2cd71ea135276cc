#pragma once

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <signal.h>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace bernoulli::testing {

/// How a child process ended and what it printed.
struct ProgramResult {
  int exit_code = -1;  ///< 128 + signal where a signal ended it
  std::string out;
  std::string err;
};

/// A child process with its standard streams in our hands.
class Program {
 public:
  /// Starts words[0] with the other words as arguments, `input` on standard input, `environment` ("K=V")
  /// added.
  explicit Program(std::vector<std::string> words, const std::string& input = "",
                   const std::vector<std::string>& environment = {}) {
    int in[2], out[2], err[2];
    if (::pipe(in) != 0 || ::pipe(out) != 0 || ::pipe(err) != 0) throw std::runtime_error("pipe");
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("fork");
    if (pid_ == 0) become(words, environment, in, out, err);
    ::close(in[0]);
    ::close(out[1]);
    ::close(err[1]);
    out_ = out[0];
    err_ = err[0];
    if (!input.empty()) [[maybe_unused]]
      const ssize_t written =
          ::write(in[1], input.data(), input.size());  // tests keep it below the size of a pipe
    ::close(in[1]);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    ::close(out_);
    ::close(err_);
  }

  void signal(int number) const { ::kill(pid_, number); }
  pid_t pid() const { return pid_; }

  /// Reads until standard error holds `text`; false when the program ended first.
  bool wait_for_stderr(const std::string& text) {
    while (result_.err.find(text) == std::string::npos) {
      if (!pump()) return result_.err.find(text) != std::string::npos;
    }
    return true;
  }

  /// Reads until `file` is there; false when the program ended first.
  bool wait_for_file(const std::filesystem::path& file) {
    while (!std::filesystem::exists(file)) {
      if (!pump(2)) return std::filesystem::exists(file);
    }
    return true;
  }

  ProgramResult finish() {
    while (pump()) {
    }
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    result_.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return std::move(result_);
  }

 private:
  [[noreturn]] static void become(const std::vector<std::string>& words,
                                  const std::vector<std::string>& environment, int* in, int* out, int* err) {
    ::dup2(in[0], 0);
    ::dup2(out[1], 1);
    ::dup2(err[1], 2);
    for (int fd = 3; fd < 64; ++fd) ::close(fd);
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    for (const std::string& entry : environment) ::putenv(const_cast<char*>(entry.c_str()));
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }

  /// Reads what is there, or comes within the time (-1: however long it takes); false when both streams have
  /// ended.
  bool pump(int timeout_ms = -1) {
    pollfd streams[2] = {{open_[0] ? out_ : -1, POLLIN, 0}, {open_[1] ? err_ : -1, POLLIN, 0}};
    if (!open_[0] && !open_[1]) return false;
    ::poll(streams, 2, timeout_ms);
    std::string* sinks[2] = {&result_.out, &result_.err};
    for (int i = 0; i < 2; ++i) {
      if (streams[i].revents == 0) continue;
      char buffer[65536];
      const ssize_t got = ::read(streams[i].fd, buffer, sizeof buffer);
      if (got > 0) sinks[i]->append(buffer, static_cast<size_t>(got));
      if (got == 0) open_[i] = false;
    }
    return open_[0] || open_[1];
  }

  pid_t pid_ = -1;
  int out_ = -1, err_ = -1;
  bool open_[2] = {true, true};
  ProgramResult result_;
};

inline ProgramResult run_program(std::vector<std::string> words, const std::string& input = "",
                                 const std::vector<std::string>& environment = {}) {
  return Program(std::move(words), input, environment).finish();
}

}  // namespace bernoulli::testing
