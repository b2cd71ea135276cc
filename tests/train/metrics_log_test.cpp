#include "train/metrics_log.h"

#include <filesystem>
#include <sstream>

#include <gtest/gtest.h>

#include "core/error.h"
#include "store/run_folder.h"
#include "support/temporary_folder.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;

/// The events that are left of `lines` when a run goes on from the checkpoint of step 2.
std::vector<std::string> kept_events(const std::string& lines, bool validated) {
  const bernoulli::testing::TemporaryFolder folder;
  folder.write("metrics.jsonl", lines);
  MetricsLog(folder / "metrics.jsonl").begin(2, validated);
  std::vector<std::string> events;
  std::istringstream file(folder.read("metrics.jsonl"));
  for (std::string line; std::getline(file, line);)
    events.push_back(nlohmann::json::parse(line)["event"].get<std::string>());
  return events;
}

std::string event(const std::string& name, int step) {
  return "{\"event\":\"" + name + "\",\"step\":" + std::to_string(step) + "}\n";
}

TEST(MetricsLog, GoesOnBehindTheLineOfTheCheckpoint) {
  const std::string lines = event("checkpoint", 1) + event("train", 2) + event("checkpoint", 2);
  const std::vector<std::string> kept = {"checkpoint", "train", "checkpoint"};
  EXPECT_EQ(kept_events(lines + event("stop", 2) + event("test", 2), true), kept);
  EXPECT_EQ(kept_events(lines + event("checkpoint", 3) + "{\"event\":\"tr", true), kept);
  EXPECT_EQ(kept_events("\x01\n[1]\n{\"step\":\"2\"}\n" + lines, true), kept) << "lines that are not ours";
}

/// A run that was stopped before the validation of step 2 saves there, and again after it.
TEST(MetricsLog, TellsTheTwoCheckpointsOfOneStepApart) {
  const std::string lines = event("checkpoint", 2) + event("validation", 2) + event("checkpoint", 2);
  EXPECT_EQ(kept_events(lines, false), std::vector<std::string>{"checkpoint"});
  EXPECT_EQ(kept_events(lines, true), (std::vector<std::string>{"checkpoint", "validation", "checkpoint"}));
}

TEST(MetricsLog, WritesTheSecondsOfAnEpochOnceAndAddsThemUp) {
  const bernoulli::testing::TemporaryFolder folder;
  {
    MetricsLog log(folder / "metrics.jsonl");
    log.begin(0, false);
    log.add_epoch_seconds(1, 0.5);
    log.append("checkpoint", 1, 1, nlohmann::ordered_json::object());
    log.add_epoch_seconds(1, 0.25);
    log.add_epoch_seconds(2, 4);
    log.append("checkpoint", 2, 2, nlohmann::ordered_json::object());
    log.add_epoch_seconds(2, 8);
    log.append("checkpoint", 2, 3, nlohmann::ordered_json::object());
    EXPECT_EQ(log.epoch_seconds(), (std::vector<double>{0.75, 12}));
  }
  std::istringstream file(folder.read("metrics.jsonl"));
  std::vector<std::string> written;
  for (std::string line; std::getline(file, line);)
    written.push_back(nlohmann::json::parse(line)["epoch_seconds"].dump());
  EXPECT_EQ(written, (std::vector<std::string>{R"({"1":0.5})", R"({"1":0.25,"2":4.0})", R"({"2":8.0})"}));
  MetricsLog resumed(folder / "metrics.jsonl");
  resumed.begin(2, true);
  EXPECT_EQ(resumed.epoch_seconds(), (std::vector<double>{0.75, 4}));
}

