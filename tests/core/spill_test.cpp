// What spills: the same bytes on both sides of the limit, addresses that stay, files without names, and disks
// that are full.
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/spill_vector.h"
#include "core/text_store.h"
#include "support/temporary_folder.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

constexpr size_t kMegabyte = size_t{1} << 20;

/// Text `i`: mostly short, now and then larger than a chunk.
std::string text(size_t i) {
  const size_t size = i % 97 == 3 ? 3 * kMegabyte : i % 1000;
  return std::string(size, static_cast<char>('a' + i % 26));
}

size_t bytes_in(const fs::path& folder) {
  size_t open_files = 0;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
    std::error_code ignored;
    const fs::path file = fs::read_symlink(entry, ignored);
    if (file.string().starts_with(folder.string()) && fs::exists(entry, ignored))
      open_files += fs::file_size(entry, ignored);
  }
  return open_files;
}

TEST(TextStore, KeepsEveryTextOnBothSidesOfTheLimit) {
  for (const size_t memory : {size_t{0}, 2 * kMegabyte, SpillSpace::kMemory}) {
    SCOPED_TRACE(memory);
    const TemporaryFolder folder;
    TextStore store(std::make_shared<SpillSpace>(folder.path(), memory));
    std::vector<std::string_view> kept;
    for (size_t i = 0; i < 500; ++i) kept.push_back(store.keep(text(i)));
    for (size_t i = 0; i < kept.size(); ++i) ASSERT_EQ(kept[i], text(i)) << i;
    EXPECT_EQ(bytes_in(folder.path()) > 0, memory < SpillSpace::kMemory);
    EXPECT_TRUE(fs::is_empty(folder.path()));
  }
}

TEST(TextStore, KeepsTextsOfManyThreads) {
  const TemporaryFolder folder;
  TextStore store(std::make_shared<SpillSpace>(folder.path(), kMegabyte));
  std::vector<std::vector<std::string_view>> kept(4);
  {
    std::vector<std::jthread> threads;
    for (size_t t = 0; t < kept.size(); ++t) {
      threads.emplace_back([&, t] {
        for (size_t i = 0; i < 2000; ++i) kept[t].push_back(store.keep(text(7 * i + t)));
      });
    }
  }
  for (size_t t = 0; t < kept.size(); ++t) {
    for (size_t i = 0; i < kept[t].size(); ++i) ASSERT_EQ(kept[t][i], text(7 * i + t)) << t << " " << i;
  }
}

TEST(TextStore, AlignsRoomAndGivesMemoryBack) {
  const auto space = std::make_shared<SpillSpace>(fs::path(), kMegabyte);
  {
    TextStore store(space);
    store.keep("odd");
    EXPECT_EQ(reinterpret_cast<uintptr_t>(store.room(32, 8)) % 8, 0u);
    EXPECT_FALSE(space->claim(kMegabyte));
  }
  EXPECT_TRUE(space->claim(kMegabyte));
}

TEST(SpillVector, HasTheSameValuesOnBothSidesOfTheLimit) {
  const TemporaryFolder folder;
  for (const size_t memory : {size_t{0}, kMegabyte, SpillSpace::kMemory}) {
    SCOPED_TRACE(memory);
    SpillVector<uint64_t> numbers(std::make_shared<SpillSpace>(folder.path(), memory));
    EXPECT_TRUE(numbers.empty());
    for (uint64_t i = 0; i < 500'000; ++i) numbers.push_back(i * i);
    const SpillVector<uint64_t> moved = std::move(numbers);
    ASSERT_EQ(moved.size(), 500'000u);
    for (uint64_t i = 0; i < 500'000; ++i) ASSERT_EQ(moved[i], i * i);
    EXPECT_EQ(bytes_in(folder.path()) > 0, memory < SpillSpace::kMemory);
  }
  EXPECT_EQ(bytes_in(folder.path()), 0u);
}

TEST(SpillBuffer, MakesItsFolderAndTakesTheNextOneWhereItCannot) {
  const TemporaryFolder folder;
  SpillBuffer in_made(std::make_shared<SpillSpace>(folder / "made", 0));
  EXPECT_FALSE(fs::exists(folder / "made"));
  in_made.append("bytes");
  EXPECT_GT(bytes_in(folder / "made"), 0u);

  ::setenv("TMPDIR", (folder / "made").c_str(), 1);
  SpillBuffer in_next(std::make_shared<SpillSpace>(folder.write("file", "") / "below", 0));
  ::unsetenv("TMPDIR");
  const size_t before = bytes_in(folder / "made");
  in_next.append("bytes");
  EXPECT_TRUE(in_next.in_file());
  EXPECT_GT(bytes_in(folder / "made"), before);
}

/// A limit on the size of a file stands in for a disk that is full.
int exit_status_of(const std::function<void()>& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit limit{kMegabyte, kMegabyte};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    std::signal(SIGXFSZ, SIG_IGN);
    try {
      work();
    } catch (const SpillError& error) {
      const std::string message = error.what();
      ::_exit(message.find("TMPDIR") != std::string::npos &&
                      message.find("bernoulli-test") != std::string::npos
                  ? 7
                  : 8);
    }
    ::_exit(0);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Spill, AFullDiskIsAnErrorThatNamesTheFolderAndNeverASignal) {
  const TemporaryFolder folder;
  const auto space = std::make_shared<SpillSpace>(folder.path(), 0);
  EXPECT_EQ(exit_status_of([&] {
              TextStore store(space);
              store.keep(std::string(2 * kMegabyte, 'x'));
            }),
            7);
  EXPECT_EQ(exit_status_of([&] {
              SpillBuffer buffer(space);
              while (true) buffer.append(std::string(100'000, 'x'));
            }),
            7);
}

}  // namespace
}  // namespace bernoulli
