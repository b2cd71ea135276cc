// A model with branches of layers, as the program's users have it: trained, stopped, gone on with, exported.

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/program.h"
#include "support/temporary_folder.h"

namespace bernoulli::testing {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;

constexpr const char* kBranchedConfig = R"(
data:
  train: {path: data.csv}
  validation: {from: train, fraction: 0.2, method: stratified, seed: 3}
task: {kind: binary, positive: good}
model:
  layers:
    - embedding: 8
    - parallel:
        - [{dropout: 0.1}, {conv1d: {channels: 4, kernel_size: 2}}, relu, max_pool]
        - [{conv1d: {channels: 5, kernel_size: 3}}, relu, max_pool]
        - [{parallel: {join: sum, branches: [[], [{linear: 8}, tanh]]}}, mean_pool]
    - dropout: 0.2
    - linear: 1
optimizer: {adamw: {lr: 0.02}, no_decay: [bias, embedding_0.weight]}
training: {epochs: 4, batch_size: 8, seed: 5}
)";

class BranchedModel : public ::testing::Test {
 protected:
  BranchedModel() {
    std::string csv = "text,label\n";
    for (int i = 0; i < 80; ++i)
      csv += std::string(i % 2 == 0 ? "A fine" : "Dull") + " film " + std::to_string(i % 9) + "," +
             (i % 2 == 0 ? "good" : "bad") + "\n";
    folder_.write("data.csv", csv);
    folder_.write("config.yaml", kBranchedConfig);
  }

