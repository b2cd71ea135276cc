// Class folders, JSON lines, label lines, packed files, and the choice between them.
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/data_fixture.h"
#include "support/gzip.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using testing::DataFolder;
using ::testing::ElementsAre;
using testing::gzip;
using ::testing::HasSubstr;
using testing::Kind;
using testing::labels_of;
using testing::message_of;
using ::testing::StartsWith;
using testing::task_of;
using testing::texts_of;

TEST(ClassFolders, ReadsClassesAndFilesInByteOrder) {
  const DataFolder folder;
  folder.write("reviews/pos/10_9.txt", "ten");
  folder.write("reviews/pos/1_9.txt", "one");
  folder.write("reviews/neg/0_2.txt", "zero\n");
  folder.write("reviews/neg/notes.md", "left out");
  folder.write("reviews/neg/._0_2.txt", "left by another system");
  folder.write("reviews/neg/.txt", "hidden");
  folder.write("reviews/.cache/x.txt", "hidden");
  folder.write("reviews/readme.txt", "no class");
  ::testing::internal::CaptureStderr();
  const auto examples = read_source(folder.path() / "reviews", "auto", {}, task_of(Kind::kBinary));
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              HasSubstr("3 entries of class folders are hidden, or no .txt files, and were left out"));
  EXPECT_THAT(texts_of(examples), ElementsAre("zero\n", "ten", "one"));
  EXPECT_THAT(labels_of(examples), ElementsAre(ElementsAre("neg"), ElementsAre("pos"), ElementsAre("pos")));
  EXPECT_EQ(folder.relative(examples[1].origin), "reviews/pos/10_9.txt");
}

TEST(ClassFolders, RefusesAFolderWithoutClassesOrTexts) {
  const DataFolder folder;
  fs::create_directories(folder.path() / "bare");
  fs::create_directories(folder.path() / "hollow/pos");
  EXPECT_THAT(
      message_of<DataError>([&] { read_source(folder.path() / "bare", "auto", {}, task_of(Kind::kBinary)); }),
      HasSubstr("holds no class folder"));
  EXPECT_THAT(message_of<DataError>(
                  [&] { read_source(folder.path() / "hollow", "auto", {}, task_of(Kind::kBinary)); }),
              HasSubstr("no .txt file in any of them"));
}

TEST(ClassFolders, AFolderOfTablesIsAPattern) {
  const DataFolder folder;
  const auto fault = [&](const char* name) {
    return folder.relative(message_of<DataError>(
        [&] { read_source(folder.path() / name, "auto", {}, task_of(Kind::kBinary)); }));
  };
  for (const char* file :
       {"shards/a.csv.gz", "shards/b.csv.gz", "shards/c.csv", "shards/.d.csv", "shards/e.md", "texts/a.txt"})
    folder.write(file, "text,label\nx,1\n");
  EXPECT_EQ(
      fault("shards"),
      "'shards' holds no class folder (expected one sub-folder a class, each with .txt files); its 2 "
      ".csv.gz files make a source by a pattern, 'shards/*.csv.gz', in data.train; init looks at one of "
      "them");
  EXPECT_THAT(fault("texts"), ::testing::EndsWith("each with .txt files)")) << "texts without labels";
}

TEST(JsonLines, ReadsStringsNumbersAndBooleansAsLabels) {
  const DataFolder folder;
  const auto examples = folder.read("a.jsonl",
                                    "\xEF\xBB\xBF{\"text\": \"caf\\u00e9\\n\", \"label\": \"good\"}\r\n"
                                    "\n"
                                    "{\"label\": 1, \"text\": \"b\"}\n"
                                    "{\"label\": -0.5, \"text\": \"c\", \"extra\": [{}]}\n"
                                    "{\"label\": true, \"text\": \"\"}");
  EXPECT_THAT(texts_of(examples), ElementsAre("caf\u00E9\n", "b", "c", ""));
  EXPECT_THAT(labels_of(examples),
              ElementsAre(ElementsAre("good"), ElementsAre("1"), ElementsAre("-0.5"), ElementsAre("true")));
  EXPECT_EQ(folder.relative(examples[1].origin), "a.jsonl:3");
}

