// model.start_from: a training that begins with the weights of an earlier run.

#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/program.h"
#include "support/suite_folder.h"

namespace bernoulli::testing {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kFirstConfig = R"(
data:
  train: {path: data.csv}
  validation: {from: train, fraction: 0.25, method: stratified, seed: 3}
task: {kind: binary, positive: good}
model:
  layers: [{embedding: 4}, {mean_pool: {padding: exclude}}, {linear: 3}, tanh, {linear: 1}]
optimizer: {adam: {lr: 0.05}}
training: {epochs: 4, batch_size: 8, seed: 5}
)";

class EarlierRun : public SuiteFolder {
 protected:
  EarlierRun() {
    write_data("data.csv", {"fine", "lovely"}, {"dull", "flat"});
    folder_.write("config.yaml", kFirstConfig);
    once("first", [&] {
      const ProgramResult first = train("first");
      ASSERT_EQ(first.exit_code, 0) << first.err;
    });
  }

  void write_data(const std::string& name, const std::vector<std::string>& good,
                  const std::vector<std::string>& bad, const std::string& good_label = "good",
                  const std::string& bad_label = "bad") const {
    std::string csv = "text,label\n";
    for (size_t i = 0; i < 80; ++i)
      csv += (i % 2 == 0 ? good : bad)[i / 2 % 2] + " film " + std::to_string(i % 7) + "," +
             (i % 2 == 0 ? good_label : bad_label) + "\n";
    folder_.write(name, csv);
  }
  ProgramResult run(std::vector<std::string> words) const {
    words.insert(words.begin(), BERNOULLI_PROGRAM);
    return run_program(words, "");
  }
  ProgramResult train(const std::string& run_dir, const std::vector<std::string>& settings = {}) const {
    std::vector<std::string> words = {"train",     path("config.yaml"), "--set",    "data.root=" + path(""),
                                      "--run-dir", path(run_dir),       "--device", "cpu"};
    for (const std::string& setting : settings) words.insert(words.end(), {"--set", setting});
    return run(words);
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string start() const { return "model.start_from=" + path("first"); }
  Json json(const std::string& name) const { return Json::parse(folder_.read(name)); }
};

/// An update that changes no number leaves the weights that a training begins with.
constexpr const char* kNoLearning = "optimizer={sgd: {lr: 1.0e-30}}";

TEST_F(EarlierRun, IsWhatAModelBeginsWithOnEitherEngine) {
  for (const char* engine : {"fused", "reference"}) {
    const std::string name = std::string("second_") + engine;
    const ProgramResult second =
        train(name, {start(), kNoLearning, "training.max_steps=1", std::string("training.engine=") + engine});
    ASSERT_EQ(second.exit_code, 0) << second.err;
    EXPECT_THAT(second.err, HasSubstr("5 of 5 tensors start from '" + path("first") + "', step "));
    EXPECT_NEAR(json(name + "/summary.json")["validation"]["metrics"]["loss"].get<double>(),
                json("first/summary.json")["validation"]["metrics"]["loss"].get<double>(), 1e-6);
    const Json record = json(name + "/data.json")["start_from"];
    EXPECT_EQ(record["path"], path("first"));
    EXPECT_EQ(record["rows_found"], record["rows"]);
    EXPECT_EQ(record["fingerprint"].get<std::string>().size(), 32u);
    EXPECT_EQ(record["tensors"].size(), 5u);
    EXPECT_THAT(folder_.read(name + "/report.html"), HasSubstr("begins with the weights of"));
  }
}

TEST_F(EarlierRun, GivesTheRowsOfTokensThatBothHave) {
  write_data("other.csv", {"fine", "good"}, {"dull", "bad"});
  const ProgramResult second =
      train("second", {start(), kNoLearning, "training.max_steps=1", "data.train.path=other.csv"});
  ASSERT_EQ(second.exit_code, 0) << second.err;
  const Json record = json("second/data.json")["start_from"];
  EXPECT_EQ(record["rows"], 2 + 4 + 1 + 7);
  EXPECT_EQ(record["rows_found"], 2 + 2 + 1 + 7) << "padding, unknown; fine, dull, film, the numbers";

  const std::string astray = path("first/checkpoints/step-000000999.safetensors");
  fs::copy_file(path("second/checkpoints/" + json("second/summary.json")["checkpoint"].get<std::string>()),
                astray);
  const ProgramResult third = train("third", {"model.start_from=" + astray});
  EXPECT_EQ(third.exit_code, 4);
  EXPECT_THAT(third.err,
              HasSubstr(astray + "' was not trained with the vocabulary of the run that it lies in"));
}

TEST_F(EarlierRun, MayHaveFilledBucketsThatNoTrainingTextHas) {
  const std::string hashed = "text={hashing: 50}";
  ASSERT_EQ(train("hashed", {hashed}).exit_code, 0);
  ASSERT_EQ(train("second", {hashed, "model.start_from=" + path("hashed")}).exit_code, 0);
  const ProgramResult refused =
      run({"export", path("second"), "--buckets", "used", "--output", path("small.pt")});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("buckets that no training text has hold what model.start_from brought"));
}

