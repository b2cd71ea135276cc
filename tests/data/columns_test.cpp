// Several columns of text, and the column that says to which part a row belongs.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/data_fixture.h"
#include "data/dataset.h"

namespace bernoulli {
namespace {

using testing::DataFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Kind;
using testing::message_of;
using testing::texts_of;

ColumnsConfig title_and_body() {
  ColumnsConfig columns;
  columns.text = {"title", "body"};
  return columns;
}

ColumnsConfig with_split(SplitColumnConfig split = {
                             "part", {"train"}, {"validation", "valid", "val", "dev"}, {"test"}}) {
  ColumnsConfig columns;
  columns.split = std::move(split);
  return columns;
}

TEST(TextColumns, AreJoinedInTheirOrderWithoutTheEmptyOnes) {
  const DataFolder folder;
  const std::vector<std::string> expected = {"A film It is \"fine\"", "It is dull", "Alone", ""};
  EXPECT_EQ(texts_of(folder.read(
                "a.csv",
                "body,label,title\n\"It is \"\"fine\"\"\",good,A film\nIt is dull,bad,\n,bad,Alone\n"
                ",bad,\n",
                title_and_body())),
            expected);
  EXPECT_EQ(
      texts_of(folder.read("a.tsv",
                           "title\tbody\tlabel\nA film\t\"It is \"\"fine\"\"\"\tgood\n\tIt is dull\tbad\n"
                           "Alone\t\tbad\n\t\tbad\n",
                           title_and_body())),
      expected);
  EXPECT_EQ(texts_of(folder.read("a.jsonl",
                                 R"({"title": "A film", "body": "It is \"fine\"", "label": "good"})"
                                 "\n"
                                 R"({"body": "It is dull", "title": "", "label": "bad"})"
                                 "\n"
                                 R"({"title": "Alone", "body": "", "label": "bad"})"
                                 "\n"
                                 R"({"title": "", "body": "", "label": "bad"})",
                                 title_and_body())),
            expected);
}

TEST(TextColumns, TakeTheSeparatorThatIsAskedFor) {
  const DataFolder folder;
  ColumnsConfig columns = title_and_body();
  columns.text_separator = " [SEP]\n";
  EXPECT_THAT(texts_of(folder.read("a.csv", "title,body,label\na,b,good\n,b,good\n", columns)),
              ElementsAre("a [SEP]\nb", "b"));
  columns.text_separator = "";
  EXPECT_THAT(texts_of(folder.read("a.csv", "title,body,label\na,b,good\n", columns)), ElementsAre("ab"));
  columns.header = false;
  columns.text = {"3", "1"};
  columns.label = "2";
  EXPECT_THAT(texts_of(folder.read("a.csv", "a,good,b\n", columns)), ElementsAre("ba"));
}

TEST(TextColumns, FaultsNameTheColumnAndTheLine) {
  const DataFolder folder;
  EXPECT_THAT(folder.fault("a.csv", "title,label\nx,good\n", title_and_body()),
              HasSubstr("a.csv:1: no column 'body' for data.columns.text (the header has: title, label)"));
  EXPECT_EQ(folder.fault("a.csv", "title,label,body\nx,good,y\nx,good\n", title_and_body()),
            "a.csv:3: 2 fields (expected 3)");
  EXPECT_EQ(folder.fault("a.jsonl",
                         "{\"title\": \"x\", \"body\": \"y\", \"label\": \"good\"}\n"
                         "{\"title\": \"x\", \"label\": \"good\"}\n"
                         "{\"title\": null, \"body\": \"y\", \"label\": \"good\"}\n",
                         title_and_body()),
            "a.jsonl:2: no 'body' (data.columns.text)\na.jsonl:3: 'title' is not a string");
}

TEST(SplitColumn, IsReadWithItsWords) {
  const DataFolder folder;
  using Parts = std::vector<Part>;
  const Parts expected = {Part::kTrain, Part::kValidation, Part::kValidation, Part::kTest};
  EXPECT_EQ(folder.read("a.csv", "text,label,part\na,x,train\nb,x,valid\nc,x,dev\nd,x,test\n", with_split())
                .parts(),
            expected);
  EXPECT_EQ(
      folder
          .read(
              "a.jsonl",
              "{\"text\": \"a\", \"label\": \"x\", \"s\": 0}\n{\"text\": \"b\", \"label\": \"x\", \"s\": 1}\n"
              "{\"text\": \"c\", \"label\": \"x\", \"s\": \"1\"}\n"
              "{\"text\": \"d\", \"label\": \"x\", \"s\": 2}\n",
              with_split({"s", {"0"}, {"1"}, {"2"}}))
          .parts(),
      expected);
  EXPECT_EQ(folder.read("a.csv", "text,label\na,x\n").parts(), Parts{});
}