TEST(JsonLines, ReadsManyLabelsFromAListAStringOrColumns) {
  const DataFolder folder;
  const auto listed = folder.read("a.jsonl",
                                  "{\"text\": \"x\", \"label\": [\"news\", 7]}\n"
                                  "{\"text\": \"y\", \"label\": []}\n"
                                  "{\"text\": \"z\", \"label\": \"news, sport\"}\n",
                                  {}, Kind::kMultiLabel);
  EXPECT_THAT(labels_of(listed),
              ElementsAre(ElementsAre("news", "7"), ElementsAre(), ElementsAre("news", "sport")));
  ColumnsConfig columns;
  columns.label_columns = {"news", "sport"};
  const auto columnwise =
      folder.read("b.jsonl", "{\"text\": \"x\", \"news\": true, \"sport\": 0}\n", columns, Kind::kMultiLabel);
  EXPECT_THAT(labels_of(columnwise), ElementsAre(ElementsAre("news")));
  for (const char* yes : {"1", "1.0", "true", "\"1\"", "\" 1\"", "\"1.0\"", "\"True\"", "\"TRUE\""}) {
    const auto as_in_a_table =
        folder.read("c.jsonl", fmt::format("{{\"text\": \"x\", \"news\": {}, \"sport\": \"0\"}}\n", yes),
                    columns, Kind::kMultiLabel);
    EXPECT_THAT(labels_of(as_in_a_table), ElementsAre(ElementsAre("news"))) << yes;
  }
}

TEST(JsonLines, MapsColumnsAndWeights) {
  const DataFolder folder;
  ColumnsConfig columns;
  columns.text = {"body"};
  columns.label = "class";
  columns.weight = "w";
  const auto examples = folder.read("a.ndjson", "{\"body\": \"x\", \"class\": \"a\", \"w\": 2.5}\n", columns);
  EXPECT_EQ(examples[0].text, "x");
  EXPECT_EQ(examples[0].weight, "2.5");
}