TEST(MetricsLog, TakesOverTheSecondsThatEarlierVersionsWrote) {
  const bernoulli::testing::TemporaryFolder folder;
  folder.write("metrics.jsonl",
               R"({"event":"checkpoint","step":1,"epoch_seconds":[1.5]}
{"event":"checkpoint","step":2,"epoch_seconds":[1.5,"?"]}
{"event":"checkpoint","step":3,"epoch_seconds":{"2":0.5,"3":4,"0":1,"-1":1,"x":1,"4":9,"1":"?"}}
{"event":"checkpoint","step":3,"epoch_seconds":7}
)");
  MetricsLog log(folder / "metrics.jsonl");
  log.begin(3, true);
  EXPECT_EQ(log.epoch_seconds(), (std::vector<double>{1.5, 0.5, 4}));
}

/// The file for TensorBoard behind its first two records, which tell the time.
std::string events_in(const bernoulli::testing::TemporaryFolder& folder, const char* name) {
  constexpr size_t kRecordAround = 16, kVersion = 24, kStart = 13;
  return folder.read(name).substr(2 * kRecordAround + kVersion + kStart);
}

TEST(MetricsLog, GivesTensorBoardTheNumbersOfEveryLine) {
  const bernoulli::testing::TemporaryFolder folder, expected;
  folder.write("metrics.jsonl",
               R"({"event":"train","epoch":1,"step":2,"seconds":1.5,"wall_time":100.25,"loss":0.5,"norm":3}
{"event":"validation","step":2,"wall_time":101.5,"f1":0.75,"roc_auc":null,"name":"x","best":true}
{"event":"checkpoint","step":2,"epoch_seconds":[1.5]}
{"event":"test","step":2,"wall_time":102,"f1":0.25}
{"event":7,"step":2,"f1":0.5}
)");
  MetricsLog(folder / "metrics.jsonl").begin(2, true);
  EventFile by_hand(expected.path(), 0);
  by_hand.add(100.25, 2, {{"train/loss", 0.5}, {"train/norm", 3}});
  by_hand.add(101.5, 2, {{"validation/f1", 0.75}});
  EXPECT_EQ(events_in(folder, "events.out.tfevents.000001"),
            events_in(expected, "events.out.tfevents.000001"));
}

TEST(MetricsLog, WritesNothingThatNobodyWouldFind) {
  const bernoulli::testing::TemporaryFolder folder;
  const RunFolder run = RunFolder::create(folder / "run", "x");
  folder.write("run/config.yaml", "a: 1\n");
  MetricsLog log(run.paths().metrics(), &run);
  log.begin(0, false);
  log.append("train", 1, 2, {{"loss", 0.5}});
  const std::string before = folder.read("run/metrics.jsonl");
  for (const fs::path& gone : {run.paths().config(), run.paths().metrics(), run.paths().folder}) {
    fs::rename(gone, folder / "kept");
    EXPECT_THROW(log.append("train", 2, 4, {{"loss", 0.25}}), IoError) << gone;
    EXPECT_THROW(log.sync(), IoError) << gone;
    fs::rename(folder / "kept", gone);
    EXPECT_NO_THROW(log.sync());
  }
  EXPECT_EQ(folder.read("run/metrics.jsonl"), before);
}

TEST(MetricsLog, WritesEachEventForTensorBoardAtItsTime) {
  const bernoulli::testing::TemporaryFolder folder, expected;
  MetricsLog log(folder / "metrics.jsonl");
  log.begin(0, false);
  log.append("validation", 1, 8, {{"f1", 0.75}, {"roc_auc", nullptr}});
  log.append("checkpoint", 1, 8, {{"file", "x"}, {"best", true}});
  const std::string text = folder.read("metrics.jsonl");
  const double wall_time = nlohmann::json::parse(text.substr(0, text.find('\n')))["wall_time"];
  EventFile by_hand(expected.path(), 0);
  by_hand.add(wall_time, 8, {{"validation/f1", 0.75}});
  EXPECT_EQ(events_in(folder, "events.out.tfevents.000001"),
            events_in(expected, "events.out.tfevents.000001"));
}

}  // namespace
}  // namespace bernoulli
