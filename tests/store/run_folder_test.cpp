#include "store/run_folder.h"

#include <filesystem>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "support/message_of.h"
#include "support/temporary_folder.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

/// Runs of this test are numbered below a folder of their own.
class InTemporaryFolder : public ::testing::Test {
 protected:
  InTemporaryFolder() : before_(fs::current_path()) { fs::current_path(folder_.path()); }
  ~InTemporaryFolder() override { fs::current_path(before_); }
  bernoulli::testing::TemporaryFolder folder_;
  fs::path before_;
};

TEST_F(InTemporaryFolder, NumbersRunsFromOneAndNeverReusesOne) {
  const RunFolder first = RunFolder::create(std::nullopt, "reviews");
  const RunFolder second = RunFolder::create(std::nullopt, "reviews");
  EXPECT_EQ(first.paths().folder, fs::path("runs/reviews-1"));
  EXPECT_EQ(second.paths().folder, fs::path("runs/reviews-2"));
}

TEST_F(InTemporaryFolder, RemovesAFolderIntoWhichNothingWasWritten) {
  { const RunFolder run = RunFolder::create(fs::path("empty"), "x"); }
  EXPECT_FALSE(fs::exists("empty"));
  {
    const RunFolder run = RunFolder::create(fs::path("used"), "x");
    folder_.write("used/config.yaml", "a: 1\n");
  }
  EXPECT_TRUE(fs::exists("used/config.yaml"));
}

TEST_F(InTemporaryFolder, RefusesToOverwriteAnything) {
  folder_.write("mine/notes.txt", "precious");
  try {
    RunFolder::create(fs::path("mine"), "x");
    FAIL() << "overwrote";
  } catch (const RunFolderError& error) {
    EXPECT_THAT(error.what(), HasSubstr("'mine' is not empty"));
    EXPECT_THAT(error.what(), HasSubstr("--resume"));
  }
  EXPECT_EQ(folder_.read("mine/notes.txt"), "precious");
  EXPECT_THAT(testing::message_of<RunFolderError>([] { RunFolder::create(fs::path("mine/notes.txt"), "x"); }),
              HasSubstr("'mine/notes.txt' is a file, and never overwritten"));
}

TEST_F(InTemporaryFolder, RefusesARunThatIsInUse) {
  const RunFolder run = RunFolder::create(fs::path("busy"), "x");
  try {
    RunFolder::open_for_resume("busy");
    FAIL() << "shared";
  } catch (const RunFolderError& error) {
    EXPECT_THAT(error.what(), HasSubstr("in use"));
    EXPECT_EQ(error.exit_code(), ExitCode::kRunFolder);
  }
}

constexpr const char* kTemporary = ".tmp-0123456789abcdef";

TEST_F(InTemporaryFolder, ResumeCleansUpAfterAKilledWriter) {
  const std::string config = std::string("run/config.yaml") + kTemporary;
  const std::string checkpoint = std::string("run/checkpoints/step-000000001.safetensors") + kTemporary;
  folder_.write(config, "half");
  { const RunFolder begun = RunFolder::open_for_resume("run"); }
  EXPECT_FALSE(fs::exists("run")) << "nothing was whole";
  folder_.write("run/config.yaml", "a: 1\n");
  folder_.write("run/notes.tmp-mine/x", "precious");
  folder_.write(config, "half");
  folder_.write(checkpoint, "half");
  const RunFolder run = RunFolder::open_for_resume("run");
  EXPECT_FALSE(fs::exists(config));
  EXPECT_FALSE(fs::exists(checkpoint));
  EXPECT_TRUE(fs::exists("run/config.yaml"));
  EXPECT_TRUE(fs::exists("run/notes.tmp-mine/x"));
}

TEST_F(InTemporaryFolder, RefusesAFolderThatIsNoRunAndLeavesItAsItIs) {
  folder_.write("other/file", "x");
  const fs::path half = folder_.write(std::string("other/notes") + kTemporary, "mine");
  const auto names = [] { return list_folder("other").size(); };
  EXPECT_THROW(RunFolder::open_for_resume("other"), RunFolderError);
  EXPECT_TRUE(fs::exists(half));
  EXPECT_EQ(names(), 2u) << "no lock stays";
  EXPECT_THROW(RunFolder::create(fs::path("other"), "x"), RunFolderError);
  EXPECT_EQ(names(), 2u);
}

