// `bernoulli sweep` from the outside: trials, leader board, resuming, refusals, exit codes.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/available_cores.h"
#include "core/file.h"
#include "support/program.h"
#include "support/suite_folder.h"

namespace bernoulli::testing {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kSweepConfig = R"(
data:
  train: {path: data.csv}
  validation: {from: train, fraction: 0.2, method: stratified, seed: 3}
  test: {from: train, fraction: 0.2, method: stratified, seed: 4}
task: {kind: binary, positive: good}
model:
  layers: [{embedding: 4}, {dropout: 0.3}, {mean_pool: {padding: exclude}}, {linear: 1}]
optimizer: {adam: {lr: 0.05}}
training: {epochs: 2, batch_size: 16, seed: 5, threads: 1, monitor: accuracy}
)";

const std::vector<std::string> kTwoRates = {"optimizer.adam.lr=0.01,0.05"};

class SweepVerb : public SuiteFolder {
 protected:
  SweepVerb() {
    std::string csv = "text,label\n";
    for (int i = 0; i < 100; ++i)
      csv += i % 2 == 0 ? "a fine film " + std::to_string(i % 7) + ",good\n"
                        : "a dull film " + std::to_string(i % 5) + ",bad\n";
    folder_.write("data.csv", csv);
    folder_.write("config.yaml", kSweepConfig);
  }

