#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/data_fixture.h"

namespace bernoulli {
namespace {

using testing::DataFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Kind;
using testing::labels_of;
using ::testing::StartsWith;
using testing::texts_of;

ColumnsConfig numbered(const std::string& text, const std::string& label) {
  ColumnsConfig columns;
  columns.header = false;
  columns.text = {text};
  columns.label = label;
  return columns;
}

TEST(Delimited, TakesQuotedDelimitersQuotesAndNewlinesAsText) {
  const DataFolder folder;
  const auto examples = folder.read("a.csv",
                                    "label,text\n"
                                    "1,\"a, b\"\n"
                                    "0,\"she said \"\"no\"\"\"\n"
                                    "1,\"two\nlines\r\nthree\"\n"
                                    "0,\"\"\n"
                                    "1,a \"quote\" inside\n");
  EXPECT_THAT(texts_of(examples),
              ElementsAre("a, b", "she said \"no\"", "two\nlines\r\nthree", "", "a \"quote\" inside"));
  EXPECT_THAT(labels_of(examples), ElementsAre(ElementsAre("1"), ElementsAre("0"), ElementsAre("1"),
                                               ElementsAre("0"), ElementsAre("1")));
}

TEST(Delimited, CountsTheLinesInsideQuotedCells) {
  const DataFolder folder;
  const auto examples = folder.read("a.csv", "text,label\n\"one\ntwo\nthree\",1\nfour,0\n");
  ASSERT_EQ(examples.size(), 2u);
  EXPECT_EQ(folder.relative(examples[0].origin), "a.csv:2");
  EXPECT_EQ(folder.relative(examples[1].origin), "a.csv:5");
}

TEST(Delimited, AcceptsEveryLineEndAndAByteOrderMark) {
  const DataFolder folder;
  for (const char* newline : {"\n", "\r\n", "\r"}) {
    SCOPED_TRACE(newline);
    const std::string n = newline;
    for (const std::string& end : {n, std::string()}) {
      const auto examples = folder.read("a.csv", "\xEF\xBB\xBFtext,label" + n + "x,1" + n + "y,0" + end);
      EXPECT_THAT(texts_of(examples), ElementsAre("x", "y"));
      EXPECT_THAT(labels_of(examples), ElementsAre(ElementsAre("1"), ElementsAre("0")));
    }
  }
}

TEST(Delimited, ReadsTabsAndKeepsCommas) {
  const DataFolder folder;
  EXPECT_THAT(texts_of(folder.read("a.tsv", "label\ttext\n1\ta, b\n")), ElementsAre("a, b"));
}

TEST(Delimited, SkipsBlankLinesOnlyWhereARowHasSeveralFields) {
  const DataFolder folder;
  EXPECT_THAT(texts_of(folder.read("a.csv", "text,label\n\nx,1\n\n\ny,0\n\n")), ElementsAre("x", "y"));
}

TEST(Delimited, MapsColumnsByNameAndByNumber) {
  const DataFolder folder;
  ColumnsConfig named;
  named.text = {"review"};
  named.label = "stars";
  named.weight = "trust";
  const auto by_name = folder.read("a.csv", "trust,stars,id,review\n0.5,4,17,fine\n", named);
  EXPECT_EQ(by_name[0].text, "fine");
  EXPECT_THAT(by_name[0].labels, ElementsAre("4"));
  EXPECT_EQ(by_name[0].weight, "0.5");
  const auto by_number = folder.read("a.tsv", "17\t-1.5\tdull\n18\t2\tfine\n", numbered("3", "2"));
  EXPECT_THAT(texts_of(by_number), ElementsAre("dull", "fine"));
  EXPECT_THAT(labels_of(by_number), ElementsAre(ElementsAre("-1.5"), ElementsAre("2")));
  EXPECT_EQ(folder.relative(by_number[0].origin), "a.tsv:1");
}

TEST(Delimited, HasQuotesAndDelimitersOfItsOwnChoice) {
  const DataFolder folder;
  ColumnsConfig columns;
  columns.quote = "";
  EXPECT_THAT(texts_of(folder.read("a.tsv", "text\tlabel\n\"open\t1\n", columns)), ElementsAre("\"open"));
  columns.quote = "'";
  columns.delimiter = ";";
  EXPECT_THAT(texts_of(folder.read("a.csv", "text;label\n'a;''b';1\n", columns)), ElementsAre("a;'b"));
}

TEST(Delimited, ReadsManyLabelsFromOneCellOrFromOneColumnEach) {
  const DataFolder folder;
  const auto joined =
      folder.read("a.csv", "text,label\nx,\"news, sport\"\ny,\nz,news\n", {}, Kind::kMultiLabel);
  EXPECT_THAT(labels_of(joined),
              ElementsAre(ElementsAre("news", "sport"), ElementsAre(), ElementsAre("news")));
  ColumnsConfig bar;
  bar.label_separator = "|";
  EXPECT_THAT(labels_of(folder.read("b.csv", "text,label\nx,a | b\n", bar, Kind::kMultiLabel)),
              ElementsAre(ElementsAre("a", "b")));
  ColumnsConfig columns;
  columns.label_columns = {"news", "sport"};
  const auto columnwise =
      folder.read("c.csv", "text,sport,news\nx,1,1\ny,0,0\nz,0,1\n", columns, Kind::kMultiLabel);
  EXPECT_THAT(labels_of(columnwise),
              ElementsAre(ElementsAre("news", "sport"), ElementsAre(), ElementsAre("news")));
}

TEST(Delimited, NamesFileAndLineOfEveryFaultyRow) {
  const DataFolder folder;
  const std::string fault = folder.fault("a.csv", "text,label\nx,1\ny\nz,1,2\nw,0\n");
  EXPECT_EQ(fault, "a.csv:3: 1 fields (expected 2)\na.csv:4: 3 fields (expected 2)");
}

TEST(Delimited, ShowsTwentyFaultsAndCountsTheRest) {
  const DataFolder folder;
  std::string rows = "text,label\n";
  for (int i = 0; i < 25; ++i) rows += "x\n";
  const std::string fault = folder.fault("a.csv", rows);
  EXPECT_THAT(fault, HasSubstr("a.csv:21: "));
  EXPECT_THAT(fault, ::testing::Not(HasSubstr("a.csv:22: ")));
  EXPECT_THAT(fault, HasSubstr("\nand 5 more"));
}

TEST(Delimited, RefusesBrokenQuotes) {
  const DataFolder folder;
  EXPECT_THAT(folder.fault("a.csv", "text,label\nx,1\n\"open,1\ny,0\n"),
              StartsWith("a.csv:3: a quote opens in this row and never closes"));
  EXPECT_THAT(folder.fault("b.csv", "text,label\n\"one\ntwo\"x,1\n"),
              StartsWith("b.csv:3: text after a closing quote"));
}

TEST(Delimited, RefusesColumnsThatAreNotThere) {
  const DataFolder folder;
  ColumnsConfig columns;
  columns.text = {"review"};
  EXPECT_EQ(folder.fault("a.csv", "text,label\nx,1\n", columns),
            "a.csv:1: no column 'review' for data.columns.text (the header has: text, label); --set "
            "data.columns.text=NAME names another");
  EXPECT_EQ(folder.fault("a.csv", "x,1\n", columns),
            "a.csv:1: no column 'review' for data.columns.text (the header has: x, 1); --set "
            "data.columns.text=NAME names another; where the first row is no header, set "
            "data.columns.header: false and number the columns");
  columns = {};
  columns.weight = "trust";
  EXPECT_THAT(folder.fault("a.csv", "text,label\nx,1\n", columns), HasSubstr("for data.columns.weight"));
  columns = {};
  columns.label_columns = {"news"};
  EXPECT_THAT(folder.fault("a.csv", "text,label\nx,1\n", columns, Kind::kMultiLabel),
              HasSubstr("no column 'news' for data.columns.label_columns"));
  EXPECT_EQ(folder.fault("a.csv", "x,1\n", numbered("first", "2")),
            "data.columns.text: 'first' is not a column number (by data.columns.header the table has no "
            "header: columns are 1, 2, ...)");
  EXPECT_THAT(folder.fault("a.csv", "x,1\n", numbered("0", "2")), HasSubstr("'0' is not a column number"));
  EXPECT_EQ(folder.fault("a.csv", "x,1\n", numbered("1", "3")), "a.csv:1: no field 3 for the label");
  EXPECT_EQ(folder.fault("a.csv", "x,1\n", numbered("3", "1")), "a.csv:1: no field 3 for the text");
}

/// The first row that has all columns in use tells how many there are, not a faulty one before it.
TEST(Delimited, WithoutAHeaderTellsTheFaultyRowsAlone) {
  const DataFolder folder;
  EXPECT_EQ(folder.fault("a.tsv", "1\tgood\n2\tbad\tdull\n3\tgood\tfine\n4\tbad\n", numbered("3", "2")),
            "a.tsv:1: no field 3 for the text\na.tsv:4: 2 fields (expected 3, as in line 2)");
  EXPECT_EQ(folder.fault("b.csv", "fine\ndull,bad\n", numbered("1", "2")),
            "b.csv:1: no field 2 for the label");
  EXPECT_EQ(folder.fault("c.csv", "fine,good,1,2\ndull,bad,1\n", numbered("1", "2")),
            "c.csv:2: 3 fields (expected 4, as in line 1)");
  ColumnsConfig flags = numbered("1", "2");
  flags.label_columns = {"2", "3"};
  EXPECT_EQ(folder.fault("d.csv", "x,1\ny,1,0\n", flags, Kind::kMultiLabel),
            "d.csv:1: no field 3 for the label");
}

TEST(Delimited, RefusesAWeightColumnBeyondTheRow) {
  const DataFolder folder;
  ColumnsConfig columns = numbered("1", "2");
  columns.weight = "3";
  EXPECT_EQ(folder.fault("a.csv", "x,1\n", columns), "a.csv:1: no field 3 for the weight");
}

TEST(Delimited, RefusesLabelColumnsThatHoldNeitherZeroNorOne) {
  const DataFolder folder;
  ColumnsConfig columns;
  columns.label_columns = {"news"};
  EXPECT_EQ(folder.fault("a.csv", "text,news\nx,1\ny,yes\n", columns, Kind::kMultiLabel),
            "a.csv:3: column 'news' holds 'yes' (expected 0 or 1, false or true)");
}

TEST(Delimited, RefusesAFileWithoutRows) {
  const DataFolder folder;
  EXPECT_EQ(folder.fault("a.csv", ""), "'a.csv' is empty (expected a header row)");
  EXPECT_EQ(folder.fault("b.csv", "text,label\n"), "'b.csv' holds no example");
}

TEST(Delimited, ReadsFlagsAsDataFramesWriteThem) {
  const DataFolder folder;
  ColumnsConfig columns;
  columns.label_columns = {"news", "sport"};
  const auto examples = folder.read("a.csv", "text,news,sport\na,True,0.0\nb,false,1.0\nc,TRUE,1\n", columns,
                                    Kind::kMultiLabel);
  EXPECT_THAT(labels_of(examples),
              ElementsAre(ElementsAre("news"), ElementsAre("sport"), ElementsAre("news", "sport")));
}

TEST(Delimited, NamesTheLineThatSpreadsheetsPutBeforeTheHeader) {
  const DataFolder folder;
  ColumnsConfig columns;
  columns.delimiter = ";";
  for (const char* line : {"sep=;\r\n", "\"SEP=;\"\n", "\xEF\xBB\xBFsep=;\r"})
    EXPECT_EQ(
        folder.fault("a.csv", std::string(line) + "text;label\nx;1\n", columns),
        "a.csv:1: 'sep=;' is a line for Excel, not a row (expected the header or the first row): remove "
        "it; what is left is read with data.columns.delimiter: \";\"");
  EXPECT_THAT(texts_of(folder.read("b.csv", "text,label\nsep=;,1\n")), ElementsAre("sep=;"));
}

TEST(Delimited, FlagsMayHaveWhiteSpaceAroundThem) {
  const DataFolder folder;
  ColumnsConfig columns;
  columns.label_columns = {" news"};
  EXPECT_THAT(labels_of(folder.read("a.csv", "text, news\nx, 1\ny, 0 \n", columns, Kind::kMultiLabel)),
              ElementsAre(ElementsAre(" news"), ElementsAre()));
}

TEST(Delimited, SaysWhatElseAFileMayBe) {
  const DataFolder folder;
  EXPECT_THAT(texts_of(folder.read("A.CSV", "text,label\nx,good\n")), ElementsAre("x"));
  EXPECT_THAT(folder.fault("a.csv", "text;label\nx;good\n"),
              HasSubstr("its one cell holds ';': set data.columns.delimiter: \";\""));
  EXPECT_THAT(folder.fault("b.csv", "text\tlabel\nx\tgood\n"),
              HasSubstr("its one cell holds a tab: set the source's format: tsv"));
  EXPECT_THAT(folder.fault("c.csv", std::string("\xff\xfet\0e\0", 6)),
              HasSubstr("c.csv' begins with a UTF-16 byte order mark; convert it: iconv -f UTF-16 -t UTF-8"));
}

}  // namespace
}  // namespace bernoulli
