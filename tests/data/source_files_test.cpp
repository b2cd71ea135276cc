#include "data/source_files.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/audit.h"
#include "data/data_fixture.h"
#include "data/dataset.h"
#include "data/source_stamp.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;
using testing::DataFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Kind;
using testing::message_of;
using testing::task_of;

class SourceFiles : public ::testing::Test {
 protected:
  std::vector<std::string> files(std::vector<std::string> paths) const {
    std::vector<std::string> found;
    for (const fs::path& file : source_files(folder_.path(), SourceConfig{std::move(paths)}))
      found.push_back(folder_.relative(file.string()));
    return found;
  }
  std::string fault(const std::vector<std::string>& paths) const {
    return folder_.relative(message_of<DataError>([&] { files(paths); }));
  }
  bool absent(std::vector<std::string> paths) const {
    return is_absent(folder_.path(), SourceConfig{std::move(paths)});
  }

  DataFolder folder_;
};

TEST_F(SourceFiles, KeepTheirOrderAndPatternsStandForWhatTheyMatchInByteOrder) {
  for (const char* name :
       {"s/b.csv", "s/a.csv", "s/B.csv", "s/a10.csv", "s/a2.csv", "s/.hidden.csv", "s/c.txt"})
    folder_.write(name, "");
  EXPECT_THAT(files({"z.csv", "s/b.csv", "a.csv"}), ElementsAre("z.csv", "s/b.csv", "a.csv"))
      << "whether a file is there is for its reader to say";
  EXPECT_THAT(files({"s/*.csv"}), ElementsAre("s/B.csv", "s/a.csv", "s/a10.csv", "s/a2.csv", "s/b.csv"));
  EXPECT_THAT(files({"s/b.csv", "s/a?.csv"}), ElementsAre("s/b.csv", "s/a2.csv"));
  EXPECT_THAT(files({"*/[Bb].csv"}), ElementsAre("s/B.csv", "s/b.csv"));
  EXPECT_THAT(files({(folder_.path() / "s" / "c*").string()}), ElementsAre("s/c.txt"));
}

TEST_F(SourceFiles, AFileThatIsCalledLikeAPatternIsThatFile) {
  folder_.write("[1]/a*.csv", "");
  folder_.write("[1]/ab.csv", "");
  EXPECT_THAT(files({"[1]/a*.csv"}), ElementsAre("[1]/a*.csv"));
  EXPECT_THAT(source_files(folder_.path() / "[1]", SourceConfig{{"a?.csv"}}),
              ElementsAre(folder_.path() / "[1]" / "a*.csv", folder_.path() / "[1]" / "ab.csv"))
      << "the characters of the root are no pattern";
}

TEST_F(SourceFiles, APatternWithoutAMatchAndAFileThatIsNamedTwiceAreFaults) {
  folder_.write("a.csv", "");
  fs::create_symlink(folder_.path() / "a.csv", folder_.path() / "link.csv");
  EXPECT_THAT(fault({"a.csv", "shards/*.csv"}),
              HasSubstr("'shards/*.csv' matches no file (relative paths start"));
  EXPECT_EQ(fault({"a.csv", "link.csv"}),
            "'a.csv' and 'link.csv' are the same file (a source names each once)");
  EXPECT_THAT(fault({"link.csv", "[a].csv"}), HasSubstr("'link.csv' and 'a.csv' are the same file"));
}

TEST_F(SourceFiles, AreAbsentWhereNothingThatIsNamedIsThere) {
  folder_.write("a.csv", "");
  EXPECT_TRUE(absent({"b.csv", "b*.csv"}));
  EXPECT_FALSE(absent({"b.csv", "a*.csv"}));
  EXPECT_FALSE(absent({"a.csv", "b.csv"}));
}