TEST(SplitColumn, WordsThatNoPartHasAreFaultsWithTheirLines) {
  const DataFolder folder;
  const std::string expected =
      " (expected train for training, validation or valid or val or dev for validation, test for test; "
      "data.columns.split takes other words)";
  EXPECT_EQ(folder.fault("a.csv", "text,label,part\na,x,train\nb,x,Train\nc,x,\n", with_split()),
            "a.csv:3: 'part' is 'Train'" + expected + "\na.csv:4: 'part' is ''" + expected);
  EXPECT_EQ(folder.fault(
                "a.jsonl",
                "{\"text\": \"a\", \"label\": \"x\", \"part\": [1]}\n{\"text\": \"a\", \"label\": \"x\"}\n",
                with_split()),
            "a.jsonl:1: 'part' is an array" + expected + "\na.jsonl:2: no 'part' (data.columns.split)");
  EXPECT_THAT(folder.fault("a.csv", "text,label\na,x\n", with_split()),
              HasSubstr("a.csv:1: no column 'part' for data.columns.split"));
}

class SplitByColumn : public ::testing::Test {
 protected:
  SplitByColumn() {
    folder_.write(
        "all.csv",
        "text,label,part\na,good,train\nb,bad,test\nc,bad,train\nd,good,dev\ne,good,test\nf,bad,train\n"
        "g,good,train\n");
    data_.root = folder_.path().string();
    data_.train.paths = {"all.csv"};
    data_.columns = with_split();
    task_.positive = "good";
  }
  static HeldOutConfig by_column() {
    HeldOutConfig held_out;
    held_out.split = SplitConfig{"column"};
    return held_out;
  }
  std::string fault() const {
    return folder_.relative(message_of<DataError>([&] { load_data(data_, task_); }));
  }

  DataFolder folder_;
  DataConfig data_;
  TaskConfig task_;
};

TEST_F(SplitByColumn, OneFileServesAllThreeParts) {
  data_.validation = data_.test = by_column();
  const DataSplits splits = load_data(data_, task_);
  EXPECT_THAT(splits.train.texts, ElementsAre("a", "c", "f", "g"));
  EXPECT_THAT(splits.validation->texts, ElementsAre("d"));
  EXPECT_THAT(splits.test->texts, ElementsAre("b", "e"));
  EXPECT_THAT(splits.train.targets, ElementsAre(1, 0, 0, 1));
  EXPECT_THAT(splits.test->targets, ElementsAre(0, 1));
}

TEST_F(SplitByColumn, FractionsAreOfWhatTheColumnLeaves) {
  folder_.write(
      "all.csv",
      "text,label,part\na,good,train\nb,bad,test\nc,bad,train\ne,good,test\nf,bad,train\ng,good,train\n");
  data_.test = by_column();
  data_.validation.split = SplitConfig{"stratified", 0.5, 1};
  const DataSplits splits = load_data(data_, task_);
  EXPECT_EQ(splits.train.size(), 2);
  EXPECT_EQ(splits.validation->size(), 2);
  EXPECT_EQ(splits.validation->targets[0] + splits.validation->targets[1], 1);
  EXPECT_THAT(splits.test->texts, ElementsAre("b", "e"));
}

TEST_F(SplitByColumn, RowsThatNoPartTakesAndPartsWithoutRowsAreFaults) {
  data_.test = by_column();
  EXPECT_EQ(fault(),
            "all.csv:5: data.columns.split makes this a validation row, the first of 1, but no part takes "
            "such rows "
            "(expected data.validation: {from: train, method: column})");
  data_.validation = by_column();
  folder_.write("all.csv", "text,label,part\na,good,train\nd,bad,dev\n");
  EXPECT_EQ(fault(), "no row is a test row by data.columns.split, but data.test is by column");
  folder_.write("all.csv", "text,label,part\na,good,test\nd,bad,dev\n");
  EXPECT_THAT(fault(), HasSubstr("the split leaves no training example"));
}

TEST_F(SplitByColumn, AFileWithoutColumnsAmongTheOthersIsAFault) {
  folder_.write("more.txt", "__label__good h\n");
  data_.train.paths = {"all.csv", "more.txt"};
  data_.validation = data_.test = by_column();
  EXPECT_EQ(fault(), "'more.txt' has no columns, and data.columns.split names one of the training source");
}

TEST_F(SplitByColumn, APartWithAFileOfItsOwnNeedsNoSuchColumn) {
  folder_.write("all.csv", "text,label,part\na,good,train\nb,bad,test\n");
  folder_.write("val.csv", "text,label\nx,good\n");
  data_.test = by_column();
  data_.validation.source = SourceConfig{{"val.csv"}, "auto", false};
  const DataSplits splits = load_data(data_, task_);
  EXPECT_THAT(splits.validation->texts, ElementsAre("x"));
  EXPECT_EQ(
      load_dataset({{(folder_.path() / "all.csv").string()}}, data_.columns, task_, splits.labels).size(), 2)
      << "what evaluate --data names is evaluated as a whole";
}

}  // namespace
}  // namespace bernoulli
