// The program from the outside, as its users call it: train, evaluate, predict, export, resume, signals.

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <sstream>
#include <string>
#include <tuple>

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
using ::testing::Not;

constexpr const char* kConfig = R"(
data:
  train: {path: data.csv}
  validation: {from: train, fraction: 0.2, method: stratified, seed: 3}
  test: {from: train, fraction: 0.2, method: stratified, seed: 3}
task: {kind: binary, positive: good}
model:
  layers: [{embedding: 8}, {dropout: 0.2}, {mean_pool: {padding: exclude}}, {linear: 1}]
optimizer: {adam: {lr: 0.05}}
training: {epochs: 8, batch_size: 8, seed: 5}
)";

class EndToEnd : public ::testing::Test {
 protected:
  EndToEnd() {
    std::string csv = "text,label\n";
    for (int i = 0; i < 100; ++i) {
      const bool good = i % 2 == 0;
      csv += std::string(good ? "\"A fine, caf\xc3\xa9 " : "\"Dull, \"\"flat\"\" ") + "film " +
             std::to_string(i) + "\"," + (good ? "good" : "bad") + "\n";
    }
    folder_.write("data.csv", csv);
    folder_.write("config.yaml", kConfig);
  }

  std::vector<std::string> words(std::vector<std::string> rest) const {
    rest.insert(rest.begin(), BERNOULLI_PROGRAM);
    return rest;
  }
  ProgramResult run(std::vector<std::string> rest, const std::string& input = "") const {
    return run_program(words(std::move(rest)), input);
  }
  std::vector<std::string> train_words(const std::string& run_dir, std::vector<std::string> more = {}) const {
    std::vector<std::string> all = {
        "train",     (folder_ / "config.yaml").string(), "--set",    "data.root=" + folder_.path().string(),
        "--run-dir", (folder_ / run_dir).string(),       "--device", "cpu"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  /// Every fifth label is wrong, which nobody can know.
  void write_noisy_data() const {
    std::string csv = "text,label\n";
    for (int i = 0; i < 300; ++i)
      csv += std::string(i % 2 == 0 ? "fine" : "dull") + " film," +
             ((i % 2 == 0) != (i % 5 == 0) ? "good" : "bad") + "\n";
    folder_.write("data.csv", csv);
  }
  Json read_json(const std::string& name) const { return Json::parse(folder_.read(name)); }

  TemporaryFolder folder_;
};

TEST_F(EndToEnd, TrainWritesTheWholeRunFolder) {
  const ProgramResult trained = run(train_words("run"));
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  for (const char* name : {"config.yaml", "environment.json", "data.json", "vocabulary.txt", "metrics.jsonl",
                           "model.pt", "report.html", "summary.json"}) {
    EXPECT_TRUE(fs::is_regular_file(folder_ / ("run/" + std::string(name)))) << name;
  }
  const Json summary = read_json("run/summary.json");
  EXPECT_EQ(summary["test"]["num_examples"], 20);
  EXPECT_EQ(summary["test"]["metrics"]["accuracy"], 1.0);
  EXPECT_EQ(summary["artifact"]["max_difference"], 0.0);
  EXPECT_EQ(summary["artifact"]["verified_texts"], 20);
  EXPECT_EQ(summary["timings"]["epoch_seconds"].size(), 8u);
  EXPECT_GT(summary["peak_memory_mib"], 0);
  std::set<std::string> events;
  std::istringstream log(folder_.read("run/metrics.jsonl"));
  for (std::string line; std::getline(log, line);) {
    const Json event = Json::parse(line);
    EXPECT_TRUE(event.contains("epoch") && event.contains("step") && event.contains("seconds")) << line;
    events.insert(event["event"]);
  }
  EXPECT_EQ(events,
            (std::set<std::string>{"train", "stability", "validation", "checkpoint", "stop", "test"}));
}

TEST_F(EndToEnd, TheSavedConfigurationRepeatsTheRunBitForBit) {
  ASSERT_EQ(run(train_words("a")).exit_code, 0);
  const ProgramResult again = run({"train", (folder_ / "a/config.yaml").string(), "--run-dir",
                                   (folder_ / "b").string(), "--device", "cpu"});
  ASSERT_EQ(again.exit_code, 0) << again.err;
  const std::string checkpoint = read_json("a/summary.json")["checkpoint"];
  EXPECT_EQ(folder_.read("a/checkpoints/" + checkpoint), folder_.read("b/checkpoints/" + checkpoint));
}

/// A run's metrics without what a clock says.
std::vector<Json> timeless(const std::string& metrics) {
  std::vector<Json> events;
  std::istringstream log(metrics);
  for (std::string line; std::getline(log, line);) {
    events.push_back(Json::parse(line));
    for (const char* key : {"seconds", "epoch_seconds", "wall_time"}) events.back().erase(key);
  }
  return events;
}

TEST_F(EndToEnd, ARunFromTheTokenCacheIsTheRunFromTheSources) {
  const std::vector<std::string> kept = {"--set", "data.cache={folder: cache, check: contents}"};
  const ProgramResult without = run(train_words("without", {"--set", "data.cache=off"}));
  const ProgramResult cold = run(train_words("cold", kept));
  const ProgramResult cached = run(train_words("cached", kept));
  ASSERT_EQ(without.exit_code, 0) << without.err;
  ASSERT_EQ(cold.exit_code, 0) << cold.err;
  ASSERT_EQ(cached.exit_code, 0) << cached.err;
  EXPECT_THAT(without.err, Not(HasSubstr("token cache")));
  EXPECT_THAT(cold.err, HasSubstr("token cache: wrote '" + (folder_ / "cache").string()));
  EXPECT_THAT(cached.err, HasSubstr("token cache: 100 texts from '" + (folder_ / "cache").string()));
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_ / "cached/checkpoints")) {
    const std::string name = "/checkpoints/" + entry.path().filename().string();
    EXPECT_EQ(folder_.read("cached" + name), folder_.read("cold" + name));
    EXPECT_EQ(folder_.read("cached" + name), folder_.read("without" + name));
  }
  for (const std::string name : {"/data.json", "/vocabulary.txt"}) {
    EXPECT_EQ(folder_.read("cached" + name), folder_.read("cold" + name));
    EXPECT_EQ(folder_.read("cached" + name), folder_.read("without" + name));
  }
  EXPECT_EQ(folder_.read("cached/model.pt"), folder_.read("cold/model.pt"));
  EXPECT_EQ(timeless(folder_.read("cached/metrics.jsonl")), timeless(folder_.read("without/metrics.jsonl")));
  EXPECT_EQ(read_json("cached/summary.json")["artifact"]["verified_texts"], 20);

  const ProgramResult resumed = run({"train", "--resume", "--run-dir", (folder_ / "without").string(),
                                     "--set", "data.cache={folder: cache, check: contents}"});
  EXPECT_EQ(resumed.exit_code, 0) << resumed.err;  // where ids come from is no part of what a run is
  EXPECT_THAT(resumed.err, HasSubstr("token cache: 100 texts from"));
}

TEST_F(EndToEnd, TensorBoardShowsTheNumbersOfMetricsJsonlAfterAStopToo) {
  const char* python = std::getenv("BERNOULLI_TENSORBOARD_PYTHON");
  if (python == nullptr)
    GTEST_SKIP() << "BERNOULLI_TENSORBOARD_PYTHON names no Python interpreter that has tensorboard";
  const std::string run_dir = (folder_ / "run").string();
  const auto check = [&] {
    const ProgramResult checked = run_program(
        {"/usr/bin/env", python, BERNOULLI_TEST_SOURCE_DIR "/integration/check_events.py", run_dir});
    EXPECT_EQ(checked.exit_code, 0) << checked.err;
    EXPECT_THAT(checked.out, HasSubstr(" points"));
  };
  Program stopped(words(train_words("run", {"--set", "training.epochs=400"})));
  ASSERT_TRUE(stopped.wait_for_stderr("epoch   3")) << stopped.finish().err;
  stopped.signal(SIGTERM);
  ASSERT_EQ(stopped.finish().exit_code, 143);
  check();
  for (const char* epochs : {"training.epochs=405", "training.epochs=410"}) {
    const ProgramResult resumed = run({"train", "--resume", "--run-dir", run_dir, "--set", epochs});
    ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
    check();
  }
}

TEST_F(EndToEnd, ARunInBfloat16ExportsWhatItMeasured) {
  const std::vector<std::string> less = {"--set", "training.precision=bfloat16", "--set",
                                         "training.float32_matmul_precision=high"};
  const ProgramResult trained = run(train_words("run", less));
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_THAT(trained.err, HasSubstr("engine reference (the fused engine does not run training.precision: "
                                     "bfloat16)  device cpu  precision bfloat16"));
  EXPECT_THAT(trained.err, HasSubstr("training.float32_matmul_precision: high has no effect on the CPU"));
  EXPECT_EQ(read_json("run/environment.json")["precision"], "bfloat16");
  EXPECT_EQ(read_json("run/environment.json")["float32_matmul_precision"], "highest");
  const Json summary = read_json("run/summary.json");
  EXPECT_EQ(summary["test"]["metrics"]["accuracy"], 1.0);
  EXPECT_EQ(summary["artifact"]["max_difference"], 0.0);
  const std::string run_dir = (folder_ / "run").string();
  const ProgramResult of_file = run({"evaluate", run_dir + "/model.pt", "--json"});
  ASSERT_EQ(of_file.exit_code, 0) << of_file.err;
  EXPECT_EQ(Json::parse(of_file.out), summary["test"]);
  const ProgramResult other = run({"train", run_dir + "/config.yaml", "--resume", "--run-dir", run_dir,
                                   "--set", "training.precision=float32"});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.err, HasSubstr("training.precision: \"bfloat16\" in the run, \"float32\" now"));
}