TEST_F(EarlierRun, IsNotNeededOnceThereIsACheckpoint) {
  ASSERT_EQ(train("whole", {start()}).exit_code, 0);
  ASSERT_EQ(train("cut", {start(), "training.max_steps=10"}).exit_code, 0);
  const Json record = json("cut/data.json")["start_from"];
  fs::rename(folder_ / "first", folder_ / "away");
  const ProgramResult resumed =
      run({"train", "--resume", "--run-dir", path("cut"), "--set", "training.max_steps=null"});
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_EQ(json("cut/data.json")["start_from"], record);
  const std::string checkpoint =
      "/checkpoints/" + json("whole/summary.json")["checkpoint"].get<std::string>();
  EXPECT_EQ(folder_.read("cut" + checkpoint), folder_.read("whole" + checkpoint));

  fs::remove_all(folder_ / "cut/checkpoints");
  const ProgramResult lost = run({"train", "--resume", "--run-dir", path("cut")});
  EXPECT_EQ(lost.exit_code, 4);
  EXPECT_THAT(lost.err, HasSubstr("run '" + path("cut") + "' has saved checkpoints"));
  fs::remove(folder_ / "cut/metrics.jsonl");
  fs::remove(folder_ / "cut/summary.json");
  const ProgramResult anew = run({"train", "--resume", "--run-dir", path("cut")});
  EXPECT_EQ(anew.exit_code, 4);
  EXPECT_THAT(anew.err, HasSubstr("model.start_from: '" + path("first") + "' does not exist"));
  fs::rename(folder_ / "away", folder_ / "first");
  EXPECT_EQ(run({"train", "--resume", "--run-dir", path("cut")}).exit_code, 0);
  EXPECT_EQ(folder_.read("cut" + checkpoint), folder_.read("whole" + checkpoint));
  const ProgramResult other =
      run({"train", "--resume", "--run-dir", path("cut"), "--set", "model.start_from=null"});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.err, HasSubstr("model.start_from: {"));
}

TEST_F(EarlierRun, MayBeOneOfItsCheckpoints) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder_ / "first/checkpoints"))
    names.push_back(entry.path().filename().string());
  ASSERT_GT(names.size(), 1u);
  for (const std::string& name : names) {
    const std::string file = path("first/checkpoints/" + name);
    const ProgramResult second =
        train("from_" + name, {"model.start_from=" + file, kNoLearning, "training.max_steps=1"});
    ASSERT_EQ(second.exit_code, 0) << second.err;
    EXPECT_EQ(fmt::format("step-{:09}.safetensors",
                          json("from_" + name + "/data.json")["start_from"]["step"].get<int64_t>()),
              name);
  }
}

TEST_F(EarlierRun, IsRefusedWhereItDoesNotFit) {
  const auto refused = [&](int exit_code, const std::vector<std::string>& settings,
                           const std::string& message) {
    const ProgramResult result = train("second", settings);
    EXPECT_EQ(result.exit_code, exit_code) << result.err;
    EXPECT_THAT(result.err, HasSubstr(message));
    EXPECT_FALSE(fs::exists(folder_ / "second")) << "a run that did not begin leaves nothing";
  };
  refused(4, {"model.start_from=" + path("nowhere")}, "nowhere' does not exist (expected a run folder or a ");
  refused(4, {"model.start_from=" + path("first/checkpoints")}, "is not a run folder: it has no config.yaml");
  refused(4, {"model.start_from=" + path("first/model.pt")}, "is no checkpoint in a run folder");
  refused(2, {start(), "model.layers[2].linear=5"},
          "linear_2.weight: has shape [3, 4] there and [5, 4] here");
  refused(2, {start(), "text={hashing: 50}"}, "its rows are tokens of a vocabulary there and hashed here");
  refused(2, {start(), "model.layers[0].embedding.initializer=naive_bayes"},
          "model.layers[0].embedding.initializer: is naive_bayes, and model.start_from decides how the table "
          "starts (leave one of them out)");
  refused(2, {"model.start_from={path: x, unmatched: keep}"},
          "model.start_from.unmatched: is 'keep' (expected ");
  refused(2, {"model.start_from={unmatched: draw}"}, "model.start_from.path: is missing");
}

TEST_F(EarlierRun, LeavesWhatDoesNotMatchToTheDrawsWhereItIsAskedTo) {
  const ProgramResult second = train("second", {start(), "model.start_from.unmatched=draw",
                                                "model.layers[2].linear=5", "task={positive: bad}"});
  ASSERT_EQ(second.exit_code, 0) << second.err;
  EXPECT_THAT(second.err,
              HasSubstr("warning: linear_2.weight: has shape [3, 4] there and [5, 4] here: starts as "
                        "without model.start_from"));
  EXPECT_THAT(second.err, HasSubstr(" are bad, good, these the other way round: its logit starts negated"));
  EXPECT_EQ(json("second/data.json")["start_from"]["drawn"].size(), 3u);
}