/// The library's parser with a callback takes the square of the objects in a list.
TEST(JsonLines, ValuesThatNobodyReadsMayBeDeepAndMany) {
  const DataFolder folder;
  std::string many = "[{}";
  for (int i = 0; i < 200'000; ++i) many += ",{}";
  const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
  const auto examples = folder.read(
      "a.jsonl", "{\"text\": \"x\", \"label\": 1, \"many\": " + many + "], \"deep\": " + deep + "}\n");
  ASSERT_EQ(examples.size(), 1);
  EXPECT_EQ(examples[0].text, "x");
  EXPECT_EQ(folder.fault("b.jsonl", "{\"text\": \"x\", \"label\": " + deep + "}\n"),
            "b.jsonl:1: 'label' is an array (expected one label)");
}

TEST(JsonLines, ANameStandsInAnObjectOnce) {
  const DataFolder folder;
  std::string many = "[{}";
  for (int i = 0; i < 200'000; ++i) many += ",{}";
  EXPECT_EQ(
      folder.fault("a.jsonl",
                   "{\"text\": \"x\", \"label\": 1, \"label\": 0}\n"
                   "{\"text\": \"\\\"label\\\": \", \"label\": 1, \"more\": [{\"text\": 1}, {\"text\": 2}]}\n"
                   "{\"l\\u0061bel\": 0, \"text\": \"a\\\\\", \"label\": 1, \"many\": " +
                       many + "]}\n"),
      "a.jsonl:1: the object has 'label' twice (expected each name once)\n"
      "a.jsonl:3: the object has 'label' twice (expected each name once)");
}

TEST(JsonLines, NamesFileLineAndCauseOfEveryFault) {
  const DataFolder folder;
  EXPECT_EQ(folder.fault("a.jsonl",
                         "{\"text\": \"x\", \"label\": 1}\n"
                         "{\"text\": \"x\", \n"
                         "[1]\n"
                         "{\"label\": 1}\n"
                         "{\"text\": 3, \"label\": 1}\n"
                         "{\"text\": \"x\"}\n"
                         "{\"text\": \"x\", \"label\": null}\n"
                         "{\"text\": \"x\", \"label\": [1]}\n"
                         "{\"text\": \"\xFF\", \"label\": 1}\n"),
            "a.jsonl:2: not JSON at byte 15: unexpected end of input; expected string literal\n"
            "a.jsonl:3: a JSON array, not an object\n"
            "a.jsonl:4: no 'text' (data.columns.text)\n"
            "a.jsonl:5: 'text' is not a string\n"
            "a.jsonl:6: no 'label' (data.columns.label)\n"
            "a.jsonl:7: 'label' is null (expected one label)\n"
            "a.jsonl:8: 'label' is an array (expected one label)\n"
            "a.jsonl:9: not JSON at byte 11: invalid string: ill-formed UTF-8 byte");
  ColumnsConfig columns;
  columns.label_columns = {"news"};
  columns.weight = "w";
  EXPECT_EQ(folder.fault("b.jsonl",
                         "{\"text\": \"x\", \"w\": 1, \"news\": 2}\n"
                         "{\"text\": \"x\", \"w\": 1}\n"
                         "{\"text\": \"x\", \"news\": 1}\n",
                         columns, Kind::kMultiLabel),
            "b.jsonl:1: 'news' is 2 (expected 0 or 1, false or true)\n"
            "b.jsonl:2: no 'news' (a label column)\n"
            "b.jsonl:3: no 'w' (data.columns.weight)");
  EXPECT_EQ(folder.fault("c.jsonl",
                         "{\"text\": \"x\", \"label\": [[1]]}\n{\"text\": \"x\", \"label\": {}}\n{\"text\": "
                         "\"x\", \"label\": [\"a\", \"\"]}\n",
                         {}, Kind::kMultiLabel),
            "c.jsonl:1: 'label' holds an array (expected label names)\n"
            "c.jsonl:2: 'label' is an object (expected a list of labels)\n"
            "c.jsonl:3: 'label' holds \"\" (expected label names)");
}

TEST(JsonLines, AnArrayOfObjectsIsNamedWithTheWayOut) {
  const DataFolder folder;
  const std::string array = "[{\"text\": \"x\", \"label\": 1}, {\"text\": \"y\", \"label\": 0}]";
  const std::string advice =
      "is a JSON array (expected one object a line): jq -c '.[]' a.jsonl > a.lines.jsonl";
  EXPECT_EQ(folder.fault("a.jsonl", array), "'a.jsonl' " + advice);
  EXPECT_EQ(folder.fault("a.jsonl", "\n[\n  {\n    \"text\": \"x\",\n    \"label\": 1\n  }\n]\n"),
            "'a.jsonl' " + advice)
      << "over many lines";
  EXPECT_EQ(folder.fault("b.json", array, {}, Kind::kBinary, "jsonl"),
            "'b.json' is a JSON array (expected one object a line): jq -c '.[]' b.json > b.jsonl");
  EXPECT_EQ(folder.fault("c.jsonl.gz", gzip(array)),
            "'c.jsonl.gz' is a JSON array (expected one object a line): gzip -dc c.jsonl.gz | jq -c '.[]' > "
            "c.lines.jsonl");
  EXPECT_EQ(folder.fault("d.jsonl", "[1, 2]\n"), "d.jsonl:1: a JSON array, not an object");
}

TEST(JsonLines, ALabelOfWhiteSpaceInAListIsNone) {
  const DataFolder folder;
  EXPECT_EQ(folder.fault("a.jsonl", "{\"text\": \"x\", \"label\": [\"a\", \" \"]}\n", {}, Kind::kMultiLabel),
            "a.jsonl:1: 'label' holds \" \" (expected label names)");
}

/// One message, not one a line: the first object stands for all.
TEST(JsonLines, TellsTheKeysThatAreThereInsteadOfTheOneThatIsNot) {
  const DataFolder folder;
  EXPECT_EQ(folder.fault("a.jsonl", "\n{\"text\": \"x\", \"stars\": 1}\n{\"text\": \"y\", \"stars\": 2}\n"),
            "a.jsonl:2: no 'label' (data.columns.label); the object has: stars, text; --set "
            "data.columns.label=NAME names another");
  EXPECT_EQ(folder.fault("a.jsonl", "{\"review\": \"x\", \"label\": 1}\n"),
            "a.jsonl:1: no 'text' (data.columns.text); the object has: label, review; --set "
            "data.columns.text=NAME names another");
  EXPECT_THAT(folder.fault("a.jsonl", "{}\n"),
              HasSubstr("no 'text' (data.columns.text); the object is empty;"));
  ColumnsConfig columns;
  columns.slices = {"source"};
  EXPECT_EQ(folder.fault("a.jsonl", "{\"text\": \"x\", \"label\": 1}\n", columns),
            "a.jsonl:1: no 'source' (--by); the object has: label, text");
}

TEST(ColumnOfSlices, MayBeEmptyWhereThatOfASplitMayNot) {
  const DataFolder folder;
  ColumnsConfig columns;
  columns.slices = {"source"};
  const std::string csv = "text,label,source\nx,a,web\ny,a,\n";
  const std::string jsonl =
      "{\"text\": \"x\", \"label\": \"a\", \"source\": \"web\"}\n"
      "{\"text\": \"y\", \"label\": \"a\"}\n"
      "{\"text\": \"y\", \"label\": \"a\", \"source\": null}\n";
  EXPECT_THAT(folder.read("a.csv", csv, columns).slices(), ElementsAre(ElementsAre("web", "")));
  EXPECT_THAT(folder.read("a.jsonl", jsonl, columns).slices(), ElementsAre(ElementsAre("web", "", "")));
  columns.slices = {};
  columns.group = "source";
  EXPECT_THAT(folder.fault("b.csv", csv, columns), HasSubstr("b.csv:3: 'source' is empty"));
  EXPECT_THAT(folder.fault("b.jsonl", jsonl, columns),
              AllOf(HasSubstr("b.jsonl:2: no 'source'"), HasSubstr("b.jsonl:3: 'source' is null")));
}

TEST(ColumnOfSlices, MayBeSeveral) {
  const DataFolder folder;
  ColumnsConfig columns;
  columns.slices = {"source", "year"};
  columns.group = "year";
  const std::string csv = "text,label,year,source\nx,a,2024,web\ny,a,2025,web\nz,a,2025,\n";
  const std::string jsonl =
      "{\"text\": \"x\", \"label\": \"a\", \"source\": \"web\", \"year\": 2024}\n"
      "{\"text\": \"y\", \"label\": \"a\", \"year\": 2025}\n";
  const RawExamples table = folder.read("a.csv", csv, columns);
  EXPECT_THAT(table.slices(),
              ElementsAre(ElementsAre("web", "web", ""), ElementsAre("2024", "2025", "2025")));
  EXPECT_THAT(table.groups(), ElementsAre("2024", "2025", "2025"));
  EXPECT_THAT(folder.read("a.jsonl", jsonl, columns).slices(),
              ElementsAre(ElementsAre("web", ""), ElementsAre("2024", "2025")));
  EXPECT_THAT(
      folder.fault("b.jsonl", "{\"text\": \"x\", \"label\": \"a\", \"source\": [1], \"year\": 1}\n", columns),
      HasSubstr("b.jsonl:1: 'source' is an array (--by takes a string, a number, true or false)"));
  columns.slices = {"source", "yeer"};
  columns.group = "";
  EXPECT_THAT(folder.fault("c.csv", csv, columns), HasSubstr("no column 'yeer' for --by"));
  EXPECT_THAT(folder.fault("c.jsonl", jsonl, columns), HasSubstr("c.jsonl:1: no 'yeer' (--by)"));
}

TEST(JsonLines, SurvivesARowOfAnyDepth) {
  const DataFolder folder;
  const std::string deep = std::string(100000, '[') + std::string(100000, ']');
  const std::string fault = folder.fault("a.jsonl", "{\"text\": " + deep + ", \"label\": 1}\n");
  EXPECT_THAT(fault, StartsWith("a.jsonl:1: "));
  EXPECT_EQ(folder.fault("b.jsonl", std::string(100000, '[') + "\n"),
            "b.jsonl:1: not JSON at byte 100001: unexpected end of input; expected '[', '{', or a literal");
}

TEST(LabelLines, TakesLabelsFromAnywhereInTheLine) {
  const DataFolder folder;
  const auto examples = folder.read("a.txt",
                                    "\xEF\xBB\xBF__label__good a  fine day\r\n"
                                    "\n"
                                    "__label__a\t__label__b text\n"
                                    "no label here\n"
                                    "a __label__c word\n"
                                    "before the labels \t__label__d __label__e \n"
                                    "__label__ is a word",
                                    {}, Kind::kMultiLabel);
  EXPECT_THAT(texts_of(examples), ElementsAre("a  fine day", "text", "no label here", "a word",
                                              "before the labels", "__label__ is a word"));
  EXPECT_THAT(labels_of(examples), ElementsAre(ElementsAre("good"), ElementsAre("a", "b"), ElementsAre(),
                                               ElementsAre("c"), ElementsAre("d", "e"), ElementsAre()));
  EXPECT_EQ(folder.relative(examples[1].origin), "a.txt:3");
}

TEST(Gzip, IsUnpackedForEveryFileFormat) {
  const DataFolder folder;
  EXPECT_THAT(texts_of(folder.read("a.csv.gz", gzip("text,label\nx,1\n"))), ElementsAre("x"));
  EXPECT_THAT(texts_of(folder.read("a.tsv.gz", gzip("text\tlabel\nx\t1\n"))), ElementsAre("x"));
  EXPECT_THAT(texts_of(folder.read("a.jsonl.gz", gzip("{\"text\":\"x\",\"label\":1}"))), ElementsAre("x"));
  EXPECT_THAT(texts_of(folder.read("a.txt.gz", gzip("__label__1 x"))), ElementsAre("x"));
  EXPECT_THAT(texts_of(folder.read("b.csv", gzip("\xEF\xBB\xBFtext,label\nx,1\n"))), ElementsAre("x"))
      << "the bytes decide, not the name";
}

TEST(Gzip, JoinsMembersAndUnpacksMoreThanOneBuffer) {
  const DataFolder folder;
  const std::string word(700000, 'w');
  const auto examples = folder.read("a.txt.gz", gzip("__label__1 " + word + "\n") + gzip("__label__0 y\n"));
  EXPECT_THAT(texts_of(examples), ElementsAre(word, "y"));
}

TEST(Gzip, LeavesOutZerosBehindTheLastMember) {
  const DataFolder folder;
  const std::string padding(1000, '\0');
  EXPECT_THAT(texts_of(folder.read("a.csv.gz", gzip("text,label\nx,1\n") + padding)), ElementsAre("x"));
  EXPECT_THAT(folder.fault("a.csv.gz", gzip("text,label\nx,1\n") + padding + "x"),
              StartsWith("'a.csv.gz' is damaged"));
}

TEST(Gzip, RefusesDamageAndCutsByName) {
  const DataFolder folder;
  const std::string packed = gzip("text,label\nx,1\n");
  EXPECT_EQ(folder.fault("a.csv.gz", packed.substr(0, packed.size() - 3)),
            "'a.csv.gz' is damaged or cut off gzip data: it ends too early");
  std::string flipped = packed;
  flipped[flipped.size() - 6] ^= 1;  // the checksum
  EXPECT_THAT(folder.fault("a.csv.gz", flipped), StartsWith("'a.csv.gz' is damaged or cut off gzip data: "));
  EXPECT_THAT(folder.fault("a.csv.gz", packed + "tail"), StartsWith("'a.csv.gz' is damaged"));
}

TEST(ReadSource, ChoosesByTheNameUnlessAFormatIsGiven) {
  const DataFolder folder;
  EXPECT_THAT(texts_of(folder.read("a.dat", "text,label\nx,1\n", {}, Kind::kBinary, "csv")),
              ElementsAre("x"));
  EXPECT_THAT(texts_of(folder.read("a.txt", "text\tlabel\nx\t1\n", {}, Kind::kBinary, "tsv")),
              ElementsAre("x"));
  EXPECT_THAT(folder.fault("a.dat", "x"),
              StartsWith("'a.dat': the name does not tell the format; set `format`"));
}

TEST(ReadSource, RefusesWhatIsNotThereOrOfAnotherSort) {
  const DataFolder folder;
  const auto fault = [&](const fs::path& path, const std::string& format) {
    return folder.relative(
        message_of<DataError>([&] { read_source(path, format, {}, task_of(Kind::kBinary)); }));
  };
  EXPECT_EQ(
      fault(folder.path() / "none.csv", "auto"),
      "'none.csv' does not exist (relative paths start at data.root; move it with --set data.root=DIR)");
  EXPECT_THAT(fault("/dev/null", "csv"), HasSubstr("is neither a file nor a folder"));
  folder.write("a.csv", "text,label\n");
  fs::create_directories(folder.path() / "folder");
  EXPECT_EQ(fault(folder.path() / "a.csv", "class_folders"),
            "'a.csv' is a file, and format class_folders wants a folder");
  EXPECT_EQ(fault(folder.path() / "folder", "csv"), "'folder' is a folder, and format csv wants a file");
  EXPECT_EQ(folder.fault("b.txt", "\n\n"), "'b.txt' holds no example");
}

}  // namespace
}  // namespace bernoulli
