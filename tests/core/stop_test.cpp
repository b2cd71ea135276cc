#include "core/stop.h"

#include <csignal>
#include <initializer_list>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace bernoulli {
namespace {

constexpr int kAlive = 100;

/// In a process of its own: kAlive plus the signal that asked for a stop, or how it was ended.
int end_after(std::initializer_list<int> signals) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGHUP, SIG_DFL);  // this test may have been started by nohup
    install_stop_signals();
    for (const int signal_number : signals) ::raise(signal_number);
    ::_exit(kAlive + stop_signal());
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TEST(StopSignals, TheFirstAsksAndTheSecondOfSomebodyEndsAtOnce) {
  EXPECT_EQ(end_after({}), kAlive);
  EXPECT_EQ(end_after({SIGINT}), kAlive + SIGINT);
  EXPECT_EQ(end_after({SIGTERM}), kAlive + SIGTERM);
  EXPECT_EQ(end_after({SIGINT, SIGINT}), 130);
  EXPECT_EQ(end_after({SIGINT, SIGTERM}), 143);
}

/// A closed terminal: the shell sends one, the kernel another, and a sweep that dies SIGTERM to its trials.
TEST(StopSignals, AHangupOnlyAsksHoweverOftenItComes) {
  EXPECT_EQ(end_after({SIGHUP, SIGHUP, SIGHUP}), kAlive + SIGHUP);
  EXPECT_EQ(end_after({SIGHUP, SIGHUP, SIGTERM}), kAlive + SIGHUP);
  EXPECT_EQ(end_after({SIGTERM, SIGHUP}), kAlive + SIGTERM);
  EXPECT_EQ(end_after({SIGHUP, SIGTERM, SIGTERM}), 143);
  EXPECT_EQ(end_after({SIGXCPU, SIGXCPU, SIGHUP}), kAlive + SIGTERM);
}

}  // namespace
}  // namespace bernoulli
