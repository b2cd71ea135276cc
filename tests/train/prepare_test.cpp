#include "train/prepare.h"

#include <cmath>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ops/allclose.h>

#include "core/error.h"
#include "train/trainer_session.h"

namespace bernoulli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Prepare, GivesTokensTheVectorsOfAFile) {
  for (const std::string engine : {"fused", "reference"}) {
    for (const std::string trainable : {"true", "false"}) {
      SCOPED_TRACE(engine + " " + trainable);
      Session session(
          {"model.layers[0]={embedding: {dim: 4, initializer: {pretrained: some.vec}, trainable: " +
               trainable + "}}",
           "training.engine=" + engine});
      const PreparedRun& run = session.prepared();
      EXPECT_EQ(run.audit["pretrained"]["tokens_found"], 1);
      EXPECT_EQ(run.audit["pretrained"]["vectors"], 2);
      const int64_t id = run.vectorizer->vocabulary()->id("fine");
      const EngineChoice choice = session.engine();
      const auto row = [&] {
        for (const auto& [name, tensor] : choice.step->evaluation_weights()) {
          if (name == "embedding_0.weight") return tensor[id].clone();
        }
        return at::Tensor();
      };
      const at::Tensor start = row();
      for (int64_t i = 0; i < 4; ++i) EXPECT_EQ(start[i].item<float>(), static_cast<float>(i + 1));
      session.train_with(*choice.step);
      EXPECT_EQ(at::allclose(row(), start, 0, 0), trainable == "false");
    }
  }
}

TEST(Prepare, RefusesAModelOfAnotherWidthBeforeItWarnsOfTheData) {
  ::testing::internal::CaptureStderr();
  EXPECT_THROW(Session({"model.layers=[{embedding: 4}, mean_pool, {linear: 2}]"},
                       "text,label\n,good\nfine,good\nfine,bad\ndull,bad\ndull,good\nfine,good\n"),
               UsageError);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), Not(HasSubstr("warning")));
}

TEST(TrainingThreads, AreOneForASmallBatchUnlessTheConfigurationSaysMore) {
  EXPECT_EQ(Session().operator_threads(), 1);
  EXPECT_EQ(Session({"training.threads=3"}).operator_threads(), 3);
  const Session large(
      {"training.batch_size=4194304"});  // 2^22 numbers, however short and narrow its texts are
  EXPECT_EQ(large.operator_threads(), large.num_threads());
  const Session products(
      {"model.layers=[{embedding: 16}, {conv1d: {channels: 64, kernel_size: 64}}, max_pool, "
       "{linear: 1}]",
       "text.sequence_length=100", "training.batch_size=32"});
  EXPECT_EQ(products.operator_threads(), products.num_threads());
}

/// Of the numbers that the bias of the last layer starts at.
float first_bias(const PreparedRun& run) {
  return run.plan.layers.at(run.plan.prior.value()).plan.parameters[1].given->values.at(0);
}

TEST(TrainingLabelPrior, IsWhatTheLossMakesOfTheOddsOfTheLabel) {
  const std::string prior = "model.layers[6]={linear: {units: 1, bias_initializer: prior}}";
  std::string csv = "text,label,weight\n";
  for (int i = 0; i < 40; ++i) csv += fmt::format("w{},{},{}\n", i, i < 4 ? "good" : "bad", i < 4 ? 2 : 1);
  const auto start = [&](std::vector<std::string> overrides) {
    overrides.push_back(prior);
    overrides.push_back("data.validation.method=stratified");
    return first_bias(Session(overrides, csv).prepared());
  };
  // 3 with the label and 27 without it are trained on.
  const float plain = std::log(4.0f / 28.0f);
  EXPECT_FLOAT_EQ(start({}), plain);
  EXPECT_FLOAT_EQ(start({"data.columns.weight=weight"}), std::log(7.0f / 28.0f));
  EXPECT_FLOAT_EQ(start({"loss.pos_weight=3"}), plain + std::log(3.0f));
  EXPECT_FLOAT_EQ(start({"loss.pos_weight=auto"}), plain + std::log(9.0f));
  EXPECT_FLOAT_EQ(start({"loss={mode: focal_with_logits, alpha: 0.25}"}), plain + std::log(1.0f / 3.0f));
}

}  // namespace
}  // namespace bernoulli