TEST_F(EndToEnd, ARunOfACardGoesOnAndIsEvaluatedOnEitherDevice) {
  const Json doctor = Json::parse(run({"doctor", "--json"}).out);
  if (doctor["cuda_devices"] == 0) GTEST_SKIP() << doctor["no_cuda_because"].get<std::string>();
  const std::string run_dir = (folder_ / "run").string();
  const auto train_on = [&](const char* device, const char* epochs, const char* how) {
    return run({"train", (folder_ / "config.yaml").string(), "--set", "data.root=" + folder_.path().string(),
                "--set", std::string("training.epochs=") + epochs, "--run-dir", run_dir, "--device", device,
                how});
  };
  for (const auto& [device, epochs, how] :
       {std::tuple("cuda", "3", "--json"), std::tuple("cpu", "6", "--resume"),
        std::tuple("cuda", "8", "--resume")}) {
    const ProgramResult trained = train_on(device, epochs, how);
    ASSERT_EQ(trained.exit_code, 0) << trained.err;
  }
  EXPECT_EQ(read_json("run/summary.json")["device"], "cuda:0");
  for (const std::string& model : {run_dir, run_dir + "/model.pt"}) {
    const ProgramResult on_cpu = run({"evaluate", model, "--json"});
    const ProgramResult on_card = run({"evaluate", model, "--json", "--device", "cuda"});
    ASSERT_EQ(on_card.exit_code, 0) << on_card.err;
    const Json a = Json::parse(on_cpu.out)["metrics"], b = Json::parse(on_card.out)["metrics"];
    EXPECT_EQ(a["accuracy"], b["accuracy"]);
    EXPECT_NEAR(a["loss"].get<double>(), b["loss"].get<double>(), 1e-5);
    const ProgramResult answer = run({"predict", model, "--text", "a fine film", "--device", "cuda"});
    ASSERT_EQ(answer.exit_code, 0) << answer.err;
    EXPECT_EQ(Json::parse(answer.out)["label"], "good");
  }
}

TEST_F(EndToEnd, RunAndExportedFileGiveTheSameMetricsAndPredictions) {
  ASSERT_EQ(run(train_words("run")).exit_code, 0);
  const std::string run_dir = (folder_ / "run").string();
  const ProgramResult of_run = run({"evaluate", run_dir, "--json"});
  const ProgramResult of_file = run({"evaluate", run_dir + "/model.pt", "--json"});
  ASSERT_EQ(of_run.exit_code, 0) << of_run.err;
  ASSERT_EQ(of_file.exit_code, 0) << of_file.err;
  EXPECT_EQ(Json::parse(of_run.out), Json::parse(of_file.out));
  EXPECT_EQ(Json::parse(of_run.out), read_json("run/summary.json")["test"]);
  const Json with_intervals = Json::parse(run({"evaluate", run_dir, "--json", "--intervals"}).out);
  EXPECT_EQ(with_intervals["metrics"], Json::parse(of_run.out)["metrics"]);
  EXPECT_EQ(with_intervals["intervals"]["accuracy"].size(), 2u);
  EXPECT_THAT(run({"evaluate", run_dir, "--intervals"}).out, HasSubstr("  95 % interval "));

  const std::string texts = "A fine film\n\nDull, flat \xff film\r\nlast line";
  const ProgramResult run_lines = run({"predict", run_dir, "-"}, texts);
  const ProgramResult file_lines = run({"predict", run_dir + "/model.pt", "-"}, texts);
  ASSERT_EQ(run_lines.exit_code, 0) << run_lines.err;
  EXPECT_EQ(run_lines.out, file_lines.out) << file_lines.err;
  EXPECT_EQ(std::count(run_lines.out.begin(), run_lines.out.end(), '\n'), 4);
  const Json first = Json::parse(run_lines.out.substr(0, run_lines.out.find('\n')));
  EXPECT_EQ(first["label"], "good");
  EXPECT_GT(first["probability"], 0.5);
  EXPECT_GT(first["logit"], 0.0);
}

TEST_F(EndToEnd, EvaluateWarnsOfTextsThatTheModelWasTrainedOn) {
  ASSERT_EQ(run(train_words("run")).exit_code, 0);
  const std::string run_dir = (folder_ / "run").string(), given = (folder_ / "given.csv").string();
  const auto errors_of = [&](const std::string& model) {
    const ProgramResult evaluated = run({"evaluate", model, "--data", given});
    EXPECT_EQ(evaluated.exit_code, 0) << evaluated.err;
    return evaluated.err;
  };
  folder_.write("given.csv", folder_.read("data.csv") + "something else,good\n");
  const char* const found = "warning: 60 of 101 texts stand in the training data too, such as ";
  EXPECT_THAT(errors_of(run_dir), HasSubstr(found)) << "neither those of validation nor of test";
  EXPECT_THAT(errors_of(run_dir + "/model.pt"), HasSubstr(found));
  EXPECT_THAT(run({"evaluate", run_dir}).err, Not(HasSubstr("stand in the training data")));
  fs::copy_file(run_dir + "/model.pt", folder_ / "alone.pt");
  const char* const not_seen = "whether the model was trained on some of these texts could not be seen: ";
  EXPECT_THAT(errors_of((folder_ / "alone.pt").string()),
              HasSubstr(not_seen + std::string("'") + folder_.path().string() + "' is no run folder"));
  const ProgramResult from_there =
      run_program({"/bin/sh", "-c", "cd \"$1\" && \"$2\" evaluate alone.pt --data given.csv", "sh",
                   folder_.path().string(), BERNOULLI_PROGRAM});
  EXPECT_THAT(from_there.err, HasSubstr("'" + folder_.path().string() + "' is no run folder"));
  folder_.write("data.csv", folder_.read("data.csv") + "one more,good\n");
  EXPECT_THAT(errors_of(run_dir), HasSubstr("warning: the train data are not those of the training ("));
  fs::remove(folder_ / "data.csv");
  EXPECT_THAT(errors_of(run_dir), ContainsRegex(not_seen + std::string(".*data.csv' does not exist")));
  folder_.write("given.csv", "text,label\nnew,good\nother,bad\n");
  EXPECT_THAT(errors_of(run_dir), Not(HasSubstr("stand in the training data")));
}

TEST_F(EndToEnd, EvaluateWritesTheAnswersThatItsFiguresAreMadeOf) {
  ASSERT_EQ(run(train_words("run")).exit_code, 0);
  const std::string run_dir = (folder_ / "run").string(), file = (folder_ / "answers.jsonl").string();
  const ProgramResult judged = run({"evaluate", run_dir, "--json", "--answers", file});
  ASSERT_EQ(judged.exit_code, 0) << judged.err;
  const Json figures = Json::parse(judged.out);
  int64_t count = 0;
  double hits = 0, log_loss = 0;
  std::istringstream lines(folder_.read("answers.jsonl"));
  for (std::string line; std::getline(lines, line); ++count) {
    const Json answer = Json::parse(line);
    EXPECT_THAT(answer["origin"].get<std::string>(), ContainsRegex("data\\.csv:[0-9]+$"));
    EXPECT_EQ(answer["label"], answer["probability"] > 0.5 ? "good" : "bad");
    hits += answer["target"] == answer["label"];
    const double logit = answer["logit"];
    log_loss += std::log1p(std::exp(answer["target"] == "good" ? -logit : logit));
  }
  ASSERT_EQ(count, figures["num_examples"].get<int64_t>());
  EXPECT_EQ(hits / 20, figures["metrics"]["accuracy"]);
  EXPECT_NEAR(log_loss / 20, figures["metrics"]["log_loss"].get<double>(), 1e-9);

  folder_.write("more1.csv", "text,label\na fine film,good\n");
  folder_.write("more2.csv", "text,label\na dull film,bad\n");
  const ProgramResult over_data = run({"evaluate", run_dir, "--data", (folder_ / "more*.csv").string(),
                                       "--answers", (folder_ / "more2.csv").string()});
  EXPECT_EQ(over_data.exit_code, 2) << over_data.err;
  EXPECT_EQ(folder_.read("more2.csv"), "text,label\na dull film,bad\n");

  const ProgramResult piped = run({"evaluate", run_dir, "--answers", "-"});
  EXPECT_EQ(piped.out, folder_.read("answers.jsonl"));
  EXPECT_THAT(piped.err, HasSubstr("accuracy  "));
  EXPECT_THAT(piped.err, HasSubstr("log_loss  "));
}

/// MKL multiplies small matrices otherwise where they begin at another address. With MKL_CBWR set to nothing
/// this fails.
TEST_F(EndToEnd, SmallMatricesAreMultipliedAlikeWhereverTheyLie) {
  std::string csv = "text,label\n";
  for (int i = 0; i < 300; ++i) {
    for (int k = 0; k < 3 + i % 37; ++k) csv += "w" + std::to_string((i * 7 + k * k) % 50) + " ";
    csv += i % 2 == 0 ? ",bad\n" : ",good\n";
  }
  folder_.write("data.csv", csv);
  int number = 0;
  for (const char* layers :
       {"{embedding: 10}, {gru: 1}", "{embedding: 10}, {gru: 2}", "{embedding: 50}, {gru: 3}"}) {
    const ProgramResult trained =
        run(train_words("run" + std::to_string(number++),
                        {"--set", fmt::format("model.layers=[{}, max_pool, {{linear: 1}}]", layers), "--set",
                         "training.epochs=1"}));
    EXPECT_EQ(trained.exit_code, 0) << trained.err;
  }
}

