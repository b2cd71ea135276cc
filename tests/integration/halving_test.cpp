// `bernoulli sweep --halving` and `--max-seconds` from the outside: rungs, exactness, resuming, failures.
// Times are either far too short or never over: what fits into one is no test.

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "support/program.h"
#include "support/suite_folder.h"

namespace bernoulli::testing {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// Every third label is wrong, so that figures differ and no setting is perfect.
constexpr const char* kHalvingConfig = R"(
data:
  train: {path: data.csv}
  validation: {from: train, fraction: 0.3, method: stratified, seed: 3}
task: {kind: binary, positive: good}
model:
  layers: [{embedding: 4}, {dropout: 0.3}, {mean_pool: {padding: exclude}}, {linear: 1}]
optimizer: {adam: {lr: 0.05}, ema_decay: 0.9}
training:
  epochs: 9
  batch_size: 16
  seed: 5
  threads: 1
  monitor: log_loss
  schedule: {cosine: {warmup_steps: 3}}
metrics: {temperature: none}
)";

const std::vector<std::string> kNineRates = {
    "optimizer.adam.lr=1e-5,0.0002,0.0005,0.001,0.003,0.01,0.03,0.1,0.3"};

const std::vector<std::string> kFourRates = {"optimizer.adam.lr=0.001,0.01,0.1,0.3"};

class HalvingVerb : public SuiteFolder {
 protected:
  HalvingVerb() {
    std::string csv = "text,label\n";
    for (int i = 0; i < 120; ++i)
      csv += std::string(i % 2 == 0 ? "a fine film " : "a dull film ") + std::to_string(i % 7) + "," +
             ((i % 2 == 0) != (i % 3 == 0) ? "good" : "bad") + "\n";
    folder_.write("data.csv", csv);
    folder_.write("config.yaml", kHalvingConfig);
  }

