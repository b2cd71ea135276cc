// What a training leaves, in every form that it can have.

#include <cmath>
#include <cstdlib>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "integration/end_to_end_fixture.h"

namespace bernoulli::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class EndToEndTrain : public EndToEnd {};

TEST_F(EndToEndTrain, TrainWritesTheWholeRunFolder) {
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

TEST_F(EndToEndTrain, ARunFromTheTokenCacheIsTheRunFromTheSources) {
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

TEST_F(EndToEndTrain, TensorBoardShowsTheNumbersOfMetricsJsonlAfterAStopToo) {
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

TEST_F(EndToEndTrain, ARunInBfloat16ExportsWhatItMeasured) {
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

TEST_F(EndToEndTrain, ARunOfACardGoesOnAndIsEvaluatedOnEitherDevice) {
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

/// MKL multiplies small matrices otherwise where they begin at another address. With MKL_CBWR set to nothing
/// this fails.
TEST_F(EndToEndTrain, SmallMatricesAreMultipliedAlikeWhereverTheyLie) {
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

TEST_F(EndToEndTrain, AnEngineThatDoesNotRunTheModelIsRefusedBeforeThereIsARunFolder) {
  const ProgramResult refused =
      run(train_words("run", {"--set", "training.engine=fused", "--set",
                              "model.layers=[{embedding: 8}, {mean_pool: {padding: exclude}}, layer_norm, "
                              "{linear: 1}]"}));
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("the fused engine does not run layer_norm"));
  EXPECT_FALSE(fs::exists(folder_ / "run"));
}

TEST_F(EndToEndTrain, EveryLossModeTrains) {
  for (const char* mode : {"bce_with_logits", "sigmoid_bce", "sigmoid_bce_clipped", "focal_with_logits"}) {
    const ProgramResult trained =
        run(train_words(mode, {"--set", std::string("loss.mode=") + mode, "--set", "loss.pos_weight=auto"}));
    ASSERT_EQ(trained.exit_code, 0) << mode << trained.err;
    EXPECT_THAT(trained.err, HasSubstr("pos_weight auto: 1"));
    EXPECT_EQ(read_json(std::string(mode) + "/summary.json")["test"]["metrics"]["accuracy"], 1.0) << mode;
  }
}

TEST_F(EndToEndTrain, MultiLabelTrainsAndPredicts) {
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

TEST_F(EndToEndTrain, DryRunWritesNothing) {
  const ProgramResult result = run(train_words("dry", {"--dry-run"}));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("nothing was written"));
  EXPECT_FALSE(fs::exists(folder_ / "dry"));
}

/// What the settings and the data alone tell is told before anybody trains.
TEST_F(EndToEndTrain, DryRunWarnsAsTheTrainingWould) {
  const auto warnings = [&](const std::vector<std::string>& settings) {
    std::vector<std::string> more = {"--dry-run"};
    for (const std::string& setting : settings) more.insert(more.end(), {"--set", setting});
    const ProgramResult result = run(train_words("dry", more));
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.err;
  };
  EXPECT_THAT(warnings({"training.schedule={step: {step_epochs: 20}}"}),
              HasSubstr("step_epochs is 20, and the training has 8 epochs: the learning rate never changes"));
  EXPECT_THAT(warnings({"training.schedule={cosine: {warmup_steps: 1000}}"}),
              HasSubstr("the learning rate never comes up"));
  EXPECT_THAT(warnings({"loss.pos_weight=2", "metrics.temperature=min_log_loss"}),
              HasSubstr("metrics.temperature cannot undo loss.pos_weight"));
}

TEST_F(EndToEndTrain, NeverOverwritesARun) {
  ASSERT_EQ(run(train_words("run")).exit_code, 0);
  const ProgramResult second = run(train_words("run"));
  EXPECT_EQ(second.exit_code, 7);
  EXPECT_THAT(second.err, HasSubstr("never overwritten"));
}

/// More epochs or another threshold are no remedy where the model reads next to nothing.
TEST_F(EndToEndTrain, AdvisesOtherTokensAloneWhereMostAreUnknown) {
  std::string train = "text,label\nboth,bad\nboth,good\n";
  for (int i = 0; i < 24; ++i) train += "word" + std::to_string(i) + (i < 18 ? ",good\n" : ",bad\n");
  folder_.write("data.csv", train);
  folder_.write("test.csv", "text,label\nfine,good\ndull,bad\nflat,bad\npale,bad\n");
  const ProgramResult trained =
      run(train_words("unknown", {"--set", "data.validation=test.csv", "--set", "data.test=test.csv", "--set",
                                  "text.vocabulary.min_count=2", "--set", "optimizer.adam.lr=50"}));
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_THAT(trained.err, HasSubstr("92.3 % of the tokens of the train texts are unknown to the vocabulary, "
                                     "and the model cannot tell them apart: set text.split: character"));
  EXPECT_THAT(trained.err, Not(HasSubstr("no example is above")));
  EXPECT_THAT(trained.err, Not(HasSubstr("of always answering")));
}

/// 18 of 24 training rows and 1 of 4 test rows are good: shares (18 + .5) / 25.
TEST_F(EndToEndTrain, HoldsItsFiguresAgainstNoModel) {
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

/// 36 of 60 training rows and 1 of 4 test rows are of class a.
TEST_F(EndToEndTrain, LeadsWithTheAccuracyOfClassesWhereEachTextHasOneOfThem) {
  const auto row = [](const std::string& text, const std::string& label) {
    return R"({"text": ")" + text + R"(", "labels": [")" + label + "\"]}\n";
  };
  std::string rows;
  for (int i = 0; i < 60; ++i)
    rows += i % 5 < 3 ? row("red x", "a") : i % 5 == 3 ? row("green x", "b") : row("blue x", "c");
  folder_.write("rows.jsonl", rows);
  folder_.write("test.jsonl",
                row("red", "a") + row("green", "b") + row("green green", "b") + row("blue", "c"));
  const ProgramResult trained = run(train_words(
      "classes", {"--set", "data.train=rows.jsonl", "--set", "data.validation=test.jsonl", "--set",
                  "data.test=test.jsonl", "--set", "data.columns.label=labels", "--set",
                  "task={kind: multi_label, labels: [a, b, c]}", "--set", "model.layers[3].linear=3", "--set",
                  "training.epochs=30", "--set", "training.monitor=precision_at_1"}));
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  const Json summary = read_json("classes/summary.json");
  EXPECT_EQ(summary["monitor"], "precision_at_1");
  EXPECT_EQ(summary["test"]["metrics"]["precision_at_1"], 1.0);
  EXPECT_EQ(summary["baseline"]["precision_at_1"], 0.25);
  EXPECT_EQ(summary["baseline"]["accuracy"], 0.5) << "a for 1 of 4, no b for 2 of 4, no c for 3 of 4";
  EXPECT_THAT(trained.err, HasSubstr("  val precision_at_1 "));
  EXPECT_THAT(trained.err, Not(HasSubstr("  val accuracy ")));
  EXPECT_THAT(trained.out, ContainsRegex("test +loss [0-9.]+  precision_at_1 1\\.0000  micro_f1 "));
  EXPECT_THAT(trained.out, HasSubstr("no model    on test data:  precision_at_1 0.2500  log_loss "));
  const std::string page = folder_.read("classes/report.html");
  EXPECT_THAT(page, HasSubstr("<b>1.0000</b><span>precision_at_1</span>"));
  EXPECT_THAT(page, HasSubstr("training data alone: precision_at_1 0.2500"));

  const ProgramResult judged = run({"evaluate", (folder_ / "classes").string(), "--intervals"});
  EXPECT_THAT(judged.out, ContainsRegex("\nprecision_at_1 +1  95 % interval .*exact, of 4.*\naccuracy "));
}

/// A wide layer rounds otherwise in other batches; the file is held against the trainer in the trainer's own.
TEST_F(EndToEndTrain, ALongTextDoesNotPartTheBatchesOfTrainerAndFile) {
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

}  // namespace
}  // namespace bernoulli::testing