class SeveralFiles : public ::testing::Test {
 protected:
  SeveralFiles() {
    folder_.write("b.csv", "text,label\nb one,good\nb two,bad\n");
    folder_.write("a.jsonl", "{\"label\": \"bad\", \"text\": \"a one\"}\n");
    folder_.write("c.csv", "label,text\ngood,c one\n");
    config_.data.root = folder_.path().string();
    config_.data.train.paths = {"b.csv", "a.jsonl"};
    config_.task.positive = "good";
  }
  DataSplits load() const { return load_data(config_.data, config_.task); }
  std::string stamp() const { return stamp_sources(config_, true, 1)->fingerprint; }

  DataFolder folder_;
  RunConfig config_;
};

TEST_F(SeveralFiles, AreReadOneAfterTheOtherEachInItsOwnFormat) {
  config_.data.validation.source = SourceConfig{{"c.csv"}, "auto", false};
  HeldOutConfig test;
  test.source = SourceConfig{{"c.csv", "a*.jsonl"}, "auto", true};
  config_.data.test = test;
  const DataSplits splits = load();
  EXPECT_THAT(splits.train.texts, ElementsAre("b one", "b two", "a one"));
  EXPECT_THAT(splits.train.targets, ElementsAre(1, 0, 0));
  EXPECT_EQ(folder_.relative(splits.train.origins[1]), "b.csv:3");
  EXPECT_EQ(folder_.relative(splits.train.origins[2]), "a.jsonl:1");
  EXPECT_THAT(splits.test->texts, ElementsAre("c one", "a one"));
  ASSERT_EQ(splits.files.size(), 2u) << "a source of one file has no list";
  ASSERT_EQ(splits.files.at("train").size(), 2u);
  EXPECT_EQ(folder_.relative(splits.files.at("train")[0].path), "b.csv");
  EXPECT_EQ(splits.files.at("train")[0].num_examples, 2);
  EXPECT_EQ(splits.files.at("test")[1].num_examples, 1);
}

TEST_F(SeveralFiles, FaultsNameTheFileAndItsLine) {
  folder_.write("b2.csv", "text,label\nx,good\ny\n");
  config_.data.train.paths = {"b.csv", "b2.csv"};
  EXPECT_EQ(folder_.relative(message_of<DataError>([&] { load(); })), "b2.csv:3: 1 fields (expected 2)");
  folder_.write("b2.csv", "text,label\nx,good\ny,soso\n");
  config_.data.train.paths = {"b.csv"};
  config_.data.validation.source = SourceConfig{{"c.csv", "b2.csv"}, "auto", false};
  EXPECT_THAT(folder_.relative(message_of<DataError>([&] { load(); })),
              HasSubstr("b2.csv:3: unknown label 'soso'"));
  config_.data.train.paths = {"b.csv", "none.csv"};
  EXPECT_THAT(folder_.relative(message_of<DataError>([&] { load(); })),
              HasSubstr("'none.csv' does not exist"));
}

TEST_F(SeveralFiles, AreAllInTheFingerprintOfTheSources) {
  const std::string before = stamp();
  config_.data.train.paths = {"a.jsonl", "b.csv"};
  EXPECT_NE(stamp(), before) << "the order counts";
  config_.data.train.paths = {"b.csv", "*.jsonl"};
  EXPECT_EQ(stamp(), before) << "a pattern is what it matches";
  folder_.write("a2.jsonl", "{\"label\": \"bad\", \"text\": \"a two\"}\n");
  EXPECT_NE(stamp(), before);
  config_.data.train.paths = {"b.csv", "a.jsonl"};
  EXPECT_EQ(stamp(), before);
  folder_.write("a.jsonl", "{\"label\": \"bad\", \"text\": \"a One\"}\n");
  EXPECT_NE(stamp(), before);
}

TEST_F(SeveralFiles, ClassFoldersMayBeSeveral) {
  folder_.write("x/good/1.txt", "x good");
  folder_.write("x/bad/1.txt", "x bad");
  folder_.write("y/good/1.txt", "y good");
  config_.data.train.paths = {"y", "x"};
  EXPECT_THAT(load().train.texts, ElementsAre("y good", "x bad", "x good"));
}

}  // namespace
}  // namespace bernoulli
