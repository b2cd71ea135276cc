#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/audit.h"
#include "data/data_fixture.h"
#include "data/dataset.h"
#include "data/text_variants.h"

namespace bernoulli {
namespace {

using testing::DataFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Kind;
using testing::message_of;
using testing::task_of;

TaskConfig good_or_bad() {
  TaskConfig task;
  task.positive = "good";
  return task;
}

/// train.csv and what else a test writes, as a configuration.
DataConfig below(const DataFolder& folder) {
  DataConfig data;
  data.root = folder.path().string();
  data.train.paths = {"train.csv"};
  return data;
}

HeldOutConfig at(const std::string& path, bool optional = false) {
  HeldOutConfig held_out;
  held_out.source = SourceConfig{{path}, "auto", optional};
  return held_out;
}

TEST(LoadData, ReadsHeldOutFilesWithTheLabelsOfTheTrainingData) {
  const DataFolder folder;
  folder.write("train.csv", "text,label\nfine,good\ndull,bad\n");
  folder.write("val.jsonl", "{\"text\": \"nice\", \"label\": \"good\"}\n");
  DataConfig data = below(folder);
  data.validation = at("val.jsonl");
  data.test = at((folder.path() / "val.jsonl").string());
  const DataSplits splits = load_data(data, good_or_bad());
  EXPECT_THAT(splits.train.texts, ElementsAre("fine", "dull"));
  EXPECT_THAT(splits.train.targets, ElementsAre(1, 0));
  EXPECT_THAT(splits.validation->targets, ElementsAre(1));
  EXPECT_THAT(splits.test->texts, ElementsAre("nice"));
  EXPECT_EQ(splits.test_absent_reason, "");
}

TEST(LoadData, TakesOneColumnALabelByTheirPlaces) {
  const DataFolder folder;
  folder.write("train.jsonl",
               "{\"text\": \"x\", \"p\": 1, \"q\": 0}\n{\"text\": \"y\", \"p\": 0, \"q\": 1}\n");
  folder.write("val.csv", "text,q,p\nx,1,0\n");
  folder.write("test.txt", "__label__second y\n");
  const TaskConfig task = task_of(Kind::kMultiLabel, {"first", "second"});
  DataConfig data = below(folder);
  data.columns.label_columns = {"p", "q"};
  data.train.paths = {"train.jsonl"};
  data.validation = at("val.csv");
  data.test = at("test.txt");
  const DataSplits splits = load_data(data, task);
  EXPECT_THAT(splits.train.targets, ElementsAre(1, 0, 0, 1));
  EXPECT_THAT(splits.validation->targets, ElementsAre(0, 1));
  EXPECT_THAT(splits.test->targets, ElementsAre(0, 1))
      << "where a source has label names, they are those of task.labels";
  folder.write("headless.csv", "x,1,0\n");
  data.columns.header = false;
  data.columns.text = {"1"};
  data.columns.label_columns = {"2", "3"};
  EXPECT_THAT(
      load_dataset({{(folder.path() / "headless.csv").string()}}, data.columns, task, splits.labels).targets,
      ElementsAre(1, 0));
}

TEST(LoadData, RefusesDataInWhichNoExampleHasALabel) {
  const DataFolder folder;
  folder.write("train.txt", "no label\nanywhere\n");
  const TaskConfig task = task_of(Kind::kMultiLabel, {"first", "second"});
  DataConfig data = below(folder);
  data.train.paths = {"train.txt"};
  EXPECT_THAT(message_of<DataError>([&] { load_data(data, task); }),
              HasSubstr("'train.txt': no example has any of the labels"));
  EXPECT_THAT(message_of<DataError>([&] { load_data(data, good_or_bad()); }),
              HasSubstr("no training example has a label (lines of a .txt file have __label__ words"));
}

TEST(LoadData, NamesTheSeparatorOfLabelsThatWereTakenForOne) {
  const DataFolder folder;
  folder.write("train.csv", "text,label\nx,first|second\n");
  const TaskConfig task = task_of(Kind::kMultiLabel, {"first", "second"});
  EXPECT_THAT(
      message_of<DataError>([&] { load_data(below(folder), task); }),
      HasSubstr(
          "unknown label 'first|second': its parts are labels; set data.columns.label_separator: \"|\""));
}

TEST(LoadData, SaysWhyThereIsNoTestSet) {
  const DataFolder folder;
  folder.write("train.csv", "text,label\nfine,good\ndull,bad\n");
  DataConfig data = below(folder);
  EXPECT_EQ(load_data(data, good_or_bad()).test_absent_reason, "the configuration names no test data");
  data.test = at("none.csv", true);
  const DataSplits splits = load_data(data, good_or_bad());
  EXPECT_FALSE(splits.test.has_value());
  EXPECT_EQ(folder.relative(splits.test_absent_reason),
            "'none.csv' is not there, and the configuration calls it optional");
  data.test = at("none.csv");
  EXPECT_THAT(message_of<DataError>([&] { load_data(data, good_or_bad()); }), HasSubstr("does not exist"));
}

TEST(LoadData, NamesFileAndLineOfAHeldOutLabelThatTrainingLacks) {
  const DataFolder folder;
  folder.write("train.csv", "text,label\nfine,good\ndull,bad\n");
  folder.write("val.csv", "text,label\nnice,good\nso so,middling\n");
  DataConfig data = below(folder);
  data.validation = at("val.csv");
  EXPECT_EQ(folder.relative(message_of<DataError>([&] { load_data(data, good_or_bad()); })),
            "val.csv:3: unknown label 'middling' (expected one of 'bad', 'good')");
}

TEST(LoadData, CutsPartsWithTheirTargetsWeightsAndOrigins) {
  const DataFolder folder;
  std::string csv = "text,label,w\n";
  for (int i = 0; i < 20; ++i) csv += fmt::format("t{},{},{}\n", i, i % 2 == 0 ? "good" : "bad", i + 1);
  folder.write("train.csv", csv);
  DataConfig data = below(folder);
  data.columns.weight = "w";
  data.validation.split = SplitConfig{"random", 0.25, 3};
  const DataSplits splits = load_data(data, good_or_bad());
  ASSERT_EQ(splits.validation->size(), 5);
  ASSERT_EQ(splits.train.size(), 15);
  for (const Dataset* part : {&splits.train, &*splits.validation}) {
    for (size_t i = 0; i < part->texts.size(); ++i) {
      const int number = std::stoi(std::string(part->texts[i].substr(1)));
      EXPECT_EQ(part->targets[i], number % 2 == 0 ? 1.0f : 0.0f);
      EXPECT_EQ(part->weights[i], static_cast<float>(number + 1));
      EXPECT_EQ(folder.relative(part->origins[i]), "train.csv:" + std::to_string(number + 2));
    }
  }
}

TEST(LoadData, TrainsOnAShareAndHoldsOutTheSame) {
  const DataFolder folder;
  std::string rows = "text,label\n";
  for (int i = 0; i < 40; ++i) rows += fmt::format("text {},{}\n", i, i % 2 == 0 ? "good" : "bad");
  folder.write("train.csv", rows);
  DataConfig data = below(folder);
  const auto train_size = [&] { return load_data(data, good_or_bad()).train.size(); };
  data.train_fraction = 0.5;
  EXPECT_EQ(train_size(), 20);
  data.train_fraction = {};
  data.validation.split = SplitConfig{"stratified", 0.25, 1};
  const DataSplits all = load_data(data, good_or_bad());
  data.train_fraction = 0.5;
  const DataSplits half = load_data(data, good_or_bad());
  EXPECT_EQ(half.train.size(), 15);
  EXPECT_THAT(half.validation->texts, ::testing::ElementsAreArray(all.validation->texts));
  EXPECT_THAT(all.train.texts, ::testing::IsSupersetOf(half.train.texts));
  data.train_fraction = 1;
  EXPECT_THAT(load_data(data, good_or_bad()).train.texts, ::testing::ElementsAreArray(all.train.texts));
}

TEST(LoadData, MakesTheSameTargetsFromEveryFormat) {
  const DataFolder folder;
  folder.write("m.csv", "text,label\nx,\"a,b\"\ny,\nz,b\n");
  folder.write("m.tsv", "text\tlabel\nx\ta,b\ny\t\nz\tb\n");
  folder.write("m.jsonl",
               "{\"text\":\"x\",\"label\":[\"a\",\"b\"]}\n{\"text\":\"y\",\"label\":[]}\n{\"text\":\"z\","
               "\"label\":[\"b\"]}\n");
  folder.write("m.txt", "__label__a __label__b x\ny\n__label__b z\n");
  TaskConfig many;
  many.kind = Kind::kMultiLabel;
  DataConfig data = below(folder);
  for (const char* name : {"m.csv", "m.tsv", "m.jsonl", "m.txt"}) {
    SCOPED_TRACE(name);
    data.train.paths = {name};
    const DataSplits splits = load_data(data, many);
    EXPECT_THAT(splits.labels.names, ElementsAre("a", "b"));
    EXPECT_THAT(splits.train.texts, ElementsAre("x", "y", "z"));
    EXPECT_THAT(splits.train.targets, ElementsAre(1, 1, 0, 0, 0, 1));
  }
  folder.write("b.csv", "text,label\nx,good\ny,bad\n");
  folder.write("b.tsv", "text\tlabel\nx\tgood\ny\tbad\n");
  folder.write("b.jsonl", "{\"text\":\"x\",\"label\":\"good\"}\n{\"text\":\"y\",\"label\":\"bad\"}\n");
  folder.write("b.txt", "__label__good x\n__label__bad y\n");
  for (const char* name : {"b.csv", "b.tsv", "b.jsonl", "b.txt"}) {
    SCOPED_TRACE(name);
    data.train.paths = {name};
    EXPECT_THAT(load_data(data, good_or_bad()).train.targets, ElementsAre(1, 0));
  }
}

TEST(LoadDataset, UsesTheLabelsOfTheRun) {
  const DataFolder folder;
  const auto path = folder.write("more.csv", "text,label\nx,good\n");
  const Labels labels{Kind::kBinary, {"bad", "good"}};
  EXPECT_THAT(load_dataset({{path.string()}}, {}, good_or_bad(), labels).targets, ElementsAre(1));
}

TEST(LoadDataset, NamesTheFormatWhereNoLineHasALabel) {
  const DataFolder folder;
  const auto path = folder.write("more.txt", "text,label\nx,good\n").string();
  const auto message = [&](const TaskConfig& task, const Labels& labels) {
    return message_of<DataError>([&] { load_dataset({{path}}, {}, task, labels); });
  };
  const Labels binary{Kind::kBinary, {"bad", "good"}}, several{Kind::kMultiLabel, {"bad", "good"}};
  EXPECT_THAT(message(good_or_bad(), binary), HasSubstr("more.txt': no line has a word that begins with"));
  EXPECT_THAT(message(task_of(Kind::kMultiLabel, {"bad", "good"}), several),
              HasSubstr("say with --format csv, tsv or jsonl"));
  const SourceConfig table{{path}, "csv", false};
  EXPECT_THAT(load_dataset(table, {}, good_or_bad(), binary).targets, ElementsAre(1));
}

Dataset dataset_of(std::vector<std::string_view> texts, std::vector<float> targets) {
  Dataset dataset;
  const auto store = std::make_shared<TextStore>();
  for (size_t i = 0; i < texts.size(); ++i)
    dataset.origins.push_back(store->keep("file:" + std::to_string(i + 1)));
  dataset.store = store;
  dataset.texts = std::move(texts);
  dataset.targets = std::move(targets);
  return dataset;
}

TEST(Fingerprint, ChangesWithTextTargetWeightAndOrder) {
  const std::string base = fingerprint(dataset_of({"a", "bc"}, {1, 0}));
  EXPECT_EQ(fingerprint(dataset_of({"a", "bc"}, {1, 0})), base);
  EXPECT_NE(fingerprint(dataset_of({"ab", "c"}, {1, 0})), base);
  EXPECT_NE(fingerprint(dataset_of({"a", "bc"}, {1, 1})), base);
  EXPECT_NE(fingerprint(dataset_of({"bc", "a"}, {1, 0})), base);
  Dataset weighted = dataset_of({"a", "bc"}, {1, 0});
  weighted.weights = {1, 2};
  EXPECT_NE(fingerprint(weighted), base);
  EXPECT_EQ(unweighted_fingerprint(weighted), base);
}

TokenRows rows_of(const std::vector<std::vector<int32_t>>& rows) {
  TokenRows result;
  for (const auto& row : rows) {
    result.ids.insert(result.ids.end(), row.begin(), row.end());
    result.end_row();
  }
  return result;
}

TEST(Audit, CountsLabelsLengthsDuplicatesAndEmptyTexts) {
  DataSplits splits;
  splits.labels = {Kind::kBinary, {"bad", "good"}};
  splits.train = dataset_of({"aa", "", "aa", "!", "abcd"}, {1, 0, 1, 1, 1});
  const auto audit = audit_data(splits, rows_of({{2}, {}, {2}, {}, {1, 3}}), nullptr, nullptr, std::nullopt);
  const auto& train = audit.at("train");
  EXPECT_EQ(train.at("examples"), 5);
  EXPECT_EQ(train.at("labels").dump(), R"({"bad":1,"good":4})");
  EXPECT_EQ(train.at("empty_texts"), 1);
  EXPECT_EQ(train.at("texts_without_tokens"), 2);
  EXPECT_EQ(train.at("not_utf8").at("texts"), 0);
  EXPECT_EQ(train.at("duplicate_texts"), 1);
  EXPECT_EQ(train.at("unknown_token_rate"), 0.25);
  EXPECT_EQ(train.at("bytes").dump(), R"({"min":0,"median":2,"p95":2,"max":4,"mean":1.8,"total":9})");
  EXPECT_EQ(train.at("tokens").at("total"), 4);
  EXPECT_EQ(train.at("fingerprint"), fingerprint(splits.train));
  EXPECT_FALSE(train.contains("unweighted_fingerprint")) << "without weights it is the other one";
  EXPECT_FALSE(audit.contains("validation"));
  EXPECT_TRUE(audit.at("also_in_train").empty());
}

TEST(Audit, TellsExamplesOfOtherWeightsFromOtherExamples) {
  DataSplits splits;
  splits.labels = {Kind::kBinary, {"bad", "good"}};
  splits.train = dataset_of({"a", "b"}, {1, 0});
  const std::string unweighted = fingerprint(splits.train);
  splits.train.weights = {1, 3};
  const auto audit = audit_data(splits, rows_of({{2}, {3}}), nullptr, nullptr, std::nullopt);
  EXPECT_NE(audit.at("train").at("fingerprint"), unweighted);
  EXPECT_EQ(audit.at("train").at("unweighted_fingerprint"), unweighted);
}

TEST(Audit, WarnsOfTextsInAnotherEncodingAndOfAVocabularyThatDoesNotFit) {
  DataSplits splits;
  splits.labels = {Kind::kBinary, {"bad", "good"}};
  splits.train = dataset_of({"caf\xc3\xa9 au lait", "all of it is ASCII", "caf\xe9",
                             "more than thirty-two bytes before this one: \xff"},
                            {1, 0, 1, 0});
  const auto audit =
      audit_data(splits, rows_of({{1, 1}, {1, 1}, {1}, {1, 1}}), nullptr, nullptr, std::nullopt);
  EXPECT_EQ(audit.at("train").at("not_utf8").dump(), R"({"texts":2,"first":"file:3"})");
  EXPECT_THAT(
      audit_warnings(audit),
      ElementsAre("2 of 4 train texts are not UTF-8, such as file:3: their bytes beyond ASCII match no word "
                  "of a UTF-8 text; where they are of Windows or Latin-1, convert the file: iconv -f "
                  "WINDOWS-1252 -t UTF-8",
                  "100.0 % of the tokens of the train texts are unknown to the vocabulary, and the model "
                  "cannot tell them apart: set text.split: character (text.ngrams: [1, 2, 3, 4]) or a lower "
                  "text.vocabulary.min_count"));
}

TEST(Audit, MostTokensAreUnknownFromAShareOnThatWordsDoNotHave) {
  DataSplits splits;
  splits.labels = {Kind::kBinary, {"bad", "good"}};
  splits.train = dataset_of({"a b c d e", "f g h i j"}, {1, 0});
  const auto few_known = [&](const TokenView& rows) {
    return knows_few_tokens(audit_data(splits, rows, nullptr, nullptr, std::nullopt));
  };
  EXPECT_FALSE(few_known(rows_of({{1, 1, 1, 2, 3}, {1, 1, 1, 2, 3}})));
  EXPECT_TRUE(few_known(rows_of({{1, 1, 1, 2, 3}, {1, 1, 1, 1, 3}})));
}

TEST(Audit, FindsTextsThatLeakFromTraining) {
  DataSplits splits;
  splits.labels = {Kind::kBinary, {"bad", "good"}};
  splits.train = dataset_of({"a", "b", "c"}, {1, 0, 1});
  splits.validation = dataset_of({"x", "b"}, {1, 0});
  splits.test = dataset_of({"y", "z"}, {1, 0});
  const TokenView rows = rows_of({{2}, {2}, {2}}), held_out = rows_of({{2}, {2}});
  const auto audit = audit_data(splits, rows, &held_out, &held_out, std::nullopt);
  EXPECT_EQ(
      audit.at("also_in_train").dump(),
      R"({"validation":{"texts":1,"examples":[["file:2","file:2"]]},"test":{"texts":0,"examples":[]}})");
  EXPECT_THAT(
      audit_warnings(audit),
      ElementsAre("1 of 2 validation texts stand in the training data too, such as file:2: their "
                  "answers were learned, which can make validation accuracy up to 50 points too good"));
}

TEST(Audit, FindsTextsOfTrainingAmongOthersThatAreGiven) {
  const Dataset train = dataset_of({"a", "b", ""}, {1, 0, 1}),
                given = dataset_of({"x", "", "b", "a"}, {1, 0, 1, 1});
  const auto found = overlap(train, given);
  EXPECT_EQ(found.dump(), R"({"texts":2,"examples":[["file:2","file:3"],["file:1","file:4"]]})");
  EXPECT_EQ(overlap_warning("", found, given.size()),
            "2 of 4 texts stand in the training data too, such as file:3: their answers were learned, which "
            "can make "
            "accuracy up to 50 points too good");
  EXPECT_EQ(overlap_warning("", overlap(train, dataset_of({"x"}, {1})), 1), "");
}

TEST(Audit, CountsGroupsAndThoseOfBothSides) {
  DataSplits splits;
  splits.labels = {Kind::kBinary, {"bad", "good"}};
  splits.train = dataset_of({"a", "b", "c"}, {1, 0, 1});
  splits.train.groups = {"Ann", "Bob", "Ann"};
  splits.validation = dataset_of({"x", "y", "z"}, {1, 0, 1});
  splits.validation->groups = {"Bob", "Cid", "Bob"};
  splits.test = dataset_of({"v", "w"}, {1, 0});
  splits.test->groups = {"Dan", "Eve"};
  const TokenView rows = rows_of({{2}, {2}, {2}}), two = rows_of({{2}, {2}});
  const auto audit = audit_data(splits, rows, &rows, &two, std::nullopt);
  EXPECT_EQ(audit.at("train").at("groups"), 2);
  EXPECT_EQ(audit.at("validation").at("groups"), 2);
  EXPECT_EQ(audit.at("groups_in_train").dump(),
            R"({"validation":{"groups":1,"texts":2,"examples":[["file:2","file:1"]]},)"
            R"("test":{"groups":0,"texts":0,"examples":[]}})");
  EXPECT_THAT(
      audit_warnings(audit),
      ElementsAre("1 of 2 validation groups by data.columns.group stand in the training data too, with 2 "
                  "of 3 texts, such as file:1 with file:2: the figures may be better than those of "
                  "groups that the model has never seen"));
  splits.train.groups.clear();
  splits.validation->groups.clear();
  splits.test->groups.clear();
  const auto without = audit_data(splits, rows, &rows, &two, std::nullopt);
  EXPECT_FALSE(without.contains("groups_in_train") || without.at("train").contains("groups"));
}

TEST(Audit, TakesEmptyTextsForNoLeak) {
  DataSplits splits;
  splits.labels = {Kind::kBinary, {"bad", "good"}};
  splits.train = dataset_of({"", "b"}, {1, 0});
  splits.test = dataset_of({"", "z"}, {1, 0});
  const TokenView rows = rows_of({{2}, {2}});
  const auto audit = audit_data(splits, rows, nullptr, &rows, std::nullopt);
  EXPECT_EQ(audit.at("also_in_train").at("test").at("texts"), 0);
}

TEST(Audit, FindsRepeatedTextsWithOtherLabels) {
  DataSplits splits;
  splits.labels = {Kind::kMultiLabel, {"news", "sport"}};
  splits.train = dataset_of({"a", "b", "a", "a"}, {1, 0, 0, 1, 1, 0, 1, 1});
  splits.train.num_labels = 2;
  const auto audit = audit_data(splits, rows_of({{2}, {2}, {2}, {2}}), nullptr, nullptr, std::nullopt);
  EXPECT_EQ(audit.at("train").at("conflicting_labels").dump(), R"({"texts":1,"first":["file:1","file:4"]})");
  EXPECT_THAT(
      audit_warnings(audit),
      ElementsAre("1 of 4 train examples repeat a text with other labels, such as file:4 that of file:1: no "
                  "model can be right on both"));
}

TEST(Audit, WarnsWhereMostTextsFillTheSequence) {
  DataSplits splits;
  splits.labels = {Kind::kBinary, {"bad", "good"}};
  splits.train = dataset_of({"a", "b", "c c c"}, {1, 0, 1});
  const auto counted = [&](int64_t length) {
    return audit_data(splits, rows_of({{2}, {2, 3}, {2, 3}}), nullptr, nullptr, length);
  };
  EXPECT_THAT(
      audit_warnings(counted(2)),
      ElementsAre("2 of 3 train texts fill text.sequence_length: what follows in them is not read; a larger "
                  "one, or null, reads more"));
  EXPECT_EQ(counted(1).at("train").at("texts_that_fill_sequence_length"), 1);
  EXPECT_THAT(audit_warnings(counted(3)), IsEmpty());
}

TEST(Audit, WarnsOfTextsWithoutTokensAndLabelsWithoutExamples) {
  DataSplits splits;
  splits.labels = {Kind::kMultiLabel, {"news", "sport"}};
  splits.train = dataset_of({"a", "?"}, {1, 0, 1, 0});
  splits.train.num_labels = 2;
  const auto audit = audit_data(splits, rows_of({{2}, {}}), nullptr, nullptr, std::nullopt);
  EXPECT_EQ(audit.at("train").at("labels").dump(), R"({"news":2,"sport":0})");
  EXPECT_THAT(audit_warnings(audit),
              ElementsAre("1 of 2 train texts have no token", "no train example has the label 'sport'"));
}

TEST(Audit, WarnsOnceOfAllLabelsWithoutExamples) {
  DataSplits splits;
  splits.labels.kind = Kind::kMultiLabel;
  for (int i = 0; i < 13; ++i) splits.labels.names.push_back(fmt::format("l{:02}", i));
  std::vector<float> targets(13, 0);
  targets[0] = 1;
  splits.train = dataset_of({"a"}, targets);
  splits.train.num_labels = 13;
  const auto warnings = audit_warnings(audit_data(splits, rows_of({{2}}), nullptr, nullptr, std::nullopt));
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_THAT(warnings[0], HasSubstr("no train example has the labels 'l01', 'l02', "));
  EXPECT_THAT(warnings[0], ::testing::EndsWith("'l10', ... and 2 more"));
}

TEST(Audit, FindsVariantsOfTrainingTextsThatTheModelCannotTellApart) {
  DataSplits splits;
  splits.labels = {Kind::kBinary, {"bad", "good"}};
  splits.train = dataset_of({"A fine film", "odd one", "dull", "?!", "same"}, {1, 0, 0, 0, 1});
  splits.test =
      dataset_of({"a  fine, FILM!", "strange one", "a fine film", "Dull", "...", "same"}, {1, 0, 1, 1, 0, 1});
  const TokenView rows = rows_of({{2, 3, 4}, {1, 5}, {6}, {}, {7}});
  const TokenView test = rows_of({{2, 3, 4}, {1, 5}, {2, 3, 1}, {6}, {}, {7}});
  const auto audit = audit_data(splits, rows, nullptr, &test, std::nullopt);
  EXPECT_EQ(audit.at("variants_in_train").dump(),
            R"({"test":{"texts":2,"examples":[["file:1","file:1"],["file:3","file:4"]]}})")
      << "not: other texts of unknown words, other ids, no tokens, the same letter for letter";
  EXPECT_THAT(audit_warnings(audit),
              ::testing::Contains(
                  "2 of 6 test texts stand in the training data but for case, punctuation and spaces, "
                  "such as file:1 for file:1: to the model they are the same"));
  EXPECT_TRUE(are_variants(" it's\tFINE ", "its fine."));
  EXPECT_FALSE(are_variants("a b", "ab"));
  EXPECT_FALSE(are_variants("?", "!"));
}

TEST(Audit, HasNothingToSayOfCleanData) {
  DataSplits splits;
  splits.labels = {Kind::kBinary, {"bad", "good"}};
  splits.train = dataset_of({"a", "b"}, {1, 0});
  EXPECT_THAT(audit_warnings(audit_data(splits, rows_of({{2}, {3}}), nullptr, nullptr, std::nullopt)),
              IsEmpty());
}

}  // namespace
}  // namespace bernoulli
