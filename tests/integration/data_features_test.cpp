// What data may look like, through every verb: several columns of text, parts by a column, several files,
// groups, weights by the names of labels, rare labels. Each is held against the same data written plainly.

#include <filesystem>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/program.h"
#include "support/temporary_folder.h"

namespace bernoulli::testing {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

constexpr const char* kModel = R"(
model: {layers: [{embedding: 8}, {mean_pool: {padding: exclude}}, {linear: 1}]}
optimizer: {adam: {lr: 0.05}}
training: {epochs: 3, batch_size: 8, seed: 5}
)";

struct Row {
  std::string title, body, part, label;
};

std::vector<Row> rows() {
  std::vector<Row> all;
  for (int i = 0; i < 90; ++i) {
    const bool good = i % 2 == 0;
    all.push_back({i % 9 == 0 ? "" : fmt::format("title{} of", i % 7),
                   i % 10 == 0 ? "" : fmt::format("a {} film {}", good ? "fine" : "dull", i % 5),
                   i % 5 == 1   ? "dev"
                   : i % 5 == 3 ? "test"
                                : "train",
                   good ? "good" : "bad"});
  }
  return all;
}

std::string joined(const Row& row) {
  return row.title.empty() ? row.body : row.body.empty() ? row.title : row.title + " " + row.body;
}

class DataFeatures : public ::testing::Test {
 protected:
  DataFeatures() {
    std::string all = "title,body,part,label\n", shards[2] = {all, all}, plain = "text,label\n",
                parts[3] = {plain, plain, plain};
    int number = 0;
    for (const Row& row : rows()) {
      const std::string line = fmt::format("{},{},{},{}\n", row.title, row.body, row.part, row.label);
      all += line;
      shards[number++ < 40 ? 0 : 1] += line;
      parts[row.part == "train" ? 0
            : row.part == "dev" ? 1
                                : 2] += fmt::format("{},{}\n", joined(row), row.label);
    }
    folder_.write("all.csv", all);
    folder_.write("shards/1.csv", shards[0]);
    folder_.write("shards/2.csv", shards[1]);
    folder_.write("train.csv", parts[0]);
    folder_.write("val.csv", parts[1]);
    folder_.write("test.csv", parts[2]);
    write_config("plain", "data: {train: train.csv, validation: val.csv, test: test.csv}");
    write_config(
        "columns",
        "data: {train: shards/*.csv, validation: {from: train, method: column}, test: {from: train, method: "
        "column}, columns: {text: [title, body], split: part}}");
  }