TEST_F(EndToEnd, PredictTakesLabelledLinesAndAnotherThreshold) {
  ASSERT_EQ(run(train_words("run")).exit_code, 0);
  const std::string run_dir = (folder_ / "run").string();
  const std::string labelled = "__label__good A fine film\n__label__bad Dull, flat film\n";
  folder_.write("in.ft", labelled);
  const ProgramResult of_lines = run({"predict", run_dir}, "A fine film\nDull, flat film\n");
  const ProgramResult of_file = run({"predict", run_dir, (folder_ / "in.ft").string()});
  EXPECT_EQ(of_file.out, of_lines.out) << of_file.err;
  EXPECT_EQ(run({"predict", run_dir, "--input", "fasttext"}, labelled).out, of_lines.out);
  const char* const hint = "warning: the first line begins with __label__";
  EXPECT_THAT(run({"predict", run_dir}, labelled).err, HasSubstr(hint));
  EXPECT_THAT(of_file.err + of_lines.err, Not(HasSubstr(hint)));

  const std::vector<std::string> sure = {"predict",   run_dir,  "--threshold",
                                         "0.9999999", "--text", "A fine film"};
  EXPECT_EQ(Json::parse(run(sure).out)["label"], "bad");
  for (const char* threshold : {"0", "1", "nan"}) {
    const ProgramResult refused = run({"predict", run_dir, "--threshold", threshold, "--text", "x"});
    EXPECT_EQ(refused.exit_code, 2);
    EXPECT_THAT(refused.err, HasSubstr("expected a number above 0 and below 1"));
  }
  const ProgramResult top = run({"predict", run_dir, "--top", "1", "--text", "x"});
  EXPECT_EQ(top.exit_code, 2);
  EXPECT_THAT(top.err, HasSubstr("--top is for models of several labels"));
}

/// Texts of very different lengths, more than one batch of them, a fault behind the last.
std::string rows_with_a_fault_at_the_end() {
  std::string rows;
  for (int i = 0; i < 4000; ++i) {
    std::string text = "film";
    for (int word = 0; word < (i * 7919) % 61; ++word) text += word % 3 == 0 ? " fine" : " dull";
    rows += fmt::format("{{\"id\": {}, \"text\": \"{}\"}}\n", i, text);
  }
  return rows + "{\"id\": 4000}\n";
}

TEST_F(EndToEnd, PredictGivesTheSameBytesOnAnyNumberOfThreads) {
  const std::string rows = rows_with_a_fault_at_the_end();
  const std::string file = folder_.write("rows.jsonl", rows).string();
  const std::string convolution =
      "model.layers=[{embedding: 8}, {conv1d: {channels: 8, kernel_size: 3}}, max_pool, {linear: 1}]";
  for (const std::vector<std::string>& more :
       {std::vector<std::string>{}, {"--set", convolution, "--set", "training.epochs=1"}}) {
    const std::string name = more.empty() ? "bag" : "convolution";
    ASSERT_EQ(run(train_words(name, more)).exit_code, 0);
    ProgramResult one;
    for (const char* threads : {"1", "2", "7"}) {
      const std::vector<std::string> words = {
          "predict", (folder_ / name).string(), file, "--keep", "id", "--threads", threads, "--engine",
          "native"};
      const ProgramResult answers = run(words);
      EXPECT_EQ(answers.exit_code, 3);
      EXPECT_THAT(answers.err, HasSubstr("rows.jsonl:4001: no string under 'text'"));
      if (one.out.empty()) one = answers;
      EXPECT_EQ(answers.out, one.out) << name << " on " << threads;
      EXPECT_EQ(answers.err, one.err);
    }
    EXPECT_EQ(std::ranges::count(one.out, '\n'), 4000) << "all before the fault, in order";
    EXPECT_THAT(one.out, HasSubstr("\"input\":{\"id\":3999}"));
  }
  EXPECT_EQ(run({"predict", (folder_ / "bag").string(), file, "--threads", "-1"}).exit_code, 2);
}

TEST_F(EndToEnd, PredictAnswersWhatHasArrivedWhileMoreIsToCome) {
  ASSERT_EQ(run(train_words("run")).exit_code, 0);
  // The second line is written once the first has its answer; else nobody goes on.
  const ProgramResult answers =
      run_program({"/bin/sh", "-c",
                   "cd \"$1\" && mkfifo go && { echo 'a fine film'; read go < go; echo 'a dull film'; } |"
                   " timeout 60 \"$0\" predict run - --threads 7 --quiet | { read first; echo \"$first\"; "
                   "echo go > go; cat; }",
                   BERNOULLI_PROGRAM, folder_.path().string()});
  EXPECT_EQ(answers.out, run({"predict", (folder_ / "run").string(), "-"}, "a fine film\na dull film\n").out);
}

TEST_F(EndToEnd, PredictReadsJsonLinesFromTheConfiguredColumn) {
  ASSERT_EQ(run(train_words("run")).exit_code, 0);
  folder_.write("in.jsonl", "{\"text\": \"a fine film\"}\n{\"id\": 3, \"text\": \"\"}\n");
  const ProgramResult answers =
      run({"predict", (folder_ / "run").string(), (folder_ / "in.jsonl").string(), "--format", "tsv"});
  ASSERT_EQ(answers.exit_code, 0) << answers.err;
  EXPECT_THAT(answers.out, ::testing::StartsWith("label\tprobability\tlogit\ngood\t"));
  folder_.write("bad.jsonl", "{\"text\": \"x\"}\n{\"body\": \"y\"}\n");
  const ProgramResult refused =
      run({"predict", (folder_ / "run").string(), (folder_ / "bad.jsonl").string()});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.err, HasSubstr("bad.jsonl:2"));
}

TEST_F(EndToEnd, PredictAnswersEveryRowOfATableWithItsKey) {
  ASSERT_EQ(run(train_words("run")).exit_code, 0);
  const std::string model = (folder_ / "run").string();
  const std::string table =
      "id,review\r\n007,\"A fine,\nfine film\"\r\n,\"Dull, \"\"flat\"\" film\"\r\n9,\r\n";
  const std::string file = folder_.write("rows.csv", table).string();
  const std::vector<std::string> columns = {"--text-column", "review", "--keep", "id"};
  const auto with = [&](std::vector<std::string> words, const std::string& input = "") {
    words.insert(words.end(), columns.begin(), columns.end());
    return run(words, input);
  };
  const ProgramResult answers = with({"predict", model, file});
  ASSERT_EQ(answers.exit_code, 0) << answers.err;
  EXPECT_THAT(answers.out,
              ::testing::StartsWith("{\"input\":{\"id\":\"007\"},\"label\":\"good\",\"probability\":"));
  EXPECT_THAT(answers.out, HasSubstr("\n{\"input\":{\"id\":\"\"},\"label\":\"bad\","));
  EXPECT_EQ(std::count(answers.out.begin(), answers.out.end(), '\n'), 3);
  EXPECT_EQ(with({"predict", model, "--input", "csv"}, table).out, answers.out);
  const ProgramResult other = with({"predict", model, file, "--engine", "torchscript"});
  EXPECT_THAT(other.out,
              ::testing::StartsWith("{\"input\":{\"id\":\"007\"},\"label\":\"good\",\"probability\":"))
      << other.err;
  EXPECT_EQ(std::count(other.out.begin(), other.out.end(), '\n'), 3);
  const ProgramResult cells = with({"predict", model, file, "--format", "tsv"});
  EXPECT_THAT(cells.out, ::testing::StartsWith("id\tlabel\tprobability\tlogit\n007\tgood\t0."));
  EXPECT_THAT(cells.out, HasSubstr("\n\tbad\t"));

  const std::string bare = folder_.write("bare.csv", "007;'A fine; fine film'\n").string();
  const ProgramResult otherwise =
      run({"predict", model, bare, "--keep", "1", "--set", "data.columns.header=false", "--set",
           "data.columns.delimiter=;", "--set", "data.columns.quote=\"'\"", "--set", "data.columns.text=2"});
  ASSERT_EQ(otherwise.exit_code, 0) << otherwise.err;
  EXPECT_THAT(otherwise.out, ::testing::StartsWith("{\"input\":{\"1\":\"007\"},\"label\":\"good\","));
}

TEST_F(EndToEnd, AnUnfinishedRunIsWarnedOfOnce) {
  ASSERT_EQ(run(train_words("run")).exit_code, 0);
  fs::remove(folder_ / "run/summary.json");
  for (const char* engine : {"native", "torchscript"}) {
    const ProgramResult answer =
        run({"predict", (folder_ / "run").string(), "--text", "a fine film", "--engine", engine});
    ASSERT_EQ(answer.exit_code, 0) << answer.err;
    const size_t first = answer.err.find("did not finish");
    ASSERT_NE(first, std::string::npos) << answer.err;
    EXPECT_EQ(answer.err.find("did not finish", first + 1), std::string::npos) << answer.err;
  }
}

TEST_F(EndToEnd, PredictAnswersWhatStandsBeforeAFault) {
  ASSERT_EQ(run(train_words("run")).exit_code, 0);
  const std::string model = (folder_ / "run").string();
  for (const auto& [name, content, keep] :
       {std::tuple<std::string, std::string, std::string>{
            "a.csv", "id,text\n1,a fine film\n2,\"a dull\nfilm\"\n3\n4,a film\n", "id"},
        {"a.tsv", "text\tid\na fine film\t1\na dull film\t2\n\n\"a film\t3\n", "id"},
        {"a.jsonl",
         "{\"text\":\"a fine film\",\"id\":1}\n{\"text\":\"\",\"id\":2}\n\n\n{\"text\":\"a film\"}\n",
         "id"}}) {
    SCOPED_TRACE(name);
    const ProgramResult result =
        run({"predict", model, folder_.write(name, content).string(), "--keep", keep});
    EXPECT_EQ(result.exit_code, 3);
    EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n'), 2) << result.out;
    EXPECT_THAT(result.err, HasSubstr(name + ":5: "));
  }
}