  std::vector<std::string> words(const std::string& sweep_dir, const std::vector<std::string>& more) const {
    std::vector<std::string> all = {BERNOULLI_PROGRAM,
                                    "sweep",
                                    (folder_ / "config.yaml").string(),
                                    "--set",
                                    "data.root=" + folder_.path().string(),
                                    "--device",
                                    "cpu",
                                    "--sweep-dir",
                                    (folder_ / sweep_dir).string()};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  ProgramResult sweep(const std::string& sweep_dir, const std::vector<std::string>& more) const {
    return run_program(words(sweep_dir, more));
  }
  /// Goes on with nothing but the folder.
  ProgramResult resume(const std::string& sweep_dir, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> all = {BERNOULLI_PROGRAM, "sweep", "--resume", "--sweep-dir",
                                    (folder_ / sweep_dir).string()};
    all.insert(all.end(), more.begin(), more.end());
    return run_program(all);
  }
  Json json_of(const std::string& name) const { return Json::parse(folder_.read(name)); }
  std::vector<std::string> states(const std::string& sweep_dir) const {
    std::vector<std::string> all;
    const Json record = json_of(sweep_dir + "/sweep.json");
    for (const Json& trial : record["trials"]) all.push_back(trial["state"]);
    return all;
  }
  /// Puts the finished sweep of kTwoRates into the folder `out`.
  void finish_two_rates() const {
    once("out", [&] {
      const ProgramResult result = sweep("out", kTwoRates);
      ASSERT_EQ(result.exit_code, 0) << result.err;
    });
  }
};

TEST_F(SweepVerb, TrainsEveryCombinationAndRanksThem) {
  const ProgramResult result = sweep("out", {"optimizer.adam.lr=1e-9,0.05", "training.seed=5,6"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(states("out"), ElementsAre("finished", "finished", "finished", "finished"));
  EXPECT_THAT(result.err, HasSubstr("trial 3/4  lr=0.05  seed=5  validation accuracy 1.0000"));
  EXPECT_THAT(result.err,
              AllOf(ContainsRegex("trial 1/4 [^\n]* left"), ContainsRegex("trial 3/4 [^\n]* left"),
                    Not(ContainsRegex("trial 4/4 [^\n]* left"))));
  EXPECT_THAT(result.out, HasSubstr("best by validation accuracy: optimizer.adam.lr=0.05\n"));
  const Json board = json_of("out/leaderboard.json");
  EXPECT_EQ(board["metric"], "accuracy");
  ASSERT_EQ(board["rows"].size(), 2u);
  const Json& best = board["rows"][0];
  EXPECT_EQ(best["settings"], Json::parse(R"({"optimizer.adam.lr": "0.05"})"));
  EXPECT_EQ(best["validation"], Json::parse(R"({"mean": 1.0, "std": 0.0})"));
  const std::string third = (folder_ / "out/003").string();
  EXPECT_EQ(best["runs"][0], third);
  EXPECT_EQ(json_of("out/003/summary.json")["validation"]["metrics"]["accuracy"], 1.0);
  EXPECT_TRUE(fs::is_regular_file(folder_ / "out/003/model.pt"));
  EXPECT_THAT(folder_.read("out/003.log"), HasSubstr("run folder " + third));
  EXPECT_THAT(folder_.read("out/leaderboard.csv"), HasSubstr("rank,validation_accuracy,validation_std"));

  // A trial is the training of the same settings, bit for bit.
  const ProgramResult alone =
      run_program({BERNOULLI_PROGRAM, "train", (folder_ / "config.yaml").string(), "--set",
                   "data.root=" + folder_.path().string(), "--set", "training.seed=6", "--run-dir",
                   (folder_ / "alone").string(), "--device", "cpu"});
  ASSERT_EQ(alone.exit_code, 0) << alone.err;
  EXPECT_EQ(folder_.read("alone/model.pt"), folder_.read("out/004/model.pt"));
}

TEST_F(SweepVerb, OfAFinishedOnePrintsTheBoardAndTrainsNothing) {
  ASSERT_NO_FATAL_FAILURE(finish_two_rates());
  const std::string log = folder_.read("out/001.log");
  const ProgramResult again = resume("out", {"--json", "--rank-by", "log_loss"});
  ASSERT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(Json::parse(again.out), json_of("out/leaderboard.json"));
  EXPECT_EQ(Json::parse(again.out)["metric"], "log_loss");
  EXPECT_EQ(Json::parse(again.out)["lower_is_better"], true);
  EXPECT_EQ(folder_.read("out/001.log"), log);
  EXPECT_THAT(again.err, Not(HasSubstr("trial 1/2")));
  EXPECT_EQ(resume("out", {"--quiet"}).err, "");
}

TEST_F(SweepVerb, AFailedTrialIsToldAndDoesNotEndTheOthers) {
  const std::vector<std::string> words = {"optimizer={sgd: {lr: 1.0e+38}},{adam: {lr: 0.05}}"};
  const ProgramResult result = sweep("out", words);
  EXPECT_EQ(result.exit_code, 6) << result.err;
  EXPECT_THAT(states("out"), ElementsAre("failed", "finished"));
  EXPECT_THAT(result.err, ContainsRegex("warning: trial 1/2 .*failed after .* with exit code 6: step"));
  const Json record = json_of("out/sweep.json")["trials"][0];
  EXPECT_EQ(record["exit_code"], 6);
  EXPECT_THAT(record["error"].get<std::string>(), HasSubstr("No weight was changed"));
  const Json board = json_of("out/leaderboard.json");
  EXPECT_EQ(board["rows"][0]["rank"], 1);
  EXPECT_EQ(board["rows"][1]["rank"], nullptr);
  EXPECT_THAT(board["rows"][1]["note"].get<std::string>(), HasSubstr("failed with exit code 6: step"));
  EXPECT_THAT(result.out, HasSubstr("best by validation accuracy: optimizer={adam: {lr: 0.05}}"));

  const std::string log = folder_.read("out/001.log");
  EXPECT_EQ(resume("out").exit_code, 6);
  EXPECT_EQ(folder_.read("out/001.log"), log) << "it would diverge again";
}

TEST_F(SweepVerb, AFailureThatMayGoAwayIsTriedAgain) {
  ASSERT_NO_FATAL_FAILURE(finish_two_rates());
  fs::remove(folder_ / "out/001/summary.json");
  {
    const FolderLock somebody(folder_ / "out/001");
    const ProgramResult busy = resume("out");
    EXPECT_EQ(busy.exit_code, 7) << busy.err;
    EXPECT_THAT(busy.err, HasSubstr("is in use by another bernoulli process"));
    EXPECT_THAT(states("out"), ElementsAre("failed", "finished"));
  }
  const ProgramResult again = resume("out");
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_THAT(states("out"), ElementsAre("finished", "finished"));
}

TEST_F(SweepVerb, AStopIsPassedOnAndResumingEndsInTheSameBytes) {
  const std::vector<std::string> long_ones = {
      "optimizer.adam.lr=0.01,0.05", "training.seed=1,2", "--jobs", "2", "--set", "training.epochs=400"};
  Program stopped(words("stopped", long_ones));
  ASSERT_TRUE(stopped.wait_for_file(folder_ / "stopped/001/metrics.jsonl")) << stopped.finish().err;
  stopped.signal(SIGINT);
  const ProgramResult first = stopped.finish();
  ASSERT_EQ(first.exit_code, 130) << first.err;
  EXPECT_THAT(first.err, HasSubstr("stopped; go on with: bernoulli sweep --resume --sweep-dir " +
                                   (folder_ / "stopped").string()));
  EXPECT_EQ(first.out, "");
  // The first one was training; those beside it may have been anywhere between their start and their end.
  EXPECT_THAT(states("stopped"),
              ElementsAre("stopped", AnyOf("stopped", "finished"), AnyOf("waiting", "stopped", "finished"),
                          AnyOf("waiting", "stopped")));
  EXPECT_THAT(folder_.read("stopped/001.log"), HasSubstr("stopped; go on with: bernoulli train --resume"));

  const ProgramResult second = resume("stopped", {"--jobs", "2"});
  ASSERT_EQ(second.exit_code, 0) << second.err;
  EXPECT_THAT(folder_.read("stopped/001.log"), HasSubstr("resuming after step"));
  ASSERT_EQ(sweep("whole", long_ones).exit_code, 0);
  for (const char* trial : {"/001/model.pt", "/002/model.pt", "/004/model.pt"})
    EXPECT_EQ(folder_.read("stopped" + std::string(trial)), folder_.read("whole" + std::string(trial)))
        << trial;
}

TEST_F(SweepVerb, SigtermEndsItWith143) {
  Program running(words("out", {"optimizer.adam.lr=0.01,0.05", "--set", "training.epochs=2000"}));
  ASSERT_TRUE(running.wait_for_file(folder_ / "out/001/metrics.jsonl")) << running.finish().err;
  running.signal(SIGTERM);
  EXPECT_EQ(running.finish().exit_code, 143);
  EXPECT_THAT(states("out"), ElementsAre("stopped", "waiting"));
}

/// A closed terminal: the shell passes the signal on, and the kernel sends another.
TEST_F(SweepVerb, TwoHangupsLetEveryTrialSave) {
  Program running(words("out", {"training.seed=1,2", "--jobs", "2", "--set", "training.epochs=2000"}));
  for (const char* log : {"out/001/metrics.jsonl", "out/002/metrics.jsonl"})
    ASSERT_TRUE(running.wait_for_file(folder_ / log)) << running.finish().err;
  running.signal(SIGHUP);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  running.signal(SIGHUP);
  EXPECT_EQ(running.finish().exit_code, 143);
  EXPECT_THAT(states("out"), ElementsAre("stopped", "stopped"));
  for (const char* log : {"out/001.log", "out/002.log"})
    EXPECT_THAT(folder_.read(log), HasSubstr("stopped; go on with: bernoulli train --resume"));
}

TEST_F(SweepVerb, GoesOnWhereTheProgramIsReplacedMeanwhile) {
  const fs::path program = fs::canonical(BERNOULLI_PROGRAM), copy = folder_ / "bin/bernoulli";
  fs::create_directory(folder_ / "bin");
  fs::copy_file(program, copy);
  fs::create_symlink(program.parent_path() / "bernoulli-torch", folder_ / "bin/bernoulli-torch");
  std::vector<std::string> all = words("out", {"training.seed=1,2", "--set", "training.epochs=400"});
  all[0] = copy;
  Program running(all);
  ASSERT_TRUE(running.wait_for_file(folder_ / "out/001/metrics.jsonl")) << running.finish().err;
  fs::remove(copy);
  const ProgramResult result = running.finish();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(states("out"), ElementsAre("finished", "finished"));
}

TEST_F(SweepVerb, ATrialThatEndsWellAndLeavesNothingHasFailed) {
  fs::create_directory(folder_ / "bin");
  fs::copy_file(BERNOULLI_PROGRAM, folder_ / "bin/bernoulli");
  fs::permissions(folder_.write("bin/bernoulli-torch", "#!/bin/sh\nexit 0\n"), fs::perms::owner_all);
  std::vector<std::string> all = words("out", {"training.seed=1,2"});
  all[0] = folder_ / "bin/bernoulli";
  const ProgramResult result = run_program(all);
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_THAT(result.err,
              ContainsRegex("trial 2/2 .* with exit code 1: it ended well and left no summary\\.json"));
  EXPECT_THAT(states("out"), ElementsAre("failed", "failed"));
}

TEST_F(SweepVerb, ATrialThatCannotBeStartedIsThatTrialsFailure) {
  Program running(words("out", {"training.seed=1,2,3", "--set", "training.epochs=400"}));
  ASSERT_TRUE(running.wait_for_file(folder_ / "out/001/metrics.jsonl")) << running.finish().err;
  fs::create_directory(folder_ / "out/002.log");
  const ProgramResult result = running.finish();
  EXPECT_EQ(result.exit_code, 5) << result.err;
  EXPECT_THAT(result.err, ContainsRegex("warning: trial 2/3 .*not started: cannot open .*002.log"));
  EXPECT_THAT(states("out"), ElementsAre("finished", "failed", "finished"));
  EXPECT_EQ(json_of("out/leaderboard.json")["rows"].size(), 1u);
  fs::remove(folder_ / "out/002.log");
  EXPECT_EQ(resume("out").exit_code, 0) << "it may have gone away";
}

TEST_F(SweepVerb, ATrialThatIsKilledCountsAsOutOfMemory) {
  Program running(words("out", {"optimizer.adam.lr=0.01,0.05", "--set", "training.epochs=300"}));
  ASSERT_TRUE(running.wait_for_file(folder_ / "out/001/metrics.jsonl")) << running.finish().err;
  const std::string id = std::to_string(running.pid());
  pid_t child = 0;
  std::ifstream("/proc/" + id + "/task/" + id + "/children") >> child;
  if (child == 0) GTEST_SKIP() << "this system does not list the children of a process";
  ::kill(child, SIGKILL);
  const ProgramResult result = running.finish();
  EXPECT_EQ(result.exit_code, 5) << result.err;
  EXPECT_THAT(result.err, HasSubstr("failed after"));
  EXPECT_THAT(result.err, HasSubstr("it was killed (signal 9), as the system does where memory runs out"));
  EXPECT_THAT(states("out"), ElementsAre("failed", "finished"));
  const ProgramResult again = resume("out");
  EXPECT_EQ(again.exit_code, 0) << again.err;
}

TEST_F(SweepVerb, ATrialWithoutItsSummaryIsTrainedToItsEndAgain) {
  ASSERT_NO_FATAL_FAILURE(finish_two_rates());
  const std::string model = folder_.read("out/001/model.pt");
  fs::remove(folder_ / "out/001/summary.json");
  folder_.write("out/002/summary.json", "{\"validation\": ");
  const ProgramResult again = resume("out");
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_THAT(again.err, HasSubstr("trial 2 counts as not trained to its end"));
  EXPECT_THAT(again.err, AllOf(HasSubstr("trial 1/2"), HasSubstr("trial 2/2")));
  EXPECT_EQ(folder_.read("out/001/model.pt"), model);
}

TEST_F(SweepVerb, TrialsAtOnceShareTheTokenCache) {
  const std::vector<std::string> cached = {
      "training.seed=1,2,3,4,5,6", "--jobs", "3", "--set",
      "data.cache={folder: " + (folder_ / "cache").string() + ", check: contents}"};
  const ProgramResult result = sweep("out", cached);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const std::string first =
      folder_.read("out/001.log") + folder_.read("out/002.log") + folder_.read("out/003.log");
  EXPECT_THAT(first, HasSubstr("token cache: wrote '"));
  EXPECT_THAT(folder_.read("out/006.log"), HasSubstr("token cache: 100 texts from '"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "cache"), fs::directory_iterator()), 1)
      << "one file, and nothing half-written";
}

TEST_F(SweepVerb, TrialsAtOnceShareTheCores) {
  // A batch that is worth every thread.
  ASSERT_EQ(sweep("out", {"training.seed=1,2", "--jobs", "2", "--set", "training.threads=0", "--set",
                          "training.batch_size=4194304"})
                .exit_code,
            0);
  const int cores = available_cores();
  EXPECT_EQ(json_of("out/001/environment.json")["threads"], std::max(1, cores / 2));
  EXPECT_THAT(folder_.read("out/001/config.yaml"), HasSubstr("threads: 0"));
}

TEST_F(SweepVerb, RandomTrialsAreDrawnOnceAndMayBecomeMore) {
  const std::vector<std::string> two = {
      "optimizer.adam.lr=log:1e-3..1e-1", "training.batch_size=8..16", "--random", "2", "--seed", "9"};
  std::vector<std::string> first = two;
  first.emplace_back("--resume");  // which begins where nothing is
  ASSERT_EQ(sweep("out", first).exit_code, 0);
  const Json before = json_of("out/sweep.json")["trials"];
  std::vector<std::string> three = two;
  three[3] = "3";
  three.push_back("--resume");
  const ProgramResult more = sweep("out", three);
  ASSERT_EQ(more.exit_code, 0) << more.err;
  const Json after = json_of("out/sweep.json")["trials"];
  ASSERT_EQ(after.size(), 3u);
  EXPECT_EQ(after[0], before[0]);
  EXPECT_EQ(after[1], before[1]);
  EXPECT_THAT(more.err, AllOf(Not(HasSubstr("trial 2/3")), HasSubstr("trial 3/3")));
}

TEST_F(SweepVerb, ChecksEveryConfigurationBeforeThereIsAFolder) {
  const ProgramResult refused =
      sweep("out", {"optimizer.adam.lr=0.01,fast,0.05", "training.seed=1,2", "training.epoch=7",
                    "model.layers[0]={embedding: 4},{linear: 4}"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_FALSE(fs::exists(folder_ / "out"));
  EXPECT_THAT(refused.err, HasSubstr("bernoulli: 3 faults in the configuration\n"));
  EXPECT_THAT(refused.err,
              ContainsRegex("model.layers\\[0\\].linear: takes a vector .*\\[trials 2, 4, 6, 8, 10, 12\\]"));
  EXPECT_THAT(refused.err,
              ContainsRegex("\n--set training.epoch=7: training.epoch: unknown key .*\\[every trial\\]"));
  EXPECT_THAT(refused.err, ContainsRegex("\n--set optimizer.adam.lr=fast: optimizer.adam.lr: is 'fast' .*"
                                         "\\[trials 5-8\\]"));
  const ProgramResult shapes =
      sweep("out", {"model.layers[1]={dropout: 0.1},{mean_pool: {padding: exclude}}"});
  EXPECT_EQ(shapes.exit_code, 2);
  EXPECT_THAT(shapes.err, ContainsRegex("model.layers\\[.*\\[trial 2\\]"));
}

TEST_F(SweepVerb, RefusesTrialsThatAreTheSameTraining) {
  const ProgramResult same = sweep("out", {"optimizer.adam.lr=0.01,1e-2,0.05", "name=a,b"});
  EXPECT_EQ(same.exit_code, 2);
  EXPECT_THAT(same.err, ContainsRegex("the same training as trial 1.*\\[trials 2-4\\]"));
  EXPECT_THAT(same.err, ContainsRegex("the same training as trial 5.*\\[trial 6\\]"));
  EXPECT_FALSE(fs::exists(folder_ / "out"));
}

TEST_F(SweepVerb, RefusesWhatCannotBeRanked) {
  const std::string axis = "optimizer.adam.lr=0.01,0.05";
  const ProgramResult no_metric = sweep("out", {axis, "--rank-by", "acuracy"});
  EXPECT_EQ(no_metric.exit_code, 2);
  EXPECT_THAT(no_metric.err,
              AllOf(HasSubstr("there is no metric 'acuracy' of this task (expected loss, accuracy, "),
                    HasSubstr("did you mean 'accuracy'?")));
  const ProgramResult no_data =
      sweep("out", {axis, "--set", "data.validation=null", "--set", "training.monitor=loss"});
  EXPECT_EQ(no_data.exit_code, 2);
  EXPECT_THAT(no_data.err, HasSubstr("data.validation"));
  const ProgramResult two = sweep("out", {"training.monitor=loss,roc_auc"});
  EXPECT_EQ(two.exit_code, 2);
  EXPECT_THAT(two.err, HasSubstr("say with --rank-by METRIC"));
  EXPECT_FALSE(fs::exists(folder_ / "out"));
}

TEST_F(SweepVerb, RefusesFiguresThatAreNotTheSameMetric) {
  const ProgramResult losses =
      sweep("s", {"loss.mode=bce_with_logits,focal_with_logits", "--rank-by", "loss"});
  EXPECT_EQ(losses.exit_code, 2);
  EXPECT_THAT(losses.err, HasSubstr("the loss of trials that differ in loss."));
  EXPECT_THAT(losses.err, HasSubstr("rank them with --rank-by METRIC by another one"));
  EXPECT_EQ(sweep("s", {"metrics.f_beta=1,2", "--rank-by", "f_beta", "--dry-run"}).exit_code, 2);
}

TEST_F(SweepVerb, WarnsOfTrialsThatAreJudgedOnOtherExamples) {
  folder_.write("other.csv", "text,label\na fine film,good\na dull film,bad\n");
  const auto warning_of = [&](const std::vector<std::string>& axes) {
    std::vector<std::string> words = axes;
    words.push_back("--dry-run");
    const ProgramResult dry = sweep("s", words);
    EXPECT_EQ(dry.exit_code, 0) << dry.err;
    return dry.err;
  };
  const auto differ_in = [](const std::string& keys) {
    return HasSubstr("warning: trials differ in " + keys + ": their figures may be of other examples");
  };
  EXPECT_THAT(warning_of({"data.validation.fraction=0.1,0.2"}), differ_in("data.validation.fraction"));
  EXPECT_THAT(warning_of({"data.test.fraction=0.1,0.2"}), differ_in("data.test.fraction"))
      << "the test part is taken first";
  EXPECT_THAT(warning_of({"data.train.path=data.csv,other.csv"}), differ_in("data.train.path"));
  const std::string held_out = "data.validation={path: data.csv}", none = "data.test=null";
  EXPECT_EQ(warning_of({"data.train.path=data.csv,other.csv", "--set", held_out, "--set", none}), "")
      << "the validation data are the same";
  // Where each row is a mean over the same splits, the figures are of the same examples.
  EXPECT_EQ(warning_of({"data.validation.seed=1,2", "data.test.seed=1,2", "optimizer.adam.lr=0.1,0.2"}), "");
  EXPECT_THAT(warning_of({"data.validation.seed=1,2,3,4,5", "optimizer.adam.lr=0.1..0.2", "--random", "3"}),
              differ_in("data.validation.seed"));
}

TEST_F(SweepVerb, RanksSettingsByTheirMeanOverSplits) {
  ASSERT_EQ(sweep("s", {"data.validation.seed=1,2", "data.test.seed=8,9"}).exit_code, 0);
  const Json board = json_of("s/leaderboard.json");
  EXPECT_EQ(board["seeds"], Json::parse(R"(["data.validation.seed", "data.test.seed"])"));
  ASSERT_EQ(board["rows"].size(), 1u);
  EXPECT_EQ(board["rows"][0]["runs"].size(), 4u);
  EXPECT_TRUE(board["rows"][0]["validation"]["std"].is_number());
}

TEST_F(SweepVerb, RefusesASettingThatAnotherKindReplaced) {
  const ProgramResult result =
      sweep("s", {"optimizer.adam.lr=1e-3,2e-3", "--set", "optimizer={sgd: {lr: 1, momentum: 0.5}}"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("--set optimizer.adam.lr=1e-3: optimizer.adam.lr: takes away what --set "
                                    "optimizer={sgd: {lr: 1, momentum: 0.5}} sets"));
}

TEST_F(SweepVerb, ResumesByTheMetricThatItWasRankedBy) {
  ASSERT_EQ(sweep("s", {"training.seed=1,2", "--rank-by", "roc_auc"}).exit_code, 0);
  ASSERT_EQ(resume("s").exit_code, 0);
  EXPECT_EQ(json_of("s/leaderboard.json")["metric"], "roc_auc");
  ASSERT_EQ(resume("s", {"--rank-by", "f1"}).exit_code, 0);
  ASSERT_EQ(resume("s").exit_code, 0);
  EXPECT_EQ(json_of("s/leaderboard.json")["metric"], "f1");
}

TEST_F(SweepVerb, DryRunPrintsTheTrialsAndWritesNothing) {
  const ProgramResult dry = sweep("out", {"optimizer.adam.lr=0.01,0.05", "--dry-run"});
  EXPECT_EQ(dry.exit_code, 0) << dry.err;
  EXPECT_EQ(
      dry.out,
      "trial 1  lr=0.01\ntrial 2  lr=0.05\ndry run: 2 trials, all configurations are sound; nothing was "
      "written\n");
  const ProgramResult json = sweep("out", {"optimizer.adam.lr=0.01,0.05", "--dry-run", "--json"});
  EXPECT_EQ(Json::parse(json.out)["trials"][1]["settings"]["optimizer.adam.lr"], "0.05");
  EXPECT_FALSE(fs::exists(folder_ / "out"));
}

TEST_F(SweepVerb, TakesAConfigurationWhosePathHasAnEqualsSign) {
  folder_.write("lr=0.1/name.yaml", "name: odd\n");
  const ProgramResult dry =
      sweep("out", {(folder_ / "lr=0.1/name.yaml").string(), "training.seed=1,2", "--dry-run"});
  EXPECT_EQ(dry.exit_code, 0) << dry.err;
  EXPECT_THAT(dry.out, HasSubstr("dry run: 2 trials"));
}

TEST_F(SweepVerb, IsNeverOverwrittenNorSharedNorChanged) {
  ASSERT_NO_FATAL_FAILURE(finish_two_rates());
  const ProgramResult taken = sweep("out", kTwoRates);
  EXPECT_EQ(taken.exit_code, 7);
  EXPECT_THAT(taken.err, AllOf(HasSubstr("is not empty and never overwritten"), HasSubstr("--sweep-dir")));

  const ProgramResult other_axis = sweep("out", {"optimizer.adam.lr=0.01,0.5", "--resume"});
  EXPECT_EQ(other_axis.exit_code, 2);
  EXPECT_THAT(other_axis.err,
              HasSubstr("optimizer.adam.lr=0.01,0.05 in the sweep, optimizer.adam.lr=0.01,0.5 now"));
  const ProgramResult other_config = sweep("out", {kTwoRates[0], "--resume", "--set", "training.epochs=3"});
  EXPECT_EQ(other_config.exit_code, 2);
  EXPECT_THAT(other_config.err, HasSubstr("training.epochs: 2 in the sweep, 3 now [every trial]"));

  folder_.write("config.yaml", "edited: meanwhile\n");
  EXPECT_EQ(resume("out").exit_code, 0) << "a sweep keeps its configurations";
  {
    const FolderLock somebody(folder_ / "out");
    const ProgramResult busy = resume("out");
    EXPECT_EQ(busy.exit_code, 7);
    EXPECT_THAT(busy.err, HasSubstr("is in use by another bernoulli process"));
  }
  fs::remove(folder_ / "out/002.yaml");
  const ProgramResult lost = resume("out");
  EXPECT_EQ(lost.exit_code, 2);
  EXPECT_THAT(lost.err, HasSubstr("002.yaml: cannot read the configuration"));
  folder_.write("out/sweep.json", "{\"axes\": []}");
  const ProgramResult damaged = resume("out");
  EXPECT_EQ(damaged.exit_code, 4);
  EXPECT_THAT(damaged.err, HasSubstr("sweep.json' is damaged"));
}

TEST_F(SweepVerb, RefusesToResumeWhatIsNoSweep) {
  folder_.write("other/notes.txt", "precious");
  const ProgramResult other = resume("other");
  EXPECT_EQ(other.exit_code, 7);
  EXPECT_THAT(other.err, HasSubstr("is not a sweep folder (no sweep.json in it)"));
  const ProgramResult nothing = resume("none");
  EXPECT_EQ(nothing.exit_code, 2);
  EXPECT_THAT(nothing.err, HasSubstr("holds no sweep yet: name CONFIG and the axes"));
  EXPECT_FALSE(fs::exists(folder_ / "none"));
}

}  // namespace
}  // namespace bernoulli::testing
