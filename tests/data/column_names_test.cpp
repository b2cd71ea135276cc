#include "data/column_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/data_fixture.h"

namespace bernoulli::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(ColumnNames, AreThoseOfTheHeaderOfTheFirstRowOrOfTheFirstObject) {
  const DataFolder folder;
  ColumnsConfig columns;
  EXPECT_THAT(column_names(folder.write("a.csv", "id,\"a \"\"text\"\"\"\n1,x\n"), "csv", columns),
              ElementsAre("id", "a \"text\""));
  EXPECT_THAT(column_names(folder.write("a.tsv", "id\ttext,s\n"), "tsv", columns),
              ElementsAre("id", "text,s"));
  EXPECT_THAT(column_names(folder.write("a.jsonl", "\n{\"text\": \"x\", \"id\": [1]}\n{\"label\": 1}\n"),
                           "jsonl", columns),
              ElementsAre("id", "text"));
  EXPECT_THAT(column_names(folder.write("b.jsonl", "[1]\n"), "jsonl", columns), IsEmpty());
  EXPECT_THAT(column_names(folder.write("b.csv", ""), "csv", columns), IsEmpty());
  columns.header = false;
  columns.delimiter = ";";
  EXPECT_THAT(column_names(folder.write("c.csv", "a;b,c;d\n"), "csv", columns), ElementsAre("1", "2", "3"));
}

ColumnsConfig of_columns(const std::vector<std::string>& labels) {
  ColumnsConfig columns;
  columns.label_columns = labels;
  return columns;
}

TEST(MissingColumns, HaveTheRemedyOfTheirKey) {
  const DataFolder folder;
  ColumnsConfig columns;
  columns.weight = "trust";
  EXPECT_EQ(folder.fault("a.csv", "text,label\nx,1\n", columns),
            "a.csv:1: no column 'trust' for data.columns.weight (the header has: text, label); --set "
            "data.columns.weight=null: all weigh 1");
  EXPECT_EQ(folder.fault("a.jsonl", "{\"text\": \"x\", \"label\": 1}\n", columns),
            "a.jsonl:1: no 'trust' (data.columns.weight); the object has: label, text; --set "
            "data.columns.weight=null: all weigh 1");
  const std::string list =
      "; where one column holds the names of the labels: --set 'data.columns.label_columns=[]' --set "
      "data.columns.label=NAME";
  EXPECT_THAT(folder.fault("b.csv", "text,tags\nx,1\n", of_columns({"rude", "loud"}), Kind::kMultiLabel),
              EndsWith("(the header has: text, tags)" + list));
  EXPECT_THAT(folder.fault("b.jsonl", "{\"text\": \"x\", \"tags\": []}\n", of_columns({"rude", "loud"}),
                           Kind::kMultiLabel),
              EndsWith("the object has: tags, text" + list));
  EXPECT_THAT(folder.fault("c.csv", "text,rude\nx,1\n", of_columns({"rude", "loud"}), Kind::kMultiLabel),
              EndsWith("no column 'loud' for data.columns.label_columns (the header has: text, rude)"))
      << "one of them is there, so it is no list";
}

TEST(MissingColumns, OfLabelsInDataToEvaluateLeaveThemToPredict) {
  const DataFolder folder;
  const std::string predict = "; evaluate needs labels; predict answers texts without";
  ColumnsConfig columns;
  columns.for_evaluate = true;
  EXPECT_THAT(folder.fault("a.csv", "text,x\nx,1\n", columns),
              EndsWith("; --set data.columns.label=NAME names another" + predict));
  EXPECT_THAT(folder.fault("a.jsonl", "{\"text\": \"x\"}\n", columns),
              EndsWith("; --set data.columns.label=NAME names another" + predict));
  columns.label_columns = {"rude"};
  EXPECT_THAT(folder.fault("a.csv", "text,x\nx,1\n", columns, Kind::kMultiLabel),
              EndsWith("--set data.columns.label=NAME" + predict));
}

TEST(MissingColumns, MayBeOfATableWithoutAHeaderWhereNoneIsThere) {
  const DataFolder folder;
  const char* const no_header = "where the first row is no header, set data.columns.header: false";
  EXPECT_THAT(folder.fault("a.csv", "a fine film,good\n"), HasSubstr(no_header));
  EXPECT_THAT(folder.fault("a.csv", "text,verdict\na fine film,good\n"), Not(HasSubstr(no_header)));
  EXPECT_THAT(folder.fault("a.csv", "review,label\na fine film,good\n"), Not(HasSubstr(no_header)));
}

}  // namespace
}  // namespace bernoulli::testing
