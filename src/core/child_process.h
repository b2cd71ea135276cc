#pragma once

#include <string>
#include <vector>

#include "core/file_descriptor.h"

namespace bernoulli {

/// A program that this one started. It reads nothing, its standard output is dropped, and its standard error
/// is read here. It is in a process group of its own: a Ctrl-C reaches this program alone, which decides what
/// to pass on. It is asked to stop (SIGTERM) when the thread that started it ends, even by SIGKILL.
class ChildProcess {
 public:
  /// How a program ended.
  struct End {
    int exit_code = 0;
    int signal = 0;  ///< that ended it; 0: it ended itself
  };

  /// Starts the program words[0] with the other words; the standard streams of this one are open, as main()
  /// sees to. @param variables  "NAME=value": added to the environment of this one. @throws IoError
  explicit ChildProcess(std::vector<std::string> words, std::vector<std::string> variables = {});
  /// If it still runs: asks it to stop (SIGTERM) and waits for its end.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  void send(int signal_number) const;
  /// The whole lines that came on standard error since the last call, without waiting; at the end also what
  /// has no line end. A line of more than 64 KiB comes in pieces.
  std::vector<std::string> take_lines();
  /// Set by the call of take_lines that saw the end.
  bool ended() const { return pid_ < 0; }
  const End& end() const { return end_; }

  /// Waits until one of them says something or ends, a signal is caught, or the time is over.
  static void wait_for_any(const std::vector<const ChildProcess*>& children, int timeout_ms);

 private:
  void take_end();

  int pid_ = -1;
  FileDescriptor errors_;  ///< read end of the pipe
  std::string unfinished_line_;
  End end_;
};

/// "was killed (signal 9), as the system does where memory runs out"; of other signals what they are called.
std::string end_by_signal(int signal_number);

}  // namespace bernoulli
