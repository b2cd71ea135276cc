// A run that goes on, or is repeated.

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "integration/end_to_end_fixture.h"
#include "store/raw_checkpoint.h"

namespace bernoulli::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class EndToEndResume : public EndToEnd {};

TEST_F(EndToEndResume, TheSavedConfigurationRepeatsTheRunBitForBit) {
  ASSERT_EQ(run(train_words("a")).exit_code, 0);
  const ProgramResult again = run({"train", (folder_ / "a/config.yaml").string(), "--run-dir",
                                   (folder_ / "b").string(), "--device", "cpu"});
  ASSERT_EQ(again.exit_code, 0) << again.err;
  const std::string checkpoint = read_json("a/summary.json")["checkpoint"];
  EXPECT_EQ(folder_.read("a/checkpoints/" + checkpoint), folder_.read("b/checkpoints/" + checkpoint));
}

/// A stop by signal in the middle of training, then --resume: the same bytes as a run that was let alone.
TEST_F(EndToEndResume, ASignalSavesAndResumeGivesTheSameBytes) {
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

TEST_F(EndToEndResume, AFinishedRunStaysFinishedWhereItCannotEndAnew) {
  ASSERT_EQ(run(train_words("a")).exit_code, 0);
  const std::string summary = folder_.read("a/summary.json");
  std::vector<std::string> no_room = {"/bin/sh", "-c", "ulimit -f 1; exec \"$@\"", "sh"};
  for (const std::string& word :
       words({"train", "--resume", "--run-dir", (folder_ / "a").string(), "--device", "cpu"}))
    no_room.push_back(word);
  const ProgramResult refused = run_program(no_room);
  EXPECT_EQ(refused.exit_code, 5) << refused.err;
  EXPECT_EQ(folder_.read("a/summary.json"), summary);
}

TEST_F(EndToEndResume, ARunKnowsWhereItsDataWereAndEveryProcessThatTrainedIt) {
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

TEST_F(EndToEndResume, OtherTestDataAreWarnedOf) {
  std::string test = "text,label\n";
  for (int i = 0; i < 20; ++i) test += i % 2 == 0 ? "a fine film,good\n" : "a dull film,bad\n";
  folder_.write("test.csv", test);
  const std::vector<std::string> with_file = {
      "--set", "data.test={path: test.csv, from: null, fraction: null}", "--pause-after", "2"};
  ASSERT_EQ(run(train_words("run", with_file)).exit_code, 0);
  const auto resumed = [&](const char* until) {
    return run({"train", "--resume", "--run-dir", (folder_ / "run").string(), "--pause-after", until});
  };
  EXPECT_THAT(resumed("3").err, Not(HasSubstr("the test data are not those")));
  folder_.write("test.csv", test + "another film,good\n");
  const ProgramResult changed = resumed("4");
  EXPECT_EQ(changed.exit_code, 0) << changed.err;
  EXPECT_THAT(changed.err, HasSubstr("the test data are not those that this run began with"));
}

TEST_F(EndToEndResume, ResumeRefusesAnotherConfiguration) {
  ASSERT_NO_FATAL_FAILURE(finish_run());
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

/// The run's config.yaml is the one that is given; only the checkpoint says that it is another's.
TEST_F(EndToEndResume, RefusesTheCheckpointOfAnotherConfiguration) {
  ASSERT_EQ(run(train_words("slow")).exit_code, 0);
  ASSERT_EQ(run(train_words("fast", {"--set", "optimizer.adam.lr=0.5"})).exit_code, 0);
  const std::string checkpoint = read_json("fast/summary.json")["checkpoint"];
  fs::remove_all(folder_ / "slow/checkpoints");
  fs::create_directory(folder_ / "slow/checkpoints");
  fs::copy_file(folder_ / ("fast/checkpoints/" + checkpoint), folder_ / ("slow/checkpoints/" + checkpoint));
  const ProgramResult refused = run(train_words("slow", {"--resume", "--set", "training.epochs=9"}));
  EXPECT_EQ(refused.exit_code, 4) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("belongs to another configuration"));
  EXPECT_THAT(refused.err, HasSubstr("optimizer.adam.lr: 0.5 in the checkpoint, 0.05 now"));
}

/// As programs left them that did not know some keys, or kept a hash of the settings in place of them.
TEST_F(EndToEndResume, CheckpointsOfEarlierProgramsGoOn) {
  ASSERT_EQ(run(train_words("now", {"--pause-after", "2"})).exit_code, 0);
  const auto goes_on = [&](const std::string& name, const auto& change) {
    fs::copy(folder_ / "now", folder_ / name, fs::copy_options::recursive);
    for (const int64_t step : checkpoint_steps(folder_ / name / "checkpoints")) {
      const fs::path path = checkpoint_path(folder_ / name / "checkpoints", step);
      RawCheckpoint checkpoint = load_raw_checkpoint(path);
      change(checkpoint);
      save_raw_checkpoint(path, checkpoint);
    }
    const ProgramResult resumed = run(train_words(name, {"--resume"}));
    EXPECT_EQ(resumed.exit_code, 0) << name << resumed.err;
    EXPECT_THAT(resumed.err, HasSubstr("resuming after step")) << name;
  };
  goes_on("fewer_keys", [](RawCheckpoint& checkpoint) {
    auto settings = nlohmann::ordered_json::parse(checkpoint.state.at("settings").get<std::string>());
    ASSERT_EQ(settings["data"]["validation"].erase("folds"), 1u);
    ASSERT_EQ(settings["model"]["layers"][0]["embedding"].erase("trainable"), 1u);
    ASSERT_EQ(settings.erase("loss"), 1u);
    checkpoint.state["settings"] = settings.dump();
  });
  goes_on("a_hash", [](RawCheckpoint& checkpoint) {
    ASSERT_EQ(checkpoint.state.erase("settings"), 1u);
    checkpoint.fingerprints["config"] = "0123456789abcdef0123456789abcdef";
  });
  goes_on("members_of_the_threshold", [](RawCheckpoint& checkpoint) {
    ASSERT_EQ(checkpoint.state.at("threshold"),
              nlohmann::ordered_json::parse(R"({"fixed": {"value": 0.5}})"));
    checkpoint.state["threshold"] = nlohmann::ordered_json::parse(
        R"({"method": "fixed", "value": 0.5, "confidence": null, "min_positives": 0, "beta": 1.0,
            "values": [], "value_of": []})");
  });
}

TEST_F(EndToEndResume, ContradictionsThatAResumedRunIsGivenAreRefusedBeforeItIsTouched) {
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
TEST_F(EndToEndResume, ContradictionsThatARunHasAlreadyDoNotKeepItFromGoingOn) {
  ASSERT_NO_FATAL_FAILURE(finish_run());
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

/// What the summary says must not outlive what it is about: the run is an unfinished one until it ends anew.
TEST_F(EndToEndResume, AFinishedRunThatCannotEndAnewIsUnfinished) {
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

}  // namespace
}  // namespace bernoulli::testing