TEST_F(InTemporaryFolder, TakesNoLinkToAFolderAway) {
  folder_.write("real/config.yaml", "a: 1\n");
  fs::create_symlink("real", "link");
  { const RunFolder run = RunFolder::open_for_resume("link"); }
  EXPECT_TRUE(fs::exists("link/config.yaml"));
}

TEST_F(InTemporaryFolder, TellsWhereAnotherFolderStandsInItsPlace) {
  auto run = std::make_unique<RunFolder>(RunFolder::create(fs::path("run"), "x"));
  EXPECT_NO_THROW(run->check_is_there());
  fs::rename("run", "moved");
  EXPECT_THROW(run->check_is_there(), IoError);
  fs::create_directory("run");
  EXPECT_THAT(testing::message_of<IoError>([&] { run->check_is_there(); }),
              HasSubstr("cannot write into 'run': "));
  run.reset();
  EXPECT_TRUE(fs::exists("run")) << "it is empty, and another's";
}

TEST_F(InTemporaryFolder, IsWholeWithItsMarkerOnly) {
  const RunFolder run = RunFolder::create(fs::path("run"), "x");
  EXPECT_NO_THROW(run.check_is_there());
  EXPECT_THAT(testing::message_of<IoError>([&] { run.check_is_whole(); }),
              HasSubstr("its config.yaml was removed"));
  folder_.write("run/config.yaml", "a: 1\n");
  EXPECT_NO_THROW(run.check_is_whole());
  const RunFolder sweep = RunFolder::create(fs::path("sweep"), "x", kSweepKind);
  EXPECT_THAT(testing::message_of<IoError>([&] { sweep.check_is_whole(); }),
              HasSubstr("its sweep.json was removed"));
}

TEST_F(InTemporaryFolder, AnOutputInsideOfARunLocksIt) {
  folder_.write("run/config.yaml", "a: 1\n");
  const RunPaths run{"run"};
  EXPECT_EQ(lock_for_output(run, "model.pt"), nullptr);
  EXPECT_EQ(lock_for_output(run, "run2/model.pt"), nullptr);
  EXPECT_NE(lock_for_output(run, "run/exports/model.pt"), nullptr);
  const RunFolder training = RunFolder::open_for_resume("run");
  EXPECT_EQ(lock_for_output(run, "model.pt"), nullptr);
  try {
    lock_for_output(run, fs::current_path() / "run" / "model.pt");
    FAIL() << "shared";
  } catch (const RunFolderError& error) {
    EXPECT_THAT(error.what(), HasSubstr("in use"));
    EXPECT_THAT(error.what(), HasSubstr(", or write elsewhere with --output"));
  }
}

TEST_F(InTemporaryFolder, AnOutputInsideOfARunThatCannotBeLockedGoesElsewhere) {
  folder_.write("run/config.yaml", "a: 1\n");
  fs::create_directory("run/.lock");
  try {
    lock_for_output(RunPaths{"run"}, "run/model.pt");
    FAIL() << "locked";
  } catch (const IoError& error) {
    EXPECT_THAT(error.what(), HasSubstr("cannot make the lock file 'run/.lock'"));
    EXPECT_THAT(error.what(), HasSubstr("; write elsewhere with --output"));
  }
  EXPECT_EQ(lock_for_output(RunPaths{"run"}, "model.pt"), nullptr);
}

TEST_F(InTemporaryFolder, ReadJsonNamesADamagedFile) {
  folder_.write("summary.json", "{\"a\": ");
  try {
    read_json("summary.json");
    FAIL() << "read";
  } catch (const ArtifactError& error) {
    EXPECT_THAT(error.what(), HasSubstr("'summary.json' is damaged"));
  }
}

}  // namespace
}  // namespace bernoulli