TEST_F(EndToEnd, EvaluatesDataThatAreWrittenInAnotherWay) {
  folder_.write("reviews/bad/1.txt", "a dull film");
  folder_.write("reviews/bad/2.txt", "a flat film");
  folder_.write("reviews/good/1.txt", "a fine film");
  folder_.write("reviews/good/2.txt", "a fine one");
  folder_.write("bare.csv", "a fine film,good\na dull film,bad\na fine one,good\na flat one,bad\n");
  folder_.write("more.csv", "review,verdict\na fine film,good\na dull film,bad\n");
  folder_.write("more.jsonl", "{\"review\": \"a fine film\", \"verdict\": \"good\"}\n");
  const auto set = [](std::vector<std::string> words, const std::vector<std::string>& settings) {
    for (const std::string& setting : settings) words.insert(words.end(), {"--set", setting});
    return words;
  };
  ASSERT_EQ(
      run(train_words("folders", set({}, {"data.train=reviews", "data.validation=null", "data.test=null"})))
          .exit_code,
      0);
  ASSERT_EQ(run(train_words("bare", set({}, {"data.train=bare.csv", "data.validation=null", "data.test=null",
                                             "data.columns={header: false, text: 1, label: 2}"})))
                .exit_code,
            0);
  for (const char* name : {"folders", "bare"}) {
    for (const char* data : {"more.csv", "more.jsonl"}) {
      std::vector<std::string> words =
          set({"evaluate", (folder_ / name).string(), "--data", (folder_ / data).string()},
              {"data.columns.text=review", "data.columns.label=verdict"});
      if (std::string(name) == "bare" && std::string(data) == "more.csv")
        words = set(words, {"data.columns.header=true"});
      const ProgramResult result = run(words);
      EXPECT_EQ(result.exit_code, 0) << name << " " << data << " " << result.err;
    }
  }
}

TEST_F(EndToEnd, ExplainAddsUpToTheLogit) {
  ASSERT_EQ(run(train_words("run")).exit_code, 0);
  const ProgramResult answer =
      run({"predict", (folder_ / "run").string(), "--text", "a fine dull unheard film", "--explain"});
  ASSERT_EQ(answer.exit_code, 0) << answer.err;
  const Json record = Json::parse(answer.out);
  ASSERT_EQ(record["tokens"].size(), 5u);
  EXPECT_EQ(record["tokens"][3][0], "[UNK: unheard]");
  double sum = record["base"];
  for (const Json& token : record["tokens"]) sum += token[1].get<double>();
  EXPECT_NEAR(sum, record["logit"].get<double>(), 1e-5);
}

TEST_F(EndToEnd, BothEnginesOfPredictSayWhichTheyAreAndAgree) {
  ASSERT_EQ(run(train_words("run")).exit_code, 0);
  const std::string model = (folder_ / "run/model.pt").string();
  const ProgramResult native = run({"predict", model, "--text", "a fine film"});
  ASSERT_EQ(native.exit_code, 0) << native.err;
  EXPECT_EQ(native.err, "engine: native\n");
  const ProgramResult asked = run({"predict", model, "--text", "a fine film", "--engine", "torchscript"});
  ASSERT_EQ(asked.exit_code, 0) << asked.err;
  EXPECT_EQ(asked.err, "engine: torchscript (as asked for)\n");
  const Json a = Json::parse(native.out), b = Json::parse(asked.out);
  EXPECT_EQ(a["label"], b["label"]);
  EXPECT_NEAR(a["probability"].get<double>(), b["probability"].get<double>(), 1e-6);
  EXPECT_EQ(run({"predict", model, "--text", "a", "--quiet"}).err, "");
}

TEST_F(EndToEnd, NativePredictionNeedsNoOtherProgram) {
  ASSERT_EQ(run(train_words("run")).exit_code, 0);
  const fs::path alone = folder_ / "alone";
  fs::copy_file(BERNOULLI_PROGRAM, alone);
  const std::string model = (folder_ / "run").string();
  EXPECT_EQ(run_program({alone.string(), "predict", model, "--text", "a fine film"}).exit_code, 0);
  const ProgramResult refused =
      run_program({alone.string(), "predict", model, "--text", "a", "--engine", "torchscript"});
  EXPECT_EQ(refused.exit_code, 5);
  EXPECT_THAT(refused.err, HasSubstr("bernoulli-torch"));
}

TEST_F(EndToEnd, HelpAndMistakesNeedNoOtherProgram) {
  const fs::path alone = folder_ / "alone";
  fs::copy_file(BERNOULLI_PROGRAM, alone);
  const auto ask = [&](std::vector<std::string> rest) {
    rest.insert(rest.begin(), alone.string());
    return run_program(std::move(rest));
  };
  for (const char* verb : {"init", "train", "evaluate", "predict", "serve", "export", "report", "stability",
                           "config", "doctor"}) {
    const ProgramResult help = ask({verb, "--help"});
    EXPECT_EQ(help.exit_code, 0) << help.err;
    EXPECT_THAT(help.out, HasSubstr(std::string("usage: bernoulli ") + verb));
    EXPECT_EQ(ask({verb, "-h"}).out, help.out);
    EXPECT_EQ(ask({"help", verb}).out, help.out);
    const ProgramResult mistake = ask({verb, "--no-such-option"});
    EXPECT_EQ(mistake.exit_code, 2);
    EXPECT_THAT(mistake.err, HasSubstr("unknown option '--no-such-option'"));
  }
  const std::string config = (folder_ / "config.yaml").string();
  for (const char* verb : {"train", "stability"}) {
    const ProgramResult fault = ask({verb, config, "--set", "training.epochs=none"});
    EXPECT_EQ(fault.exit_code, 2);
    EXPECT_THAT(fault.err, HasSubstr("training.epochs"));
    const ProgramResult handed_over = ask({verb, config});
    EXPECT_EQ(handed_over.exit_code, 5);
    EXPECT_THAT(handed_over.err, HasSubstr("bernoulli-torch"));
  }
  EXPECT_EQ(ask({"export", (folder_ / "nothing").string()}).exit_code, 4);
}

TEST_F(EndToEnd, AConfigurationMayHaveANameInAnyBytes) {
  folder_.write("odd\xff.yaml", kConfig);
  for (const char* action : {"check", "show"}) {
    const ProgramResult result = run({"config", action, (folder_ / "odd\xff.yaml").string(), "--json"});
    EXPECT_EQ(result.exit_code, 0) << action << result.err;
    EXPECT_TRUE(Json::accept(result.out)) << action;
  }
}

TEST_F(EndToEnd, AConfigurationInAPipeIsRefusedWithTheReason) {
  const ProgramResult refused =
      run_program({"/bin/sh", "-c", "true | " + std::string(BERNOULLI_PROGRAM) + " train /dev/stdin"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("it is a device or pipe, not a file"));
}

TEST_F(EndToEnd, AnEngineThatDoesNotRunTheModelIsRefusedBeforeThereIsARunFolder) {
  const ProgramResult refused =
      run(train_words("run", {"--set", "training.engine=fused", "--set",
                              "model.layers=[{embedding: 8}, {mean_pool: {padding: exclude}}, layer_norm, "
                              "{linear: 1}]"}));
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("the fused engine does not run layer_norm"));
  EXPECT_FALSE(fs::exists(folder_ / "run"));
}

TEST_F(EndToEnd, ExportWritesTheSameModelAgain) {
  ASSERT_EQ(run(train_words("run")).exit_code, 0);
  const ProgramResult exported =
      run({"export", (folder_ / "run").string(), "--output", (folder_ / "copy.pt").string()});
  ASSERT_EQ(exported.exit_code, 0) << exported.err;
  const ProgramResult odd = run(
      {"export", (folder_ / "run").string(), "--json", "--output", (folder_ / "odd\xff\x1b.pt").string()});
  EXPECT_EQ(odd.exit_code, 0) << odd.err;
  EXPECT_EQ(Json::parse(odd.out)["file"], "odd\xEF\xBF\xBD\x1b.pt");
  const std::vector<std::string> question = {"--text", "a fine film", "--text", "dull"};
  const ProgramResult a = run(
      {"predict", (folder_ / "run/model.pt").string(), question[0], question[1], question[2], question[3]});
  const ProgramResult b =
      run({"predict", (folder_ / "copy.pt").string(), question[0], question[1], question[2], question[3]});
  EXPECT_EQ(a.out, b.out);
  EXPECT_EQ(b.exit_code, 0) << b.err;

  EXPECT_THAT(exported.err, Not(HasSubstr("not those of the training")));
  folder_.write("data.csv", folder_.read("data.csv") + "one more,good\n");
  const ProgramResult changed =
      run({"export", (folder_ / "run").string(), "--output", (folder_ / "copy.pt").string()});
  EXPECT_EQ(changed.exit_code, 0);
  EXPECT_THAT(changed.err, HasSubstr("data are not those of the training"));
}

TEST_F(EndToEnd, ExportWritesTheOtherFormatsIntoTheRunFolder) {
  ASSERT_EQ(run(train_words("run")).exit_code, 0);
  for (const auto& [format, name] : std::vector<std::pair<std::string, std::string>>{
           {"onnx", "model.onnx"}, {"triton", "triton"}, {"safetensors", "model.safetensors"}}) {
    const ProgramResult exported = run({"export", (folder_ / "run").string(), "--format", format, "--json"});
    ASSERT_EQ(exported.exit_code, 0) << format << exported.err;
    const Json report = Json::parse(exported.out);
    EXPECT_EQ(report["file"], name);
    EXPECT_EQ(report["verified_texts"], 20) << format;
    EXPECT_EQ(report["verified_split"], "test") << format;
    EXPECT_LE(report["max_difference"], 1e-6) << format;
    EXPECT_GT(report["size_bytes"], 0) << format;
    EXPECT_TRUE(fs::exists(folder_ / ("run/" + name)));
  }
}

