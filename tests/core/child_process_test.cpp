#include "core/child_process.h"

#include <array>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace bernoulli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

ChildProcess shell(const std::string& script) { return ChildProcess({"/bin/sh", "-c", script}); }

/// Everything that it says until it ends.
std::vector<std::string> all_lines(ChildProcess& process) {
  std::vector<std::string> lines;
  while (!process.ended()) {
    ChildProcess::wait_for_any({&process}, 1000);
    for (std::string& line : process.take_lines()) lines.push_back(std::move(line));
  }
  return lines;
}

/// Until it has said its first line.
void wait_until_ready(ChildProcess& process) {
  while (process.take_lines().empty()) ChildProcess::wait_for_any({&process}, 1000);
}

TEST(ChildProcess, GivesTheLinesOfStandardErrorAndTheExitCode) {
  ChildProcess process = shell("echo one >&2; echo to nobody; printf 'two\\nthree' >&2; exit 7");
  EXPECT_THAT(all_lines(process), ElementsAre("one", "two", "three"));
  EXPECT_EQ(process.end().exit_code, 7);
  EXPECT_EQ(process.end().signal, 0);
}

TEST(ChildProcess, LearnsTheExitCodeWhereSomebodyHadItIgnored) {
  ::signal(SIGCHLD, SIG_IGN);
  ChildProcess process = shell("exit 7");
  all_lines(process);
  EXPECT_EQ(process.end().exit_code, 7);
}

TEST(ChildProcess, SaysWhichSignalEndedIt) {
  ChildProcess process = shell("echo up >&2; exec sleep 100");
  wait_until_ready(process);
  process.send(SIGKILL);
  all_lines(process);
  EXPECT_EQ(process.end().signal, SIGKILL);
  EXPECT_EQ(process.end().exit_code, 128 + SIGKILL);
}

TEST(ChildProcess, ReadsNothingAndIsInAGroupOfItsOwn) {
  ChildProcess process = shell("cat; cut -d' ' -f5 /proc/$$/stat >&2; echo $$ >&2");
  const std::vector<std::string> lines = all_lines(process);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(std::stoi(lines[0]), std::stoi(lines[1]));
  EXPECT_NE(std::stoi(lines[0]), ::getpgrp());
}

TEST(ChildProcess, CutsALineThatDoesNotEnd) {
  ChildProcess process = shell("head -c 200000 /dev/zero | tr '\\0' x >&2");
  const std::vector<std::string> lines = all_lines(process);
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[0].size(), 65536u);
  EXPECT_EQ(lines[3].size(), 200000u - 3 * 65536u);
}

TEST(ChildProcess, WaitsForWhicheverSpeaksFirst) {
  ChildProcess silent = shell("exec sleep 100"), speaking = shell("echo here >&2; exec sleep 100");
  std::vector<std::string> lines;
  while (lines.empty()) {
    ChildProcess::wait_for_any({&silent, &speaking}, 10'000);
    lines = speaking.take_lines();
  }
  EXPECT_THAT(lines, ElementsAre("here"));
  EXPECT_TRUE(silent.take_lines().empty());
  EXPECT_FALSE(silent.ended());
}

TEST(ChildProcess, IsAskedToStopWhenItIsGivenUp) {
  char name[] = "/tmp/bernoulli-child-XXXXXX";
  const int file = ::mkstemp(name);
  ASSERT_GE(file, 0);
  {
    ChildProcess process = shell(std::string("trap 'echo saved > ") + name +
                                 "; exit 0' TERM; echo up >&2; while :; do sleep .05; done");
    wait_until_ready(process);
  }
  char content[6] = {};
  EXPECT_EQ(::pread(file, content, 5, 0), 5);
  EXPECT_STREQ(content, "saved");
  ::close(file);
  ::unlink(name);
}

TEST(ChildProcess, IsAskedToStopWhenTheProgramThatStartedItIsKilled) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const pid_t sweep = ::fork();
  if (sweep == 0) {
    ChildProcess process = shell("echo up >&2; exec sleep 100");
    wait_until_ready(process);
    ::raise(SIGKILL);
  }
  ::close(ends[1]);  // the other copies are the killed program's and its child's
  EXPECT_EQ(::waitpid(sweep, nullptr, 0), sweep);
  pollfd end_of_all{ends[0], POLLIN, 0};
  EXPECT_EQ(::poll(&end_of_all, 1, 30'000), 1) << "the child still runs";
  ::close(ends[0]);
}

TEST(ChildProcess, NamesAProgramThatCannotBeStarted) {
  try {
    ChildProcess process({"/no/such/program"});
    FAIL() << "started";
  } catch (const IoError& error) {
    EXPECT_THAT(error.what(), HasSubstr("cannot start '/no/such/program': No such file or directory"));
  }
}

}  // namespace
}  // namespace bernoulli
