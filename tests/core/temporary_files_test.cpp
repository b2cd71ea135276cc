#include "core/temporary_files.h"

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/file.h"
#include "support/temporary_folder.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;
using testing::TemporaryFolder;

std::set<std::string> names_in(const fs::path& folder) {
  std::set<std::string> names;
  for (const fs::path& path : list_folder(folder)) names.insert(path.filename());
  return names;
}

TEST(TemporaryFiles, HaveANameThatIsKnownAndNeverTheSame) {
  std::set<fs::path> names;
  for (int i = 0; i < 1000; ++i) {
    const fs::path name = temporary_beside("runs/a/model.pt");
    EXPECT_EQ(name.parent_path(), "runs/a");
    EXPECT_TRUE(is_temporary(name)) << name;
    names.insert(name);
  }
  EXPECT_EQ(names.size(), 1000u);
}

TEST(TemporaryFiles, AreNothingThatAUserNames) {
  for (const char* name : {"model.pt", "notes.tmp-old", "a.tmp-4711", "backup.tmp-20241130120059",
                           "a.tmp-0123456789abcdeg", "a.tmp-0123456789ABCDEF", "a.tmp-0123456789abcdef.txt",
                           ".tmp-0123456789abcdef", "a.tmp-0123456789abcdef0", "tmp-0123456789abcdef"})
    EXPECT_FALSE(is_temporary(name)) << name;
}

TEST(TemporaryFiles, OfAKilledWriterAreRemovedAndNothingElse) {
  const TemporaryFolder folder;
  const std::string end = ".tmp-0123456789abcdef";
  folder.write("model.pt", "whole");
  folder.write("model.pt" + end, "half");
  folder.write("triton" + end + "/reviews/1/model.pt", "half");
  folder.write("notes.tmp-old/precious", "mine");
  fs::create_symlink(folder / "notes.tmp-old", folder / ("link" + end));
  EXPECT_EQ(remove_temporary_files(folder.path()), 2);
  EXPECT_EQ(names_in(folder.path()), (std::set<std::string>{"model.pt", "notes.tmp-old", "link" + end}));
  EXPECT_EQ(folder.read("notes.tmp-old/precious"), "mine");
  EXPECT_EQ(remove_temporary_files(folder / "none"), 0);
}

/// As those of two containers with the same process number on one disk.
TEST(TemporaryFiles, OfTwoWritersOfOneFileAreTwo) {
  const TemporaryFolder folder;
  AtomicFile first(folder / "a"), second(folder / "a");
  const AtomicFolder third(folder / "b"), fourth(folder / "b");
  EXPECT_EQ(names_in(folder.path()).size(), 4u);
  for (const std::string& name : names_in(folder.path())) EXPECT_TRUE(is_temporary(name)) << name;
  first.append("first");
  second.append("second");
  first.commit();
  EXPECT_EQ(folder.read("a"), "first");
  second.commit();
  EXPECT_EQ(folder.read("a"), "second");
}

}  // namespace
}  // namespace bernoulli