TEST_F(EndToEnd, ExportOfACompactFormTellsWhatItChanges) {
  ASSERT_EQ(run(train_words("run")).exit_code, 0);
  const std::string small = (folder_ / "small.pt").string();
  const ProgramResult exported =
      run({"export", (folder_ / "run").string(), "--fold", "--weights", "int8", "--output", small, "--json"});
  ASSERT_EQ(exported.exit_code, 0) << exported.err;
  const Json report = Json::parse(exported.out), table = report["table"], change = table["change"];
  EXPECT_EQ(report["max_difference"], 0);
  EXPECT_EQ(table["weights"], "int8");
  EXPECT_EQ(table["fold"], true);
  EXPECT_EQ(table["columns"], 1);
  EXPECT_EQ(change["texts"], 20);
  EXPECT_EQ(change["split"], "test");
  EXPECT_LE(change["changed_texts"], 20);
  EXPECT_GE(change["max_difference"], change["mean_difference"]);
  EXPECT_TRUE(change["metrics"]["accuracy"]["before"].is_number());
  EXPECT_LT(fs::file_size(small), fs::file_size(folder_ / "run/model.pt"));
  const ProgramResult answers = run({"predict", small, "--text", "a fine film"});
  EXPECT_EQ(answers.exit_code, 0) << answers.err;
  EXPECT_THAT(answers.err, HasSubstr("engine: native"));
  EXPECT_EQ(run({"evaluate", small, "--data", (folder_ / "data.csv").string()}).exit_code, 0);
  const ProgramResult text =
      run({"export", (folder_ / "run").string(), "--weights", "float16", "--output", small});
  EXPECT_THAT(text.out, HasSubstr("table       float16, "));
  EXPECT_THAT(text.out, HasSubstr("on 20 test texts: 0 decisions changed"));
}

TEST_F(EndToEnd, ExportOfUsedBucketsNeedsTheTextsThatUsedThem) {
  ASSERT_EQ(run(train_words("run", {"--set", "text={hashing: 500}"})).exit_code, 0);
  const std::string small = (folder_ / "small.pt").string();
  const auto export_used = [&] {
    return run({"export", (folder_ / "run").string(), "--buckets", "used", "--output", small});
  };
  ASSERT_EQ(export_used().exit_code, 0);
  fs::remove(small);
  folder_.write("data.csv", folder_.read("data.csv") + "a lovely film,good\n");
  const ProgramResult refused = export_used();
  EXPECT_EQ(refused.exit_code, 3) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("so nobody knows which buckets were used: restore them, or export all"));
  EXPECT_FALSE(fs::exists(small));
}

/// The threshold is the probability of a text, which is not above it, and which int8 makes larger.
TEST_F(EndToEnd, ExportRefusesMoreChangedDecisionsThanAreAllowed) {
  ASSERT_EQ(run(train_words("run")).exit_code, 0);
  const std::string run_dir = (folder_ / "run").string(), small = (folder_ / "small.pt").string();
  const auto export_int8 = [&](const std::string& share) {
    return run({"export", run_dir, "--weights", "int8", "--max-changed", share, "--output", small});
  };
  const auto answers_of = [&](const std::string& model) {
    const std::string data = (folder_ / "data.csv").string(), file = (folder_ / "answers.jsonl").string();
    fs::remove(file);
    EXPECT_EQ(run({"evaluate", model, "--data", data, "--answers", file}).exit_code, 0);
    std::vector<Json> answers;
    std::istringstream lines(folder_.read("answers.jsonl"));
    for (std::string line; std::getline(lines, line);) answers.push_back(Json::parse(line));
    return answers;
  };
  ASSERT_EQ(export_int8("0").exit_code, 0) << "none is near a half";
  std::set<std::string> tested;
  ASSERT_EQ(run({"evaluate", run_dir, "--answers", (folder_ / "test.jsonl").string()}).exit_code, 0);
  std::istringstream lines(folder_.read("test.jsonl"));
  for (std::string line; std::getline(lines, line);) tested.insert(Json::parse(line)["origin"]);
  const std::vector<Json> before = answers_of(run_dir), after = answers_of(small);
  Json summary = read_json("run/summary.json");
  for (size_t i = 0; i < before.size(); ++i) {
    if (tested.contains(before[i]["origin"]) && after[i]["probability"] > before[i]["probability"])
      summary["thresholds"] = {before[i]["probability"]};
  }
  ASSERT_NE(summary["thresholds"][0], 0.5) << "int8 makes no probability larger";
  folder_.write("run/summary.json", summary.dump());
  fs::remove(small);
  const ProgramResult refused = export_int8("0");
  EXPECT_EQ(refused.exit_code, 4) << refused.err;
  EXPECT_THAT(refused.err, ContainsRegex("of 20 texts [0-9]+ get another decision .* export.max_changed is 0 "
                                         "\\(take float16 for export.weights, or allow more"));
  EXPECT_FALSE(fs::exists(small));
  EXPECT_EQ(export_int8("1").exit_code, 0) << "all may change";
}

TEST_F(EndToEnd, TrainingWritesTheCompactFormThatIsConfigured) {
  std::vector<std::string> words = train_words("run");
  for (const char* setting : {"export.fold=true", "export.weights=float16", "export.max_changed=0.5"})
    words.insert(words.end(), {"--set", setting});
  const ProgramResult trained = run(words);
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_THAT(trained.out, HasSubstr("table       float16, folded, "));
  const Json summary = Json::parse(folder_.read("run/summary.json"));
  EXPECT_EQ(summary["artifact"]["table"]["columns"], 1);
  ASSERT_EQ(run({"export", (folder_ / "run").string(), "--output", (folder_ / "copy.pt").string()}).exit_code,
            0);
  EXPECT_EQ(folder_.read("copy.pt"), folder_.read("run/model.pt"));
}

TEST_F(EndToEnd, OnnxRuntimeAnswersLikePredict) {
  const char* python = std::getenv("BERNOULLI_PYTHON");
  if (python == nullptr) GTEST_SKIP() << "BERNOULLI_PYTHON names no interpreter";
  if (run_program({python, "-c", "import onnx, onnxruntime, numpy"}).exit_code != 0)
    GTEST_SKIP() << python << " has no onnx, onnxruntime and numpy";
  ASSERT_EQ(run(train_words("run")).exit_code, 0);
  ASSERT_EQ(run({"export", (folder_ / "run").string(), "--format", "onnx"}).exit_code, 0);
  const ProgramResult checked =
      run_program({python, std::string(BERNOULLI_TEST_SOURCE_DIR) + "/export/check_onnx.py", "--program",
                   BERNOULLI_PROGRAM, "--tolerance", "1e-6", (folder_ / "run").string()});
  EXPECT_EQ(checked.exit_code, 0) << checked.err;
  EXPECT_THAT(checked.out, HasSubstr("21 texts, largest difference"));
}

TEST_F(EndToEnd, PredictReadsTheModelInsideATritonRepository) {
  ASSERT_EQ(run(train_words("run")).exit_code, 0);
  ASSERT_EQ(run({"export", (folder_ / "run").string(), "--format", "triton"}).exit_code, 0);
  const ProgramResult a = run({"predict", (folder_ / "run/model.pt").string(), "--text", "a fine film"});
  const ProgramResult b =
      run({"predict", (folder_ / "run/triton/config/1/model.pt").string(), "--text", "a fine film"});
  EXPECT_EQ(a.out, b.out);
  EXPECT_EQ(b.exit_code, 0) << b.err;
}

TEST_F(EndToEnd, EveryLossModeTrains) {
  for (const char* mode : {"bce_with_logits", "sigmoid_bce", "sigmoid_bce_clipped", "focal_with_logits"}) {
    const ProgramResult trained =
        run(train_words(mode, {"--set", std::string("loss.mode=") + mode, "--set", "loss.pos_weight=auto"}));
    ASSERT_EQ(trained.exit_code, 0) << mode << trained.err;
    EXPECT_THAT(trained.err, HasSubstr("pos_weight auto: 1"));
    EXPECT_EQ(read_json(std::string(mode) + "/summary.json")["test"]["metrics"]["accuracy"], 1.0) << mode;
  }
}

TEST_F(EndToEnd, MultiLabelTrainsAndPredicts) {
  std::string rows;
  for (int i = 0; i < 60; ++i) {
    rows += i % 3 == 0   ? "{\"text\": \"red x\", \"labels\": [\"r\"]}\n"
            : i % 3 == 1 ? "{\"text\": \"green red\", \"labels\": [\"g\", \"r\"]}\n"
                         : "{\"text\": \"x y\", \"labels\": []}\n";
  }
  folder_.write("rows.jsonl", rows);
  const ProgramResult trained = run(
      train_words("multi", {"--set", "data.train=rows.jsonl", "--set", "data.columns.label=labels", "--set",
                            "task={kind: multi_label, labels: [r, g]}", "--set", "model.layers[3].linear=2",
                            "--set", "training.epochs=30", "--set", "metrics.threshold={max_f1: true}"}));
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_EQ(read_json("multi/summary.json")["test"]["metrics"]["subset_accuracy"], 1.0);
  const ProgramResult answer = run({"predict", (folder_ / "multi/model.pt").string(), "--text", "green red"});
  EXPECT_EQ(Json::parse(answer.out)["labels"], (Json{"r", "g"})) << answer.out;

  const auto unnamed = [&](const std::string& folder, const std::string& units) {
    return run(train_words(folder, {"--set", "data.train=rows.jsonl", "--set", "data.columns.label=labels",
                                    "--set", "task={kind: multi_label}", "--set",
                                    "model.layers[3].linear=" + units, "--set", "training.epochs=30"}));
  };
  const ProgramResult found = unnamed("found", "2");
  ASSERT_EQ(found.exit_code, 0) << found.err;
  EXPECT_EQ(read_json("found/data.json")["labels"]["names"], (Json{"g", "r"})) << "sorted";
  EXPECT_EQ(read_json("found/summary.json")["test"]["metrics"]["subset_accuracy"], 1.0);
  const ProgramResult unnamed_bias =
      run({"config", "check", (folder_ / "config.yaml").string(), "--set", "task={kind: multi_label}",
           "--set", "optimizer.no_decay=[xyz]", "--set", "optimizer.adam.weight_decay=0.1"});
  EXPECT_EQ(unnamed_bias.exit_code, 2);
  EXPECT_THAT(unnamed_bias.err, HasSubstr("no parameter of the model ends in 'xyz'"));
  const ProgramResult wide = unnamed("wide", "3");
  EXPECT_EQ(wide.exit_code, 2) << wide.err;
  EXPECT_THAT(wide.err, HasSubstr("end with linear: 2"));
}