  std::vector<std::string> words(const std::string& verb, std::vector<std::string> more) const {
    std::vector<std::string> all = {BERNOULLI_PROGRAM,
                                    verb,
                                    (folder_ / "config.yaml").string(),
                                    "--set",
                                    "data.root=" + folder_.path().string(),
                                    "--device",
                                    "cpu"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  std::vector<std::string> sweep_words(const std::string& folder, const std::vector<std::string>& axes,
                                       const std::vector<std::string>& more) const {
    std::vector<std::string> all = axes;
    all.insert(all.end(), {"--sweep-dir", (folder_ / folder).string()});
    all.insert(all.end(), more.begin(), more.end());
    return words("sweep", all);
  }
  ProgramResult sweep(const std::string& folder, const std::vector<std::string>& axes,
                      const std::vector<std::string>& more) const {
    return run_program(sweep_words(folder, axes, more));
  }
  std::vector<std::string> resume_words(const std::string& folder,
                                        const std::vector<std::string>& more = {}) const {
    std::vector<std::string> all = {BERNOULLI_PROGRAM, "sweep", "--resume", "--sweep-dir",
                                    (folder_ / folder).string()};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  ProgramResult resume(const std::string& folder, const std::vector<std::string>& more = {}) const {
    return run_program(resume_words(folder, more));
  }
  /// Puts the finished sweep of kFourRates by --halving 2 into the folder `whole`.
  void finish_whole() const {
    once("whole", [&] {
      const ProgramResult result = sweep("whole", kFourRates, {"--halving", "2"});
      ASSERT_EQ(result.exit_code, 0) << result.err;
    });
  }
  /// Puts the best trial of `whole`, whose summary is lost then, back into a state.
  void put_best_back(const char* state, int rung, int epochs) const {
    const std::string best = board("whole")["rows"][0]["runs"][0];
    Json record = json_of("whole/sweep.json");
    Json& trial = record["trials"][std::stoul(best) - 1];
    trial["state"] = state;
    trial["rung"] = rung;
    trial["epochs"] = epochs;
    folder_.write("whole/sweep.json", record.dump());
    fs::remove(folder_ / "whole" / best / "summary.json");
  }
  Json json_of(const std::string& name) const { return Json::parse(folder_.read(name)); }
  std::vector<std::string> states(const std::string& folder) const {
    std::vector<std::string> all;
    const Json record = json_of(folder + "/sweep.json");
    for (const Json& trial : record["trials"]) all.push_back(trial["state"]);
    return all;
  }
  /// Without what a clock says.
  Json board(const std::string& folder) const {
    Json board = json_of(folder + "/leaderboard.json");
    for (Json& row : board["rows"]) {
      row.erase("seconds");
      for (Json& run : row["runs"]) run = fs::path(run.get<std::string>()).filename().string();
    }
    return board;
  }
  /// Of a finished run: its checkpoints and exported file, byte for byte.
  void expect_same_run(const std::string& a, const std::string& b) const {
    std::vector<std::string> names;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_ / a / "checkpoints"))
      names.push_back("checkpoints/" + entry.path().filename().string());
    names.insert(names.end(), {"model.pt", "vocabulary.txt"});
    EXPECT_GE(names.size(), 4u);
    for (const std::string& name : names)
      EXPECT_EQ(folder_.read(fs::path(a) / name), folder_.read(fs::path(b) / name)) << name;
  }
};

TEST_F(HalvingVerb, TheWinnerIsTheTrainingThatWasNeverPaused) {
  const ProgramResult result = sweep("out", kNineRates, {"--halving"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, ContainsRegex("rung 1 of 3: 3 of 9 rows go on: trials "));
  EXPECT_THAT(result.err, ContainsRegex("rung 2 of 3: 1 of 3 rows go on: trials "));
  const Json rows = board("out")["rows"];
  ASSERT_EQ(rows.size(), 9u);
  std::vector<int64_t> epochs, ranks;
  for (const Json& row : rows) {
    epochs.push_back(row["epochs"]);
    ranks.push_back(row["rank"]);
    EXPECT_EQ(row["trained_to_end"], row["epochs"] == 9);
  }
  EXPECT_THAT(epochs, ElementsAre(9, 3, 3, 1, 1, 1, 1, 1, 1));
  EXPECT_THAT(ranks, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9));
  for (size_t i = 2; i < 9; ++i) {  // within a rung by their figures
    if (i != 3) {
      EXPECT_LE(rows[i - 1]["validation"]["mean"], rows[i]["validation"]["mean"]) << i;
    }
  }
  EXPECT_THAT(result.out,
              AllOf(HasSubstr("epochs"), HasSubstr("left behind after rung 1 of 3: place 4 of 9")));
  EXPECT_THAT(folder_.read("out/leaderboard.csv"), HasSubstr(",epochs,seconds,runs,note\n"));

  const std::string best = rows[0]["runs"][0];
  const std::string rate = rows[0]["settings"]["optimizer.adam.lr"];
  const ProgramResult alone = run_program(
      words("train", {"--set", "optimizer.adam.lr=" + rate, "--run-dir", (folder_ / "alone").string()}));
  ASSERT_EQ(alone.exit_code, 0) << alone.err;
  expect_same_run("alone", "out/" + best);
  EXPECT_EQ(json_of("alone/summary.json")["validation"],
            json_of("out/" + best + "/summary.json")["validation"]);

  // Who was left behind is a run that goes on, too.
  const std::string behind = rows[8]["runs"][0];
  EXPECT_FALSE(fs::exists(folder_ / "out" / behind / "summary.json"));
  EXPECT_EQ(run_program({BERNOULLI_PROGRAM, "train", "--resume", "--run-dir",
                         (folder_ / "out" / behind).string(), "--device", "cpu"})
                .exit_code,
            0);
  EXPECT_TRUE(fs::exists(folder_ / "out" / behind / "model.pt"));
}

TEST_F(HalvingVerb, OfAFinishedOneResumingPrintsTheBoard) {
  ASSERT_NO_FATAL_FAILURE(finish_whole());
  const Json before = json_of("whole/leaderboard.json"), record = json_of("whole/sweep.json");
  const ProgramResult again = resume("whole", {"--json"});
  ASSERT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(Json::parse(again.out), before);
  EXPECT_EQ(json_of("whole/sweep.json"), record);
  EXPECT_THAT(again.err, Not(HasSubstr("rung 1")));
  const ProgramResult by_accuracy = resume("whole", {"--json", "--rank-by", "accuracy"});
  EXPECT_EQ(by_accuracy.exit_code, 0) << by_accuracy.err;
  EXPECT_EQ(Json::parse(by_accuracy.out)["metric"], "accuracy");
}

/// Wherever it is killed, the same board comes of it. The system sends its trainings SIGTERM then.
TEST_F(HalvingVerb, GoesOnInTheMiddleOfARung) {
  ASSERT_NO_FATAL_FAILURE(finish_whole());
  std::vector<std::string> next = sweep_words("out", kFourRates, {"--halving", "2"});
  for (const auto& [what, signal] : {std::pair("trial 2/4", SIGKILL), std::pair("rung 1 of 3", SIGKILL),
                                     std::pair("rung 2 of 3", SIGTERM)}) {
    SCOPED_TRACE(what);
    ProgramResult ended;
    ended.exit_code = 7;
    while (ended.exit_code == 7) {  // a training of the one before still saves
      Program running(next);
      if (running.wait_for_stderr(what)) running.signal(signal);
      ended = running.finish();
    }
    ASSERT_EQ(ended.exit_code, 128 + signal) << ended.err;
    next = resume_words("out");
  }
  const ProgramResult last = run_program(next);
  ASSERT_EQ(last.exit_code, 0) << last.err;
  EXPECT_EQ(board("out"), board("whole"));
  EXPECT_EQ(states("out"), states("whole"));
}

/// As where a training still saves after its sweep was killed: the rung is not decided without it.
TEST_F(HalvingVerb, ARungWaitsForWhatIsInUse) {
  ASSERT_NO_FATAL_FAILURE(finish_whole());
  Program running(sweep_words("out", kFourRates, {"--halving", "2"}));
  ASSERT_TRUE(running.wait_for_stderr("trial 2/4")) << running.finish().err;
  running.signal(SIGTERM);
  ASSERT_EQ(running.finish().exit_code, 143);
  {
    fs::create_directories(folder_ / "out/004");
    const FolderLock somebody(folder_ / "out/004");
    const ProgramResult busy = resume("out");
    EXPECT_EQ(busy.exit_code, 7) << busy.err;
    EXPECT_THAT(busy.err, Not(HasSubstr("rung 1 of 3")));
    EXPECT_EQ(std::ranges::count(states("out"), "paused"), 3);
    EXPECT_EQ(board("out")["rows"][0]["note"], "not trained to its end");
  }
  ASSERT_EQ(resume("out").exit_code, 0);
  EXPECT_EQ(board("out"), board("whole"));
}

TEST_F(HalvingVerb, GoesOnFromEveryStateThatAKillCanLeave) {
  ASSERT_NO_FATAL_FAILURE(finish_whole());
  const std::string best = board("whole")["rows"][0]["runs"][0];
  const Json expected = board("whole");
  const std::string model = folder_.read("whole/" + best + "/model.pt");
  put_best_back("running", 3, 9);
  ASSERT_EQ(resume("whole").exit_code, 0);
  EXPECT_EQ(board("whole"), expected);
  put_best_back("running", 3, 9);
  fs::remove_all(folder_ / "whole" / best);  // trained from its start then
  ASSERT_EQ(resume("whole").exit_code, 0);
  EXPECT_EQ(board("whole"), expected);
  EXPECT_EQ(folder_.read("whole/" + best + "/model.pt"), model);
}

TEST_F(HalvingVerb, TrialsThatDifferInSeedsStayTogether) {
  const ProgramResult result = sweep("out", {"optimizer.adam.lr=1e-6,0.001,0.01,0.1", "training.seed=1,2"},
                                     {"--halving", "2", "--jobs", "2"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json record = json_of("out/sweep.json");
  EXPECT_EQ(record["halving"], Json::parse(R"({"factor": 2, "rungs": 3})"));
  for (size_t i = 0; i < 8; i += 2) {
    EXPECT_EQ(record["trials"][i]["state"], record["trials"][i + 1]["state"]) << i;
    EXPECT_EQ(record["trials"][i]["rung"], record["trials"][i + 1]["rung"]) << i;
  }
  const Json rows = board("out")["rows"];
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[0]["runs"].size(), 2u);
  EXPECT_EQ(rows[0]["epochs"], 9);
  EXPECT_TRUE(rows[0]["validation"]["std"].is_number());
  EXPECT_EQ(std::ranges::count(states("out"), "finished"), 2);
}

TEST_F(HalvingVerb, AFailedRowIsOutAndItsExitCodeStays) {
  const ProgramResult result = sweep(
      "out", {"optimizer={sgd: {lr: 1.0e+38}},{adam: {lr: 0.001}},{adam: {lr: 0.05}},{adam: {lr: 0.01}}"},
      {"--halving", "2"});
  EXPECT_EQ(result.exit_code, 6) << result.err;
  EXPECT_THAT(result.err, HasSubstr("rung 1 of 3: 2 of 4 rows go on"));
  EXPECT_EQ(states("out")[0], "failed");
  EXPECT_EQ(std::ranges::count(states("out"), "finished"), 1);
  EXPECT_EQ(board("out")["rows"][3]["rank"], nullptr);
  const Json before = board("out");
  EXPECT_EQ(resume("out").exit_code, 6);
  EXPECT_EQ(board("out"), before);
}

TEST_F(HalvingVerb, WhoEndsEarlyByItselfIsTrainedToItsEnd) {
  // No validation improves on the first by so much: all end in the second rung.
  const ProgramResult result =
      sweep("out", {"optimizer.adam.lr=0.001,0.01,0.1"},
            {"--halving", "3", "--set", "training.early_stopping={patience: 1, min_delta: 10}"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json rows = board("out")["rows"];
  EXPECT_EQ(rows[0]["epochs"], 2);
  EXPECT_EQ(rows[0]["trained_to_end"], true);
}

TEST_F(HalvingVerb, IsNotGoneOnWithByAnotherFactorOrAnotherRanking) {
  ASSERT_NO_FATAL_FAILURE(finish_whole());
  put_best_back("waiting", 3, 9);
  const ProgramResult other = resume("whole", {"--rank-by", "accuracy"});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.err, HasSubstr("the rungs so far were decided by log_loss"));
  const ProgramResult factor = sweep("whole", kFourRates, {"--halving", "--resume"});
  EXPECT_EQ(factor.exit_code, 2);
  EXPECT_THAT(factor.err, HasSubstr("--halving 2 in the sweep, --halving 3 now"));
  const ProgramResult none = sweep("whole", kFourRates, {"--resume"});
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_THAT(none.err, HasSubstr("--halving 2 in the sweep, no --halving now"));
  EXPECT_EQ(sweep("whole", kFourRates, {"--halving=2", "--resume"}).exit_code, 0);
}

/// No probability of these trainings is near .999: at that threshold all rows find nothing.
TEST_F(HalvingVerb, RanksRungsAtTheFittedThresholdAndTellsWhereTheyAreTied) {
  const std::vector<std::string> by_f1 = {"--halving=2", "--rank-by", "f1"};
  const auto with_threshold = [&](const std::string& threshold) {
    std::vector<std::string> more = by_f1;
    more.insert(more.end(), {"--set", "metrics.threshold=" + threshold});
    return more;
  };
  const std::vector<std::string> axes = {"optimizer.adam.lr=0.0001,0.001,0.002,0.005"};
  const ProgramResult tied = sweep("tied", axes, with_threshold("0.999"));
  ASSERT_EQ(tied.exit_code, 0) << tied.err;
  EXPECT_THAT(tied.err,
              HasSubstr("warning: rung 1 of 3: the cut runs through 4 rows whose validation f1 is 0.0000, of "
                        "which 2 went on, those with the smaller numbers: who is left tells nothing of their "
                        "settings; start a sweep with --rank-by METRIC, one that tells rows apart early"));
  EXPECT_THAT(states("tied"), ElementsAre("finished", "left_behind", "left_behind", "left_behind"));
  const ProgramResult fitted = sweep("fitted", axes, with_threshold("max_f1"));
  ASSERT_EQ(fitted.exit_code, 0) << fitted.err;
  for (const Json& row : board("fitted")["rows"]) EXPECT_GT(row["validation"]["mean"], 0.5) << row;
  const ProgramResult plain = sweep("plain", {"optimizer.adam.lr=0.0001,0.001"},
                                    {"--rank-by", "f1", "--set", "metrics.threshold=0.999"});
  EXPECT_THAT(plain.out, HasSubstr("\nno single best: 2 rows share rank 1 by validation f1\n"));
}

TEST_F(HalvingVerb, DryRunPrintsTheRungs) {
  const ProgramResult dry = sweep("out", kNineRates, {"--halving", "--dry-run"});
  EXPECT_EQ(dry.exit_code, 0) << dry.err;
  EXPECT_THAT(dry.out, HasSubstr("rung 1: 9 rows, to epoch 1\nrung 2: the best 3, to epoch 3\n"
                                 "rung 3: the best 1, to epoch 9, their end\ndry run: 9 trials"));
  const ProgramResult timed = sweep("out", {"optimizer.adam.lr=log:1e-3..1"},
                                    {"--random", "30", "--halving", "--max-seconds", "60", "--dry-run"});
  EXPECT_THAT(timed.out, HasSubstr("rung 1: as many of 30 rows as there is time for, to epoch 1\n"));
  const ProgramResult json = sweep("out", kNineRates, {"--halving", "--dry-run", "--json"});
  EXPECT_EQ(Json::parse(json.out)["halving"]["rungs"], 3);
  EXPECT_EQ(Json::parse(json.out)["trials"][0]["epochs"], 1);
  EXPECT_FALSE(fs::exists(folder_ / "out"));
}

/// A time that is over before the first trial is: one is begun, and goes through all rungs.
TEST_F(HalvingVerb, WithoutTimeOneTrialIsBegunAndTrainedToItsEnd) {
  const std::vector<std::string> axes = {"optimizer.adam.lr=log:1e-3..1"};
  const ProgramResult result = sweep("out", axes, {"--random", "30", "--halving", "--max-seconds", "1e-3"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("there was time to begin 1 of 30 trials"));
  const Json rows = board("out")["rows"];
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0]["epochs"], 9);
  EXPECT_EQ(json_of("out/sweep.json")["halving"]["rungs"], 3) << "by the epochs alone";
  EXPECT_EQ(json_of("out/sweep.json")["trials"][29]["rung"], 0);
  EXPECT_EQ(resume("out").exit_code, 0);
  EXPECT_EQ(board("out")["rows"].size(), 1u);
}

TEST_F(HalvingVerb, WithTimeEnoughAllTrialsAreBegun) {
  const std::vector<std::string> axes = {"optimizer.adam.lr=log:1e-3..1"};
  const std::vector<std::string> more = {"--random", "4", "--halving", "2", "--set", "training.epochs=4"};
  std::vector<std::string> with_time = more;
  with_time.insert(with_time.end(), {"--max-seconds", "1e9"});
  const ProgramResult timed = sweep("out", axes, with_time);
  ASSERT_EQ(timed.exit_code, 0) << timed.err;
  ASSERT_EQ(sweep("whole", axes, more).exit_code, 0);
  EXPECT_EQ(board("out"), board("whole"));
}

TEST_F(HalvingVerb, TimeThatIsOverStopsTheTrainingsWhichGoOnLater) {
  const std::vector<std::string> axes = {"optimizer.adam.lr=0.01,0.05", "--set", "training.epochs=300"};
  const ProgramResult result = sweep("out", axes, {"--max-seconds", "1e-3"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(states("out"), ElementsAre("stopped", "waiting"));
  EXPECT_THAT(result.err, AllOf(HasSubstr("the time is over: stopped trials 1"),
                                HasSubstr("the time is over: not begun trials 2"),
                                HasSubstr("go on with: bernoulli sweep --resume --sweep-dir ")));
  const Json rows = board("out")["rows"];
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0]["rank"], nullptr);
  EXPECT_EQ(rows[0]["note"], "not trained to its end");
  const ProgramResult rest = resume("out", {"--max-seconds", "1e9"});
  EXPECT_EQ(rest.exit_code, 0) << rest.err;
  EXPECT_THAT(states("out"), ElementsAre("finished", "finished"));
}

TEST_F(HalvingVerb, ReadsTheRecordOfAnEarlierVersion) {
  ASSERT_EQ(sweep("out", {"optimizer.adam.lr=0.01,0.05"}, {}).exit_code, 0);
  const std::string record = folder_.read("out/sweep.json");
  EXPECT_THAT(record, AllOf(Not(HasSubstr("halving")), Not(HasSubstr("rung")), Not(HasSubstr("epochs"))));
  EXPECT_EQ(resume("out").exit_code, 0);
  EXPECT_FALSE(board("out")["rows"][0].contains("epochs"));
}

}  // namespace
}  // namespace bernoulli::testing