  ProgramResult run(std::vector<std::string> words) const {
    words.insert(words.begin(), BERNOULLI_PROGRAM);
    return run_program(words, "");
  }
  ProgramResult train(const std::string& run_dir, std::vector<std::string> more = {}) const {
    std::vector<std::string> words = {"train",     path("config.yaml"), "--set",    "data.root=" + path(""),
                                      "--run-dir", path(run_dir),       "--device", "cpu"};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  TemporaryFolder folder_{TemporaryFolder::in_memory()};
};

TEST_F(BranchedModel, TrainsAndGoesOnToTheSameBytes) {
  const ProgramResult whole = train("whole");
  ASSERT_EQ(whole.exit_code, 0) << whole.err;
  EXPECT_THAT(whole.err,
              HasSubstr("engine reference (the fused engine does not run parallel before the pool)"));
  EXPECT_THAT(whole.err, HasSubstr("\n  conv1d_1_0_1         [B, T, 4]"));
  EXPECT_THAT(whole.err, HasSubstr("\n    linear_1_2_0_1_0   [B, T, 8]"));
  ASSERT_EQ(train("cut", {"--set", "training.max_steps=11"}).exit_code, 0);
  const ProgramResult resumed =
      run({"train", "--resume", "--run-dir", path("cut"), "--set", "training.max_steps=null"});
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  const std::string checkpoint = "/checkpoints/step-000000032.safetensors";
  EXPECT_EQ(folder_.read("cut" + checkpoint), folder_.read("whole" + checkpoint));
  EXPECT_THAT(
      folder_.read("whole/report.html"),
      HasSubstr(
          "embedding 8 → (dropout 0.1 → conv1d 4 → relu → max_pool exclude | conv1d 5 → relu → max_pool "
          "exclude | (its input | linear 8 → tanh) sum → mean_pool exclude) concat → dropout 0.2"));
}

TEST_F(BranchedModel, IsAnsweredForAlikeByEveryFile) {
  ASSERT_EQ(train("run").exit_code, 0);
  for (const char* format : {"onnx", "triton", "safetensors"}) {
    const ProgramResult exported = run({"export", path("run"), "--format", format});
    EXPECT_EQ(exported.exit_code, 0) << exported.err;
  }
  EXPECT_THAT(folder_.read("run/model.safetensors"), HasSubstr("conv1d_1_0_1.weight"));
  const auto logit = [&](const std::string& model, const std::string& engine) {
    const ProgramResult answer = run({"predict", model, "--text", "A fine film", "--engine", engine});
    EXPECT_EQ(answer.exit_code, 0) << answer.err;
    return Json::parse(answer.out).at("logit").get<double>();
  };
  const double native = logit(path("run"), "native");
  EXPECT_NEAR(logit(path("run/model.pt"), "native"), native, 1e-6);
  EXPECT_NEAR(logit(path("run/model.pt"), "torchscript"), native, 1e-5);
  const ProgramResult explained = run({"predict", path("run"), "--text", "A fine film", "--explain"});
  EXPECT_EQ(explained.exit_code, 2);
  EXPECT_THAT(explained.err, HasSubstr("linear in its tokens; layer 'conv1d_1_0_1' is not"));
}

TEST_F(BranchedModel, ExplainsBranchesThatPoolAlike) {
  const std::string branches =
      "model.layers=[{embedding: 4}, {parallel: [[mean_pool], [{linear: 3}, mean_pool]]}, "
      "{linear: 1}]";
  ASSERT_EQ(train("run", {"--set", branches}).exit_code, 0);
  const ProgramResult explained = run({"predict", path("run"), "--text", "A fine film", "--explain"});
  ASSERT_EQ(explained.exit_code, 0) << explained.err;
  const Json answer = Json::parse(explained.out);
  double sum = answer.at("base").get<double>();
  for (const Json& token : answer.at("tokens")) sum += token.at(1).get<double>();
  EXPECT_NEAR(sum, answer.at("logit").get<double>(), 1e-5);

  const std::string others =
      "model.layers=[{embedding: 4}, {parallel: [[mean_pool], [sum_pool]]}, {linear: 1}]";
  ASSERT_EQ(train("others", {"--set", others}).exit_code, 0);
  const ProgramResult refused = run({"predict", path("others"), "--text", "A fine film", "--explain"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("branches with a mean over the tokens of a text and others without"));
}

TEST_F(BranchedModel, IsComparedAndSearchedLikeAnyOther) {
  const ProgramResult compared =
      run({"stability", path("config.yaml"), "--set", "data.root=" + path(""), "--set",
           "stability={seeds: 2, max_steps: 4, dtypes: [float32], stress: [output_bias]}", "--output",
           path("stability"), "--device", "cpu"});
  EXPECT_EQ(compared.exit_code, 0) << compared.err;
  const ProgramResult swept =
      run({"sweep", path("config.yaml"), "model.layers[1].parallel[0][1].conv1d.channels=2,3", "--set",
           "data.root=" + path(""), "--set", "training.epochs=1", "--sweep-dir", path("sweep"), "--device",
           "cpu"});
  EXPECT_EQ(swept.exit_code, 0) << swept.err;
}

TEST_F(BranchedModel, IsRefusedByEnginesThatDoNotRunIt) {
  const ProgramResult refused = train("run", {"--set", "training.engine=fused"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("the fused engine does not run parallel before the pool"));
  const ProgramResult undecayed =
      train("run", {"--set", "optimizer.no_decay=[conv1d_1_0_1.bias, conv1d_2.bias]"});
  EXPECT_EQ(undecayed.exit_code, 2);
  EXPECT_THAT(undecayed.err,
              HasSubstr("optimizer.no_decay[1]: no parameter of the model ends in 'conv1d_2.bias' "
                        "(it has embedding_0.weight, conv1d_1_0_1.weight,"));
  const ProgramResult pooled_twice = train("run", {"--set", "model.layers[1].parallel[1][1]=mean_pool"});
  EXPECT_EQ(pooled_twice.exit_code, 2);
  EXPECT_THAT(pooled_twice.err,
              HasSubstr("config.yaml:11:59: model.layers[1].parallel.branches[1][2].max_pool: "
                        "takes a sequence [B, T, D], got [B, 5]"));
}

}  // namespace
}  // namespace bernoulli::testing
