// `bernoulli stability` from the outside: files, contract, exit codes.

#include <filesystem>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "support/program.h"
#include "support/temporary_folder.h"

namespace bernoulli::testing {
namespace {

using Json = nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kStabilityConfig = R"(
data:
  train: {path: data.csv}
  validation: {from: train, fraction: 0.25, method: stratified, seed: 3}
task: {kind: binary, positive: good}
model:
  layers: [{embedding: 4}, {mean_pool: {padding: exclude}}, {linear: 1}]
optimizer: {adam: {lr: 0.05}}
training: {epochs: 2, batch_size: 16, seed: 5}
stability: {seeds: 2, max_steps: 6, dtypes: [bfloat16], stress: [{output_bias: 30}, {custom: {name: mine, label_noise: 0.1}}]}
)";

class Stability : public ::testing::Test {
 protected:
  Stability() {
    std::string csv = "text,label\n";
    for (int i = 0; i < 80; ++i) csv += i % 2 == 0 ? "fine film,good\n" : "dull film,bad\n";
    folder_.write("data.csv", csv);
    folder_.write("config.yaml", kStabilityConfig);
  }
  ProgramResult run(std::vector<std::string> more) const {
    std::vector<std::string> words = {BERNOULLI_PROGRAM,
                                      "stability",
                                      (folder_ / "config.yaml").string(),
                                      "--set",
                                      "data.root=" + folder_.path().string(),
                                      "--device",
                                      "cpu"};
    words.insert(words.end(), more.begin(), more.end());
    return run_program(words);
  }
  TemporaryFolder folder_{TemporaryFolder::in_memory()};
};

TEST_F(Stability, WritesPageTableAndContract) {
  const std::string out = (folder_ / "out").string();
  const ProgramResult result = run({"--output", out, "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json json = Json::parse(result.out);
  EXPECT_EQ(json, Json::parse(folder_.read("out/stability.json")));
  for (const char* key : {"mode", "dtype", "device", "target", "event", "logit", "predicted"})
    EXPECT_TRUE(json["thresholds"][0].contains(key)) << key;
  const std::set<std::string> events = {"probability_reaches_one",
                                        "probability_reaches_zero",
                                        "loss_off_1_percent",
                                        "gradient_off_1_percent",
                                        "gradient_exactly_zero",
                                        "loss_clamped",
                                        "not_finite"};
  for (const Json& threshold : json["thresholds"]) EXPECT_TRUE(events.contains(threshold["event"]));
  EXPECT_EQ(json["pairs"].size(), 2u);
  ASSERT_EQ(json["stress"].size(), 2u);
  EXPECT_EQ(json["stress"][1]["preset"], "mine");
  EXPECT_EQ(json["method"]["steps"], 6);
  EXPECT_EQ(json["devices"], Json::array()) << "there is one device, the CPU";
  EXPECT_THAT(folder_.read("out/stability.html"), HasSubstr("<!doctype html>"));
  EXPECT_THAT(folder_.read("out/curves.csv"), HasSubstr("mode,dtype,device,target,logit"));
  const ProgramResult again = run({"--output", out});
  EXPECT_EQ(again.exit_code, 7) << "an earlier comparison was overwritten";
  EXPECT_THAT(again.err, HasSubstr("out' is the folder of a comparison already, and never overwritten; name "
                                   "another with --output"));
}

TEST_F(Stability, OfOneSeedClaimsNoSpread) {
  const std::string out = (folder_ / "out").string();
  const ProgramResult result = run({"--output", out, "--seeds", "1"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("one seed"), Not(HasSubstr("±"))));
  EXPECT_THAT(folder_.read("out/stability.html"), AllOf(HasSubstr("one seed"), Not(HasSubstr("±"))));
  const Json json = Json::parse(folder_.read("out/stability.json"));
  for (const Json& pair : json["pairs"]) {
    EXPECT_TRUE(pair["mean"].is_number());
    EXPECT_EQ(pair["standard_deviation"], nullptr);
    EXPECT_EQ(pair["baseline_standard_deviation"], nullptr);
  }
}

TEST_F(Stability, RefusesWhatItCannotCompare) {
  const ProgramResult no_data =
      run({"--set", "data.validation=null", "--output", (folder_ / "none").string()});
  EXPECT_EQ(no_data.exit_code, 2);
  EXPECT_THAT(no_data.err, HasSubstr("data.validation"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "none")) << "an empty folder was left";
  create_folder(folder_ / "taken");
  const FolderLock other(folder_ / "taken");
  EXPECT_EQ(run({"--output", (folder_ / "taken").string()}).exit_code, 7) << "another process writes there";
  const ProgramResult mixed = run({"--set", "training.precision=bfloat16"});
  EXPECT_EQ(mixed.exit_code, 2);
  EXPECT_THAT(mixed.err, HasSubstr("training.precision is bfloat16"));
  EXPECT_EQ(run({"--seeds", "0"}).exit_code, 2);
  EXPECT_EQ(run({"--set", "stability.stress=[outputbias]"}).exit_code, 2);
}

}  // namespace
}  // namespace bernoulli::testing