TEST_F(EndToEnd, ALabelWithoutAValidationExampleKeepsTheThresholdHalfEverywhere) {
  std::string rows, held_out;
  for (int i = 0; i < 60; ++i) {
    rows += i % 3 == 0   ? "{\"text\": \"red x\", \"labels\": [\"r\"]}\n"
            : i % 3 == 1 ? "{\"text\": \"green red\", \"labels\": [\"g\", \"r\"]}\n"
                         : "{\"text\": \"x y\", \"labels\": []}\n";
    held_out +=
        i % 2 == 0 ? "{\"text\": \"red x\", \"labels\": [\"r\"]}\n" : "{\"text\": \"x\", \"labels\": []}\n";
  }
  folder_.write("rows.jsonl", rows);
  folder_.write("held.jsonl", held_out);
  const std::vector<std::string> more = {"--set", "data.train=rows.jsonl",
                                         "--set", "data.columns.label=labels",
                                         "--set", "data.validation=null",
                                         "--set", "data.validation=held.jsonl",
                                         "--set", "data.test=null",
                                         "--set", "data.test=rows.jsonl",
                                         "--set", "task={kind: multi_label, labels: [r, g]}",
                                         "--set", "model.layers[3].linear=2",
                                         "--set", "training.epochs=30",
                                         "--set", "metrics.threshold=max_f1"};
  const char* const warning =
      "warning: metrics.threshold cannot be fitted for 'g' and stays 0.5 there: the validation data have no "
      "example with the label, or none without it; add some (data.validation)";
  std::vector<std::string> dry = more;
  dry.emplace_back("--dry-run");
  const ProgramResult tried = run(train_words("dry", dry));
  EXPECT_EQ(tried.exit_code, 0) << tried.err;
  EXPECT_THAT(tried.err, HasSubstr(warning));
  const ProgramResult trained = run(train_words("run", more));
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_THAT(trained.err, HasSubstr(warning));
  EXPECT_THAT(trained.err, HasSubstr("'g' 0.5 (not fitted)"));
  const Json summary = read_json("run/summary.json");
  EXPECT_EQ(summary["threshold_not_fitted"], Json::array({"g"}));
  EXPECT_NE(summary["thresholds"].at(0), 0.5);
  EXPECT_EQ(summary["thresholds"].at(1), 0.5);
  EXPECT_EQ(summary["test"]["metrics"]["subset_accuracy"], 1.0);
  for (const std::string model : {"run", "run/model.pt"}) {
    EXPECT_EQ(Json::parse(run({"evaluate", (folder_ / model).string(), "--json"}).out), summary["test"])
        << model;
    const ProgramResult answer = run({"predict", (folder_ / model).string(), "--text", "green red"});
    EXPECT_EQ(Json::parse(answer.out)["labels"], (Json{"r", "g"})) << answer.out;
  }
  const std::string page = folder_.read("run/report.html");
  EXPECT_THAT(page, HasSubstr("the best F1; 0.5 for &#39;g&#39;, as these data have no example"));
  ASSERT_EQ(run({"report", (folder_ / "run").string()}).exit_code, 0);
  EXPECT_EQ(folder_.read("run/report.html"), page);
}

TEST_F(EndToEnd, OfManyLabelsTheFirstTenAreToldOf) {
  std::string rows;
  for (int i = 0; i < 120; ++i) {
    std::string labels = i % 2 == 0 ? "\"r, g\"" : "";  // the only one that the text tells
    for (int label = 0; label < 12; ++label) {
      if ((i / 2 + label) % 2 == 0) labels += fmt::format("{}\"l{:02}\"", labels.empty() ? "" : ", ", label);
    }
    rows += fmt::format("{{\"text\": \"{} x\", \"labels\": [{}]}}\n", i % 2 == 0 ? "red" : "y", labels);
  }
  folder_.write("rows.jsonl", rows);
  const ProgramResult trained =
      run(train_words("run", {"--set", "data.train=rows.jsonl",
                              "--set", "data.columns.label=labels",
                              "--set", "data.validation=null",
                              "--set", "data.validation=rows.jsonl",
                              "--set", "data.test=null",
                              "--set", "task={kind: multi_label}",
                              "--set", "model.layers[3].linear=13",
                              "--set", "training.epochs=30",
                              "--set", "loss.pos_weight=auto",
                              "--set", "metrics.threshold={recall_at_precision: 0.99}"}));
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_THAT(trained.err, ContainsRegex("pos_weight auto: 1 for 'l00', .*, \\.\\.\\. and 3 more\n"));
  EXPECT_THAT(trained.err, HasSubstr("label 'l09': on the validation data no threshold reaches"));
  EXPECT_THAT(trained.err, Not(HasSubstr("label 'l10': on the validation data no threshold reaches")));
  EXPECT_THAT(trained.err,
              HasSubstr("warning: 2 more labels miss what metrics.threshold demands, and keep 0.5\n"));
  EXPECT_THAT(trained.err,
              ContainsRegex("threshold fitted on validation data: 'l00' 0.5 .not fitted., .* and 3 more\n"));
}

TEST_F(EndToEnd, ADemandIsHeldAgainstTheTestData) {
  write_noisy_data();  // 60 validation examples, 30 of each class
  std::string shifted = "text,label\n";
  for (int i = 0; i < 40; ++i)
    shifted += std::string(i % 2 == 0 ? "fine" : "dull") + " film," + (i % 8 == 0 ? "good" : "bad") + "\n";
  folder_.write("test.csv", shifted);
  const std::vector<std::string> more = {"--set", "metrics.threshold={recall_at_precision: 0.7}",
                                         "--set", "data.test=null",
                                         "--set", "data.test=test.csv"};
  const ProgramResult trained = run(train_words("run", more));
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_THAT(trained.err, Not(HasSubstr("fewer than 30")));
  EXPECT_THAT(
      trained.out,
      ContainsRegex("demand      precision of at least 0.7\n"
                    "            on validation data:  precision 0.[7-9]... .[0-9]+ of [0-9]+.  recall "
                    "0..... .[0-9]+ of 30.\n"
                    "            on test data:  precision 0.2500 .5 of 20.  recall 1.0000 .5 of "
                    "5.  .less than demanded.\n"));
  EXPECT_THAT(trained.err,
              ContainsRegex("threshold fitted on validation data: 0.[0-9]* .precision [0-9]+ of [0-9]+.\n"));
  EXPECT_EQ(read_json("run/summary.json")["threshold_demand"],
            Json({{"metric", "precision"}, {"at_least", 0.7}}));
  std::vector<std::string> smaller = more;
  for (const char* word : {"--set", "data.validation.fraction=0.1", "--dry-run"}) smaller.emplace_back(word);
  const ProgramResult few = run(train_words("few", smaller));
  EXPECT_EQ(few.exit_code, 0) << few.err;
  EXPECT_THAT(few.err,
              HasSubstr("warning: metrics.threshold is fitted on fewer than 30 validation examples of "
                        "'good' (15), 'bad' (15): it will vary"));
}

TEST_F(EndToEnd, AFigureOfNoneFoundComesWithTheLargestProbability) {
  const char* const hint =
      "no example is above the threshold 0.99: the largest probability is 0.[0-9]+; metrics.threshold sets";
  const ProgramResult trained =
      run(train_words("run", {"--set", "training.epochs=1", "--set", "metrics.threshold=0.99"}));
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_THAT(trained.err, ContainsRegex(std::string("warning: validation data: ") + hint));
  EXPECT_THAT(trained.err, ContainsRegex(std::string("warning: test data: ") + hint));
  EXPECT_THAT(run({"evaluate", (folder_ / "run").string()}).err,
              ContainsRegex(std::string("warning: ") + hint));
}