TEST_F(EarlierRun, AnswersAlikeForTheSameClassWhicheverIsThePositiveOne) {
  const auto logit = [&](const std::string& name) {
    return Json::parse(run({"predict", path(name), "--text", "fine film"}).out)["logit"].get<float>();
  };
  const std::vector<std::string> settings = {start(), kNoLearning, "training.max_steps=1"};
  std::vector<std::string> turned = settings;
  turned.emplace_back("task={positive: bad}");
  const ProgramResult second = train("turned", turned);
  ASSERT_EQ(second.exit_code, 0) << second.err;
  EXPECT_THAT(second.err, Not(HasSubstr("were trained for the labels")));
  EXPECT_NE(logit("first"), 0);
  EXPECT_NEAR(logit("turned"), -logit("first"), 1e-5);
  EXPECT_EQ(json("turned/data.json")["start_from"]["labels"]["matched"], "negated");

  write_data("data.csv", {"fine", "lovely"}, {"dull", "flat"}, "yes", "no");
  std::vector<std::string> renamed = settings;
  renamed.emplace_back("task={positive: yes}");
  const ProgramResult third = train("renamed", renamed);
  ASSERT_EQ(third.exit_code, 0) << third.err;
  EXPECT_THAT(third.err, HasSubstr("warning: the weights of '" + path("first") + "', step "));
  EXPECT_THAT(third.err, HasSubstr("were trained for the labels bad, good, and these are no, yes"));
  EXPECT_NEAR(logit("renamed"), logit("first"), 1e-5);
}

TEST_F(EarlierRun, GivesLabelsByName) {
  const auto train_labels = [&](const std::string& run_dir, const std::vector<std::string>& names,
                                std::vector<std::string> settings) {
    std::string rows, list;
    for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
    for (size_t i = 0; i < 96; ++i) {
      const std::string& name = names[i % names.size()];
      rows +=
          Json{{"text", name + " film " + std::to_string(i % 7)}, {"labels", Json::array({name})}}.dump() +
          "\n";
    }
    folder_.write("rows.jsonl", rows);
    settings.insert(settings.end(), {"data.train=rows.jsonl", "data.columns.label=labels",
                                     "task={kind: multi_label, labels: [" + list + "]}",
                                     fmt::format("model.layers[4].linear={}", names.size())});
    return train(run_dir, settings);
  };
  const auto logits = [&](const std::string& name) {
    return Json::parse(run({"predict", path(name), "--text", "red film"}).out)["logits"];
  };
  ASSERT_EQ(train_labels("labels", {"red", "green", "blue"}, {}).exit_code, 0);
  const std::vector<std::string> start = {"model.start_from=" + path("labels"), kNoLearning,
                                          "training.max_steps=1"};
  const Json before = logits("labels");
  EXPECT_NE(before["red"], before["blue"]);

  const ProgramResult turned = train_labels("turned", {"blue", "green", "red"}, start);
  ASSERT_EQ(turned.exit_code, 0) << turned.err;
  EXPECT_THAT(turned.err, HasSubstr("by name: 'blue', 'green', 'red'; drawn: none; not used: none"));
  for (const char* name : {"red", "green", "blue"})
    EXPECT_NEAR(logits("turned")[name].get<float>(), before[name].get<float>(), 1e-5) << name;

  const ProgramResult more = train_labels("more", {"red", "grey", "green", "pink"}, start);
  ASSERT_EQ(more.exit_code, 0) << more.err;
  EXPECT_THAT(more.err, HasSubstr("by name: 'red', 'green'; drawn: 'grey', 'pink'; not used: 'blue'"));
  for (const char* name : {"red", "green"})
    EXPECT_NEAR(logits("more")[name].get<float>(), before[name].get<float>(), 1e-5) << name;
  EXPECT_EQ(json("more/data.json")["start_from"]["labels"], Json({{"matched", "by name"},
                                                                  {"taken", {"red", "green"}},
                                                                  {"drawn", {"grey", "pink"}},
                                                                  {"unused", Json::array({"blue"})}}));
}

TEST_F(EarlierRun, IsWhatADryRunAndAComparisonBeginWithToo) {
  const ProgramResult dry = run({"train", path("config.yaml"), "--set", "data.root=" + path(""), "--set",
                                 start(), "--dry-run", "--device", "cpu"});
  EXPECT_EQ(dry.exit_code, 0) << dry.err;
  EXPECT_THAT(dry.err, HasSubstr("5 of 5 tensors start from"));
  const ProgramResult compared =
      run({"stability", path("config.yaml"), "--set", "data.root=" + path(""), "--set", start(), "--set",
           "stability={seeds: 2, max_steps: 3, dtypes: [float32], stress: []}", "--output", path("stability"),
           "--device", "cpu"});
  EXPECT_EQ(compared.exit_code, 0) << compared.err;
  EXPECT_THAT(compared.err, HasSubstr("5 of 5 tensors start from"));
  EXPECT_THAT(train("plain").err, Not(HasSubstr("start from")));
}

}  // namespace
}  // namespace bernoulli::testing
