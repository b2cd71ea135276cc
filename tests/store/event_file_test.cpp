#include "store/event_file.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/file.h"
#include "support/temporary_folder.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

TEST(EventFile, HasTheBytesOfTensorBoardsOwnWriter) {
  const bernoulli::testing::TemporaryFolder folder;
  {
    EventFile events(folder.path(), 1764000000.25);
    events.add(1764000001.5, 266, {{"train/loss", 0.6873}, {"train/gradient_norm", 1e-7}});
    events.add(1764000002.75, int64_t{1} << 40, {{"validation/f1", 0.0}});
  }
  EXPECT_EQ(folder.read("events.out.tfevents.000001"),
            read_file(fs::path(BERNOULLI_TEST_SOURCE_DIR) / "golden/events.tfevents"));
}

TEST(EventFile, TakesThePlaceOfThatOfAnEarlierProcess) {
  const bernoulli::testing::TemporaryFolder folder;
  folder.write("events.out.tfevents.000009", "of an earlier process");
  folder.write("events.out.tfevents.1764000000.host.7.0", "of another program");
  EventFile(folder.path(), 1).add(2, 3, {{"train/loss", 4}});
  EXPECT_FALSE(fs::exists(folder / "events.out.tfevents.000009"));
  EXPECT_THAT(folder.read("events.out.tfevents.000010"), HasSubstr("train/loss"));
  EXPECT_EQ(folder.read("events.out.tfevents.1764000000.host.7.0"), "of another program");
}

TEST(EventFile, WritesNothingForAnEventWithoutNumbers) {
  const bernoulli::testing::TemporaryFolder folder;
  EventFile events(folder.path(), 1);
  const std::string before = folder.read("events.out.tfevents.000001");
  events.add(2, 3, {});
  EXPECT_EQ(folder.read("events.out.tfevents.000001"), before);
}

TEST(EventFile, NamesAFolderThatIsNotThere) {
  try {
    EventFile events("/no/such/folder", 1);
    FAIL() << "written";
  } catch (const IoError& error) {
    EXPECT_THAT(error.what(), HasSubstr("'/no/such/folder/events.out.tfevents.000001'"));
  }
}

}  // namespace
}  // namespace bernoulli