TEST_F(EndToEnd, ADemandIsCountedByLabel) {
  std::string rows, other;
  for (int i = 0; i < 60; ++i) {
    rows += i % 2 == 0 ? "{\"text\": \"red x\", \"labels\": [\"r\", \"g\"]}\n"
                       : "{\"text\": \"x y\", \"labels\": []}\n";
    other +=
        i % 2 == 0 ? "{\"text\": \"red x\", \"labels\": [\"r\"]}\n" : "{\"text\": \"x y\", \"labels\": []}\n";
  }
  folder_.write("rows.jsonl", rows);
  folder_.write("test.jsonl", other);
  const ProgramResult trained = run(train_words(
      "run", {"--set", "data.train=rows.jsonl", "--set", "data.columns.label=labels", "--set",
              "data.test=null", "--set", "data.test=test.jsonl", "--set",
              "task={kind: multi_label, labels: [r, g]}", "--set", "model.layers[3].linear=2", "--set",
              "training.epochs=30", "--set", "metrics.threshold={recall_at_precision: 0.9}"}));
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_THAT(trained.err,
              HasSubstr("validation examples of 'r' (6 with it), 'r' (6 without it), 'g' (6 with it), "
                        "'g' (6 without it): it will vary"));
  EXPECT_THAT(trained.out,
              HasSubstr("on validation data:  macro_precision 1.0000  macro_recall 1.0000  2 of 2 "
                        "labels as demanded\n"));
  EXPECT_THAT(trained.out,
              HasSubstr("on test data:  macro_precision 0.5000  macro_recall 1.0000  1 of 2 labels as "
                        "demanded; less: 'g' (0.0000, 0 of 30)\n"));
  EXPECT_THAT(trained.err, HasSubstr(" (precision 6 of 6), 'g' "));
  const auto refitted = [&](const std::string& threshold) {
    return run({"train", "--resume", "--run-dir", (folder_ / "run").string(), "--set",
                "metrics.threshold=" + threshold});
  };
  const ProgramResult surely = refitted("{recall_at_precision: {precision: 0.6, confidence: 0.95}}");
  ASSERT_EQ(surely.exit_code, 0) << surely.err;
  EXPECT_THAT(surely.out, HasSubstr("demand      precision of at least 0.6 with confidence 0.95\n"));
  EXPECT_EQ(read_json("run/summary.json")["threshold_demand"]["confidence"], 0.95);
  EXPECT_THAT(folder_.read("run/report.html"), HasSubstr("precision of 0.6 or more with confidence 0.95"));
  const ProgramResult too_few = refitted("{recall_at_precision: {precision: 0.7, confidence: 0.95}}");
  EXPECT_EQ(too_few.exit_code, 3);  // 6 of 6: .05^(1/6) = .607
  EXPECT_THAT(too_few.err,
              HasSubstr("no threshold reaches precision 0.7 with confidence 0.95: the best is 0.606"));
  const ProgramResult shared = refitted("{max_f1: {min_positives: 7}}");
  ASSERT_EQ(shared.exit_code, 0) << shared.err;
  EXPECT_THAT(shared.err, HasSubstr(" (precision 6 of 6, shared), 'g' "));
  EXPECT_THAT(shared.err, HasSubstr("'r' (12 with it), 'r' (12 without it), 'g' (12 with it)"));
  const Json thresholds = read_json("run/summary.json")["thresholds"];
  EXPECT_EQ(thresholds[0], thresholds[1]);
  EXPECT_THAT(folder_.read("run/report.html"), HasSubstr("one for all labels with fewer than 7 examples"));
}

TEST_F(EndToEnd, AFinishedRunTakesATemperatureThatEveryVerbDividesBy) {
  write_noisy_data();
  const std::string run_dir = (folder_ / "run").string();
  const std::vector<std::string> question = {"predict", run_dir, "--text", "fine film"};
  ASSERT_EQ(run(train_words("run")).exit_code, 0);
  EXPECT_EQ(read_json("run/summary.json")["temperatures"], Json::array());
  const float before = Json::parse(run(question).out)["logit"];

  const ProgramResult fitted =
      run(train_words("run", {"--resume", "--set", "metrics.temperature=min_log_loss"}));
  ASSERT_EQ(fitted.exit_code, 0) << fitted.err;
  EXPECT_THAT(fitted.err, HasSubstr("temperature fitted on validation data: "));
  const Json summary = read_json("run/summary.json");
  const float temperature = summary["temperatures"].at(0);
  EXPECT_NE(temperature, 1);
  EXPECT_LT(summary["calibration"]["validation"]["log_loss"]["after"],
            summary["calibration"]["validation"]["log_loss"]["before"]);
  EXPECT_EQ(summary["calibration"]["test"]["log_loss"]["after"], summary["test"]["metrics"]["log_loss"]);
  EXPECT_EQ(summary["artifact"]["max_difference"], 0.0);

  for (const std::string& model : {run_dir, run_dir + "/model.pt"}) {
    const Json answer = Json::parse(run({"predict", model, "--text", "fine film"}).out);
    EXPECT_EQ(answer["logit"].get<float>(), before / temperature) << model;
    EXPECT_EQ(Json::parse(run({"evaluate", model, "--json"}).out), summary["test"]) << model;
  }
  ASSERT_EQ(run({"export", run_dir, "--output", (folder_ / "copy.pt").string()}).exit_code, 0);
  EXPECT_EQ(folder_.read("copy.pt"), folder_.read("run/model.pt"));
}

TEST_F(EndToEnd, AShiftUndoesThePositiveWeightInEveryVerb) {
  write_noisy_data();
  const std::string run_dir = (folder_ / "run").string();
  const std::vector<std::string> question = {"predict", run_dir, "--text", "fine film"};
  ASSERT_EQ(run(train_words("run", {"--set", "loss.pos_weight=8"})).exit_code, 0);
  EXPECT_EQ(read_json("run/summary.json")["shifts"], Json::array());
  const float before = Json::parse(run(question).out)["logit"];

  const ProgramResult fitted =
      run({"train", "--resume", "--run-dir", run_dir, "--set", "metrics.temperature=min_log_loss", "--set",
           "metrics.shift=min_log_loss"});
  ASSERT_EQ(fitted.exit_code, 0) << fitted.err;
  EXPECT_THAT(fitted.err, ::testing::AllOf(HasSubstr("temperature fitted on validation data: "),
                                           HasSubstr("shift fitted on validation data: -"),
                                           ::testing::Not(HasSubstr("cannot undo"))));
  EXPECT_THAT(fitted.out, HasSubstr("calibration on validation data:  log_loss "));
  const Json summary = read_json("run/summary.json");
  const float temperature = summary["temperatures"].at(0), shift = summary["shifts"].at(0);
  EXPECT_LT(shift, 0);
  EXPECT_LT(summary["calibration"]["validation"]["log_loss"]["after"],
            summary["calibration"]["validation"]["log_loss"]["before"]);
  EXPECT_EQ(summary["artifact"]["max_difference"], 0.0);
  for (const std::string& model : {run_dir, run_dir + "/model.pt"}) {
    for (const char* engine : {"native", "torchscript"}) {
      const Json answer = Json::parse(run({"predict", model, "--text", "fine film", "--engine", engine}).out);
      EXPECT_NEAR(answer["logit"].get<float>(), before / temperature + shift, 1e-5) << model << engine;
    }
    EXPECT_EQ(Json::parse(run({"evaluate", model, "--json"}).out), summary["test"]) << model;
  }
  for (const char* format : {"torchscript", "onnx", "triton", "safetensors"})
    EXPECT_EQ(run({"export", run_dir, "--format", format, "--output", (folder_ / format).string()}).exit_code,
              0);
  EXPECT_EQ(folder_.read("torchscript"), folder_.read("run/model.pt"));
  EXPECT_THAT(folder_.read("run/report.html"), HasSubstr("<td>shift</td><td class=\"l\">-"));

  const ProgramResult alone = run({"train", "--resume", "--run-dir", run_dir, "--set",
                                   "metrics.temperature=none", "--set", "metrics.shift=min_log_loss"});
  ASSERT_EQ(alone.exit_code, 0) << alone.err;
  EXPECT_THAT(alone.out, HasSubstr("shift       on validation data:  log_loss "));
  EXPECT_EQ(read_json("run/summary.json")["temperatures"], Json::array());
}

TEST_F(EndToEnd, DryRunWritesNothing) {
  const ProgramResult result = run(train_words("dry", {"--dry-run"}));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("nothing was written"));
  EXPECT_FALSE(fs::exists(folder_ / "dry"));
}

TEST_F(EndToEnd, EveryResultHasAJsonForm) {
  const auto json_of = [&](const std::vector<std::string>& words) {
    const ProgramResult result = run(words);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return Json::parse(result.out, nullptr, false);
  };
  const Json batch = json_of(train_words("dry", {"--dry-run", "--json"}));
  EXPECT_EQ(batch["examples"], 8);
  EXPECT_GT(batch["loss"], 0);
  EXPECT_TRUE(batch["gradient_norm"].is_number());
  EXPECT_FALSE(fs::exists(folder_ / "dry"));
  const Json checked = json_of({"config", "check", (folder_ / "config.yaml").string(), "--json"});
  EXPECT_EQ(checked, Json({{"name", "config"}, {"valid", true}, {"faults", Json::array()}}));
  const Json keys = json_of({"config", "describe", "--json", "--key", "training.monitor"});
  ASSERT_EQ(keys.size(), 3u);
  EXPECT_EQ(keys[1]["key"], "training.monitor.metric");
  EXPECT_EQ(keys[1]["default"], "loss");
  EXPECT_EQ(keys[1]["required"], false);
  EXPECT_EQ(json_of({"config", "schema", "--json"}), json_of({"config", "schema"}));
  EXPECT_EQ(json_of({"doctor", "--json"})["healthy"], true);
}

TEST_F(EndToEnd, NeverOverwritesARun) {
  ASSERT_EQ(run(train_words("run")).exit_code, 0);
  const ProgramResult second = run(train_words("run"));
  EXPECT_EQ(second.exit_code, 7);
  EXPECT_THAT(second.err, HasSubstr("never overwritten"));
}

/// A stop by signal in the middle of training, then --resume: the same bytes as a run that was let alone.
TEST_F(EndToEnd, ASignalSavesAndResumeGivesTheSameBytes) {
  const std::vector<std::string> longer = {"--set", "training.epochs=400", "--set", "training.keep_best=1"};
  ASSERT_EQ(run(train_words("whole", longer)).exit_code, 0);
  for (const auto& [number, code] : {std::pair{SIGINT, 130}, std::pair{SIGTERM, 143}}) {
    const std::string name = "stopped" + std::to_string(number);
    Program training(words(train_words(name, longer)));
    ASSERT_TRUE(training.wait_for_stderr("epoch   3"));
    training.signal(number);
    EXPECT_EQ(training.finish().exit_code, code);
    ASSERT_FALSE(fs::exists(folder_ / (name + "/summary.json")));
    const ProgramResult resumed =
        run({"train", "--resume", "--run-dir", (folder_ / name).string(), "--device", "cpu"});
    ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
    EXPECT_THAT(resumed.err, HasSubstr("resuming after step"));
    const std::string checkpoint = read_json("whole/summary.json")["checkpoint"];
    EXPECT_EQ(read_json(name + "/summary.json")["checkpoint"], checkpoint);
    EXPECT_EQ(folder_.read(name + "/checkpoints/" + checkpoint),
              folder_.read("whole/checkpoints/" + checkpoint));
  }
}