  void write_config(const std::string& name, const std::string& data,
                    const std::string& task = "task: {kind: binary, positive: good}") const {
    folder_.write(name + ".yaml", data + "\n" + task + kModel);
  }
  ProgramResult run(std::vector<std::string> words, const std::string& input = "") const {
    words.insert(words.begin(), BERNOULLI_PROGRAM);
    return run_program(words, input);
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  ProgramResult train(const std::string& name, const std::string& run_dir,
                      std::vector<std::string> more = {}) const {
    std::vector<std::string> words{
        "train",     path(name + ".yaml"), "--set",    "data.root=" + folder_.path().string(),
        "--run-dir", path(run_dir),        "--device", "cpu"};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }
  Json read_json(const std::string& name) const { return Json::parse(folder_.read(name)); }
  /// Figures of a run that depend on texts, targets, order and weights.
  std::pair<Json, Json> figures(const std::string& run_dir) const {
    const Json summary = read_json(run_dir + "/summary.json");
    return {summary["validation"], summary["test"]};
  }
  std::vector<std::string> fingerprints(const std::string& run_dir) const {
    const Json data = read_json(run_dir + "/data.json");
    return {data["train"]["fingerprint"], data["validation"]["fingerprint"], data["test"]["fingerprint"]};
  }

  TemporaryFolder folder_{TemporaryFolder::in_memory()};
};

TEST_F(DataFeatures, ColumnsPartsAndShardsAreTheRunOfTheSameDataWrittenPlainly) {
  ASSERT_EQ(train("plain", "plain").exit_code, 0);
  const ProgramResult columns = train("columns", "columns");
  ASSERT_EQ(columns.exit_code, 0) << columns.err;
  EXPECT_EQ(fingerprints("columns"), fingerprints("plain"));
  EXPECT_EQ(figures("columns"), figures("plain"));
  EXPECT_EQ(folder_.read("columns/vocabulary.txt"), folder_.read("plain/vocabulary.txt"));
  const Json files = read_json("columns/data.json")["files"]["train"];
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(files[0]["path"], path("shards/1.csv"));
  EXPECT_EQ(files[0]["examples"], 40);
  EXPECT_FALSE(read_json("plain/data.json").contains("files"));
  EXPECT_THAT(columns.err, HasSubstr("data.train: 2 files: " + path("shards/1.csv") + " (40), "));
}

TEST_F(DataFeatures, EveryVerbTakesTheRun) {
  ASSERT_EQ(train("columns", "run", {"--set", "training.epochs=2"}).exit_code, 0);
  const ProgramResult whole = train("columns", "whole");
  ASSERT_EQ(whole.exit_code, 0) << whole.err;
  const ProgramResult resumed = run(
      {"train", path("run/config.yaml"), "--set", "training.epochs=3", "--resume", "--run-dir", path("run")});
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_EQ(figures("run"), figures("whole"));
  const ProgramResult repeated = run({"train", path("whole/config.yaml"), "--run-dir", path("again")});
  ASSERT_EQ(repeated.exit_code, 0) << repeated.err;
  EXPECT_EQ(figures("again"), figures("whole"));

  const ProgramResult own = run({"evaluate", path("run"), "--json"});
  ASSERT_EQ(own.exit_code, 0) << own.err;
  EXPECT_EQ(Json::parse(own.out)["num_examples"], 18);
  const ProgramResult given =
      run({"evaluate", path("run/model.pt"), "--json", "--data", path("shards/*.csv")});
  ASSERT_EQ(given.exit_code, 0) << given.err;
  EXPECT_EQ(Json::parse(given.out)["num_examples"], 90)
      << "the column of parts is of the training source only";
  const ProgramResult both = run(
      {"evaluate", path("run"), "--json", "--data", path("shards/1.csv"), "--data", path("shards/2.csv")});
  ASSERT_EQ(both.exit_code, 0) << both.err;
  EXPECT_EQ(Json::parse(both.out)["num_examples"], 90);

  for (const char* format : {"torchscript", "onnx", "safetensors", "triton"}) {
    const ProgramResult exported =
        run({"export", path("run"), "--format", format, "--output", path(std::string("out.") + format)});
    EXPECT_EQ(exported.exit_code, 0) << format << exported.err;
  }
  EXPECT_EQ(run({"report", path("run"), path("whole"), "--output", path("page.html")}).exit_code, 0);
  const ProgramResult swept =
      run({"sweep", path("columns.yaml"), "--set", "data.root=" + folder_.path().string(), "--set",
           "training.epochs=1", "optimizer.adam.lr=0.1,0.01", "--sweep-dir", path("sweep")});
  EXPECT_EQ(swept.exit_code, 0) << swept.err;
}

TEST_F(DataFeatures, PredictJoinsTheColumnsOfTheModel) {
  ASSERT_EQ(train("columns", "run").exit_code, 0);
  const std::string lines = "title1 of a fine film 1\na dull film 2\ntitle2 of\n\n";
  const std::string as_lines = run({"predict", path("run"), "-"}, lines).out;
  const std::string csv = "body,title\na fine film 1,title1 of\na dull film 2,\n,title2 of\n\"\",\"\"\n";
  EXPECT_EQ(run({"predict", path("run"), "-", "--input", "csv"}, csv).out, as_lines);
  EXPECT_EQ(run({"predict", path("run"), "-", "--input", "csv", "--engine", "torchscript"}, csv).out,
            run({"predict", path("run"), "-", "--engine", "torchscript"}, lines).out);
  const std::string jsonl = R"({"title": "title1 of", "body": "a fine film 1"})"
                            "\n"
                            R"({"title": "", "body": "a dull film 2"})"
                            "\n"
                            R"({"title": "title2 of", "body": ""})"
                            "\n"
                            R"({"title": "", "body": ""})";
  EXPECT_EQ(run({"predict", path("run"), "-", "--input", "jsonl"}, jsonl).out, as_lines);
  EXPECT_EQ(run({"predict", path("run"), "-", "--input", "csv", "--text-column", "t", "--text-column", "b"},
                "b,t\na fine film 1,title1 of\na dull film 2,\n,title2 of\n\"\",\"\"\n")
                .out,
            as_lines);
  const ProgramResult fault = run({"predict", path("run"), "-", "--input", "csv"}, "title\nx\n");
  EXPECT_EQ(fault.exit_code, 3);
  EXPECT_THAT(fault.err, HasSubstr("no column 'body' for data.columns.text of the model"));
}

TEST_F(DataFeatures, GroupsStayTogetherThroughEveryVerb) {
  std::string csv = "text,label,author\n";
  for (int i = 0; i < 120; ++i)
    csv += fmt::format("a {} film {},{},author {}\n", i % 2 == 0 ? "fine" : "dull", i % 5,
                       i % 2 == 0 ? "good" : "bad", i % 17);
  folder_.write("grouped.csv", csv);
  write_config("groups",
               "data: {train: grouped.csv, validation: {from: train, folds: 4, fold: 1}, test: {from: train, "
               "fraction: 0.2, method: random}, columns: {group: author}}");
  const ProgramResult first = train("groups", "run");
  ASSERT_EQ(first.exit_code, 0) << first.err;
  const Json data = read_json("run/data.json");
  EXPECT_EQ(data["train"]["groups"].get<int>() + data["validation"]["groups"].get<int>() +
                data["test"]["groups"].get<int>(),
            17);
  for (const char* split : {"validation", "test"})
    EXPECT_EQ(data["groups_in_train"][split],
              (Json{{"groups", 0}, {"texts", 0}, {"examples", Json::array()}}));
  const ProgramResult by_author = run({"evaluate", path("run"), "--json", "--by", "author"});
  EXPECT_EQ(Json::parse(by_author.out)["slices"][0]["slices"].size(), data["test"]["groups"].get<size_t>());
  EXPECT_EQ(run({"train", path("run/config.yaml"), "--set", "training.epochs=4", "--resume", "--run-dir",
                 path("run")})
                .exit_code,
            0);
  EXPECT_EQ(run({"evaluate", path("run"), "--data", path("train.csv")}).exit_code, 0)
      << "what is judged by itself needs no groups";
  const ProgramResult swept =
      run({"sweep", path("groups.yaml"), "--set", "data.root=" + folder_.path().string(), "--set",
           "training.epochs=1", "data.validation.fold=1,2", "--sweep-dir", path("sweep")});
  EXPECT_EQ(swept.exit_code, 0) << swept.err;

  folder_.write("held.csv", "text,label,author\na fine film,good,author 3\na dull film,bad,someone else\n");
  write_config("own", "data: {train: grouped.csv, validation: held.csv, columns: {group: author}}");
  const ProgramResult own = train("own", "own");
  ASSERT_EQ(own.exit_code, 0) << own.err;
  EXPECT_THAT(own.err,
              HasSubstr("1 of 2 validation groups by data.columns.group stand in the training data too, "
                        "with 1 of 2 texts, such as " +
                        path("held.csv:2") + " with " + path("grouped.csv:5")));
}

/// But for the last digits of a logit, which may depend on the texts beside it in a batch.
void expect_same_figures(const Json& slice, const Json& alone) {
  const Json found = slice.flatten(), expected = alone.flatten();
  ASSERT_EQ(found.size(), expected.size()) << slice << alone;
  for (const auto& [key, value] : expected.items()) {
    ASSERT_TRUE(found.contains(key)) << key;
    if (value.is_number_float())
      EXPECT_NEAR(found[key].get<double>(), value.get<double>(), 1e-6) << key;
    else
      EXPECT_EQ(found[key], value) << key;
  }
}

/// Each slice has the figures of its texts alone.
TEST_F(DataFeatures, FiguresOfSlicesAreThoseOfTheirTexts) {
  ASSERT_EQ(train("plain", "run").exit_code, 0);
  const std::string header = "text,label,source\n",
                    mail = "a fine film,good,mail\na dull film of many more words,bad,mail\nfine,bad,mail\n",
                    web = "dull film,bad,\nwhat a fine and not a dull thing to see,good,\n";
  folder_.write("mixed.csv", header + mail + web);
  folder_.write("mail.csv", header + mail);
  folder_.write("web.csv", header + web);
  const auto evaluate = [&](const std::string& data, std::vector<std::string> more) {
    std::vector<std::string> words{"evaluate", path("run"), "--data", path(data), "--json"};
    words.insert(words.end(), more.begin(), more.end());
    const ProgramResult result = run(words);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return Json::parse(result.out);
  };
  const Json figures = evaluate("mixed.csv", {"--by", "source", "--by-length"});
  ASSERT_EQ(figures["slices"].size(), 2);
  EXPECT_EQ(figures["slices"][0]["by"], "words");
  EXPECT_EQ(figures["slices"][0]["slices"][0]["slice"], "1 to 2");
  Json by_source = figures["slices"][1];
  EXPECT_EQ(by_source["by"], "source");
  for (int i = 0; i < 2; ++i) {
    Json& slice = by_source["slices"][i];
    EXPECT_EQ(slice["slice"], i == 0 ? "mail" : "");
    slice.erase("slice");
    expect_same_figures(slice, evaluate(i == 0 ? "mail.csv" : "web.csv", {}));
  }
  Json without = figures;
  without.erase("slices");
  EXPECT_EQ(without, evaluate("mixed.csv", {}));

  const ProgramResult table = run({"evaluate", path("run"), "--data", path("mixed.csv"), "--by", "source"});
  EXPECT_THAT(table.out, ContainsRegex("\nsource +examples +accuracy .*\nmail +3 .*\n.empty. +2 "));
}

TEST_F(DataFeatures, SlicesBySeveralColumnsAreThoseByEach) {
  ASSERT_EQ(train("plain", "run").exit_code, 0);
  folder_.write(
      "mixed.csv",
      "text,label,source,year\na fine film,good,mail,2024\na dull film,bad,mail,2025\nfine,bad,,2025\n");
  const auto slices = [&](std::vector<std::string> by) {
    std::vector<std::string> words{"evaluate", path("run"), "--data", path("mixed.csv"), "--json"};
    for (const std::string& column : by) words.insert(words.end(), {"--by", column});
    const ProgramResult result = run(words);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return Json::parse(result.out)["slices"];
  };
  const Json both = slices({"year", "source"});
  ASSERT_EQ(both.size(), 2);
  EXPECT_EQ(both[0], slices({"year"})[0]);
  EXPECT_EQ(both[1], slices({"source"})[0]);
  EXPECT_EQ(both[0]["slices"][0]["slice"], "2025");
  EXPECT_EQ(both[1]["slices"][1]["slice"], "");
}

/// The fifth example of `evaluate --help`: the quickstart's table has no header and no quotes.
TEST_F(DataFeatures, SlicesOfATableThatIsNotWrittenAsTheTrainingData) {
  std::string rated;
  for (int i = 0; i < 40; ++i)
    rated += fmt::format("{}\t{}\ta {} film\n", i, i % 2 == 0 ? 1.5 : -1.5, i % 2 == 0 ? "fine" : "dull");
  folder_.write("rated.tsv", rated);
  write_config("rated", "data: {train: rated.tsv, columns: {header: false, text: 3, label: 2, quote: \"\"}}",
               "task: {kind: binary, positive_above: 0, labels: [negative, positive]}");
  const ProgramResult trained = train("rated", "run");
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  folder_.write("reviews.csv",
                "review,rating,source\n\"a fine film, and long\",2,mail\nso dull,-1,mail\ndull,-2,web\n");
  const ProgramResult result =
      run({"evaluate", path("run"), "--by-length", "--data", path("reviews.csv"), "--by", "source", "--set",
           "data.columns.header=true", "--set", "data.columns.text=review", "--set",
           "data.columns.label=rating", "--set", "data.columns.quote=\"\\\"\"", "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json slices = Json::parse(result.out)["slices"];
  EXPECT_EQ(slices[1]["by"], "source");
  EXPECT_EQ(slices[1]["slices"][0]["slice"], "mail");
}

TEST_F(DataFeatures, SlicesNeedTheirColumn) {
  ASSERT_EQ(train("plain", "run").exit_code, 0);
  const ProgramResult own = run({"evaluate", path("run"), "--by", "source"});
  EXPECT_EQ(own.exit_code, 2);
  EXPECT_THAT(own.err, HasSubstr("--by source: the run's own data are read without that column"));
  EXPECT_EQ(run({"evaluate", path("run"), "--data", path("test.csv"), "--by", ""}).exit_code, 2);
  const ProgramResult absent = run({"evaluate", path("run"), "--data", path("test.csv"), "--by", "source"});
  EXPECT_EQ(absent.exit_code, 3);
  EXPECT_THAT(absent.err, HasSubstr("no column 'source' for --by (the header has: text, label)"));
}

TEST_F(DataFeatures, WeightsByTheNamesOfLabelsAndRareLabels) {
  std::string csv = "text,label\n";
  for (int i = 0; i < 60; ++i)
    csv += fmt::format("word{} film,\"{}{}{}\"\n", i % 6, i % 2 == 0 ? "even" : "",
                       i % 3 == 0 ? ",third" : "", i == 7 ? ",odd" : "");
  folder_.write("labels.csv", csv);
  write_config("labels", "data: {train: labels.csv, validation: {from: train, fraction: 0.2}}",
               "task: {kind: multi_label, min_count: 2}\nloss: {pos_weight: {third: 3}}");
  const std::vector<std::string> two = {"--set", "model.layers[2].linear=2"};
  const ProgramResult named = train("labels", "named", two);
  ASSERT_EQ(named.exit_code, 0) << named.err;
  EXPECT_THAT(named.err,
              HasSubstr("task.min_count 2 leaves out 1 label with fewer training examples: 'odd' (1)"));
  const Json data = read_json("named/data.json");
  EXPECT_EQ(data["pos_weight"], Json({1.0, 3.0}));
  EXPECT_EQ(data["labels"]["names"], Json({"even", "third"}));
  EXPECT_EQ(data["left_out_labels"], Json({{"odd", 1}}));
  EXPECT_EQ(data["train"]["examples"], 48);
  std::vector<std::string> listed = two;
  listed.insert(listed.end(), {"--set", "loss.pos_weight=[1, 3]"});
  ASSERT_EQ(train("labels", "listed", listed).exit_code, 0);
  EXPECT_EQ(read_json("named/summary.json")["validation"], read_json("listed/summary.json")["validation"]);
  EXPECT_EQ(run({"evaluate", path("named"), "--data", path("labels.csv")}).exit_code, 0)
      << "labels that the task does not have are passed over";
  EXPECT_EQ(run({"train", path("named/config.yaml"), "--set", "training.epochs=4", "--resume", "--run-dir",
                 path("named")})
                .exit_code,
            0);
  std::vector<std::string> wrong = two;
  wrong.insert(wrong.end(), {"--set", "loss.pos_weight.thirt=2"});
  const ProgramResult unknown = train("labels", "unknown", wrong);
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_THAT(unknown.err,
              HasSubstr("loss.pos_weight.thirt: the data have no such label (they have even, third); did "
                        "you mean 'third'?"));
  const ProgramResult rare =
      train("labels", "rare", {"--set", "task.min_count=25", "--set", "model.layers[2].linear=1"});
  EXPECT_EQ(rare.exit_code, 2);
  EXPECT_THAT(rare.err, ContainsRegex("loss.pos_weight.third: task.min_count leaves that label out, which "
                                      "[0-9]+ training examples have"));
}

}  // namespace
}  // namespace bernoulli::testing