TEST_F(EndToEnd, ARunKnowsWhereItsDataWereAndEveryProcessThatTrainedIt) {
  const auto in_folder = [&](const std::string& words) {
    return run_program(
        {"/bin/sh", "-c", "cd " + folder_.path().string() + " && " + BERNOULLI_PROGRAM + words});
  };
  const ProgramResult trained = in_folder(" train config.yaml --run-dir run --device cpu");
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  const ProgramResult evaluated = run({"evaluate", (folder_ / "run").string(), "--json"});
  EXPECT_EQ(evaluated.exit_code, 0) << evaluated.err;
  EXPECT_THAT(evaluated.err, HasSubstr("where the run was trained"));
  const ProgramResult repeated = run({"train", (folder_ / "run/config.yaml").string(), "--run-dir",
                                      (folder_ / "again").string(), "--device", "cpu"});
  ASSERT_EQ(repeated.exit_code, 0) << repeated.err;
  EXPECT_EQ(read_json("again/summary.json")["test"], read_json("run/summary.json")["test"]);
  ASSERT_EQ(in_folder(" train --resume --run-dir run --device cpu").exit_code, 0);
  const Json environment = read_json("run/environment.json");
  EXPECT_THAT(environment["command"], ::testing::Contains("--resume"));
  ASSERT_EQ(environment["earlier"].size(), 1u);
  EXPECT_THAT(environment["earlier"][0]["command"], ::testing::Contains("config.yaml"));
  EXPECT_THAT(folder_.read("run/report.html"), HasSubstr("an earlier process"));
  for (const char* epochs :
       {"training.epochs=9", "training.epochs=10"}) {  // the second knows it from the first
    const ProgramResult resumed = run(
        {"train", "--resume", "--run-dir", (folder_ / "run").string(), "--device", "cpu", "--set", epochs});
    ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
    EXPECT_EQ(read_json("run/summary.json")["steps"], epochs == std::string("training.epochs=9") ? 72 : 80);
  }
}

/// 18 of 24 training rows and 1 of 4 test rows are good: shares (18 + .5) / 25.
TEST_F(EndToEnd, HoldsItsFiguresAgainstNoModel) {
  std::string train = "text,label\n", test = "text,label\nfine,good\ndull,bad\nflat,bad\npale,bad\n";
  for (int i = 0; i < 24; ++i)
    train += "word" + std::to_string(i) + (i < 18 ? " here,good\n" : " here,bad\n");
  folder_.write("data.csv", train);
  folder_.write("test.csv", test);
  const std::vector<std::string> settings = {"--set", "data.validation=test.csv", "--set",
                                             "data.test=test.csv"};
  const ProgramResult trained = run(train_words("run", settings));
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  const Json baseline = read_json("run/summary.json")["baseline"];
  EXPECT_EQ(baseline["split"], "test");
  EXPECT_EQ(baseline["accuracy"], 0.25);
  EXPECT_NEAR(baseline["log_loss"], -(std::log(18.5 / 25) + 3 * std::log(6.5 / 25)) / 4, 1e-12);
  EXPECT_THAT(trained.out, HasSubstr("no model    on test data:  accuracy 0.2500  log_loss 1.0856"));
  EXPECT_THAT(folder_.read("run/report.html"), HasSubstr("Without a model"));

  std::vector<std::string> wild = settings;
  for (const char* word : {"--set", "optimizer.adam.lr=50"}) wild.emplace_back(word);
  EXPECT_THAT(run(train_words("wild", wild)).err, HasSubstr("is worse than the 1.0856 of always answering"));
  std::vector<std::string> weighted = settings;
  for (const char* word : {"--set", "loss.pos_weight=3", "--set", "metrics.temperature=min_log_loss"})
    weighted.emplace_back(word);
  EXPECT_THAT(run(train_words("weighted", weighted)).err,
              HasSubstr("metrics.temperature cannot undo loss.pos_weight"));
}

TEST_F(EndToEnd, ResumeRefusesAnotherConfiguration) {
  ASSERT_EQ(run(train_words("run")).exit_code, 0);
  const ProgramResult refused = run(train_words("run", {"--resume", "--set", "optimizer.adam.lr=0.5"}));
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("optimizer.adam.lr: 0.05 in the run, 0.5 now"));
  const std::string events = folder_.read("run/metrics.jsonl"), summary = folder_.read("run/summary.json");
  const ProgramResult shorter = run(train_words("run", {"--resume", "--set", "training.epochs=2"}));
  EXPECT_EQ(shorter.exit_code, 2) << shorter.err;
  EXPECT_EQ(folder_.read("run/metrics.jsonl"), events);
  EXPECT_EQ(folder_.read("run/summary.json"), summary);
  const ProgramResult longer = run(train_words("run", {"--resume", "--set", "training.epochs=9"}));
  EXPECT_EQ(longer.exit_code, 0) << longer.err;
}

TEST_F(EndToEnd, ContradictionsThatAResumedRunIsGivenAreRefusedBeforeItIsTouched) {
  const std::vector<std::string> without = {"--set", "data.validation=null", "--set", "data.test=null"};
  ASSERT_EQ(run(train_words("run", without)).exit_code, 0);
  const std::string summary = folder_.read("run/summary.json"), config = folder_.read("run/config.yaml");
  for (const auto& [setting, message] : std::vector<std::pair<const char*, const char*>>{
           {"metrics.threshold=max_f1", "needs validation data"},
           {"metrics.temperature=min_log_loss", "needs validation data"},
           {"metrics.shift=min_log_loss", "needs validation data"},
           {"training.early_stopping=3", "needs validation data"},
           {"training.epochs=null", "training: has no limit"}}) {
    const ProgramResult result =
        run({"train", "--resume", "--run-dir", (folder_ / "run").string(), "--set", setting});
    EXPECT_EQ(result.exit_code, 2) << setting << result.err;
    EXPECT_THAT(result.err, HasSubstr(message)) << setting;
    EXPECT_EQ(folder_.read("run/summary.json"), summary) << setting;
    EXPECT_EQ(folder_.read("run/config.yaml"), config) << setting;
  }
}

/// As an earlier build may have left one, which knew fewer contradictions.
TEST_F(EndToEnd, ContradictionsThatARunHasAlreadyDoNotKeepItFromGoingOn) {
  ASSERT_EQ(run(train_words("run")).exit_code, 0);
  std::string config = folder_.read("run/config.yaml");
  const std::string sound = "cache: {folder: auto, check: changes",
                    odd = "cache: {folder: 'off', check: contents";
  const size_t at = config.find(sound);
  ASSERT_NE(at, std::string::npos) << config;
  folder_.write("run/config.yaml", config.replace(at, sound.size(), odd));
  const ProgramResult result =
      run({"train", "--resume", "--run-dir", (folder_ / "run").string(), "--set", "training.epochs=9"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
}

/// A wide layer rounds otherwise in other batches; the file is held against the trainer in the trainer's own.
TEST_F(EndToEnd, ALongTextDoesNotPartTheBatchesOfTrainerAndFile) {
  std::string csv = folder_.read("data.csv");
  csv += "\"";
  for (int i = 0; i < 4000; ++i) csv += "film ";
  csv += "fine\",good\n";
  folder_.write("long.csv", csv);
  const ProgramResult result = run(
      train_words("run", {"--set", "data.test=null", "--set", "data.test=long.csv", "--set",
                          "training.eval_batch_size=4096", "--set", "training.epochs=1", "--set",
                          "model.layers=[{embedding: 117}, mean_pool, {linear: 300}, relu, {linear: 200}, "
                          "relu, {linear: 1}]"}));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(read_json("run/summary.json")["artifact"]["max_difference"], 0);
}

/// What the summary says must not outlive what it is about: the run is an unfinished one until it ends anew.
TEST_F(EndToEnd, AFinishedRunThatCannotEndAnewIsUnfinished) {
  write_noisy_data();
  ASSERT_EQ(run(train_words("run")).exit_code, 0);
  folder_.write("run/model.onnx", "of an earlier end");
  const ProgramResult failed =
      run(train_words("run", {"--resume", "--set", "metrics.threshold={recall_at_precision: 0.9999}"}));
  EXPECT_EQ(failed.exit_code, 3) << failed.err;
  EXPECT_FALSE(fs::exists(folder_ / "run/summary.json"));
  const ProgramResult evaluated = run({"evaluate", (folder_ / "run").string()});
  EXPECT_EQ(evaluated.exit_code, 0) << evaluated.err;
  EXPECT_THAT(evaluated.err, HasSubstr("did not finish"));
  const ProgramResult again = run(train_words("run", {"--resume", "--set", "metrics.threshold=0.4"}));
  ASSERT_EQ(again.exit_code, 0) << again.err;
  EXPECT_THAT(again.err, HasSubstr("model.onnx' was exported before this end of the run"));
  EXPECT_EQ(read_json("run/summary.json")["thresholds"], Json::array({0.4}));
}

TEST_F(EndToEnd, PrintsNothingButResultsOnStandardOutput) {
  const ProgramResult trained = run(train_words("run", {"--json", "--quiet"}));
  ASSERT_EQ(trained.exit_code, 0);
  EXPECT_EQ(trained.err, "");
  EXPECT_EQ(Json::parse(trained.out), read_json("run/summary.json"));
}

TEST_F(EndToEnd, AClosedStandardOutputIsAnError) {
  const ProgramResult full =
      run_program({"/bin/sh", "-c", std::string(BERNOULLI_PROGRAM) + " config schema > /dev/full"});
  EXPECT_EQ(full.exit_code, 5);
  EXPECT_THAT(full.err, HasSubstr("cannot write to standard output"));
}

}  // namespace
}  // namespace bernoulli::testing
