#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/run_config.h"
#include "core/error.h"
#include "export/torchscript.h"
#include "export/verify.h"
#include "layers/model_plan.h"
#include "metrics/logit_scaling.h"
#include "model/features.h"
#include "model/sequential.h"
#include "support/temporary_folder.h"
#include "text/padded_batches.h"
#include "text/text_config.h"
#include "text/vectorizer.h"

namespace bernoulli::testing {

inline KindConfig layer(const std::string& kind, nlohmann::ordered_json args) {
  return {kind, std::move(args), ""};
}

inline std::vector<KindConfig> padded_layers(int64_t units = 1, const std::string& padding = "exclude") {
  return {layer("embedding", {{"dim", 4}, {"initializer", nullptr}, {"trainable", true}}),
          layer("dropout", {{"rate", 0.5}}), layer("mean_pool", {{"padding", padding}}),
          layer("linear",
                {{"units", units}, {"bias", true}, {"initializer", nullptr}, {"bias_initializer", nullptr}})};
}

inline std::vector<KindConfig> ragged_layers(int64_t units = 1) {
  return {
      layer("embedding_bag", {{"dim", 4}, {"mode", "mean"}, {"initializer", nullptr}, {"trainable", true}}),
      layer("linear",
            {{"units", units}, {"bias", true}, {"initializer", nullptr}, {"bias_initializer", nullptr}})};
}

inline nlohmann::ordered_json labels_json(int64_t num_outputs) {
  if (num_outputs == 1) return {{"kind", "binary"}, {"names", {"neg", "pos"}}};
  std::vector<std::string> names;
  for (int64_t i = 0; i < num_outputs; ++i) names.push_back("label " + std::to_string(i));
  return {{"kind", "multi_label"}, {"names", names}};
}

/// As the trainer would evaluate them, `size` at a time.
inline std::vector<int64_t> batches_of(const std::vector<std::string>& texts, int64_t size) {
  return padded_batches(static_cast<int64_t>(texts.size()), size, 1, [](int64_t) { return 0; });
}

/// A model with random weights, and everything that an exported file of it needs.
class TrainedModel {
 public:
  TrainedModel(const TextConfig& text, std::vector<KindConfig> layers, int64_t num_outputs = 1)
      : vectorizer_(text.hash_buckets ? Vectorizer(text)
                                      : Vectorizer(text, Vocabulary({"the", "movie", "was", "great", "bad",
                                                                     "caf\u00E9", "\xFF\xFE"}))),
        model_(layers::plan_model({"torch", std::move(layers)}, text, LossConfig::Mode::kBceWithLogits,
                                  vectorizer_.num_ids(), num_outputs),
               7, c10::kCPU),
        rule_(std::vector<double>(static_cast<size_t>(num_outputs), 0.5)) {}

  ArtifactParts parts() const {
    return {vectorizer_,
            model_.module(),
            model_.plan(),
            rule_,
            labels_json(model_.plan().num_outputs),
            "task: {kind: binary}\n",
            {2.5},
            scaling_};
  }
  std::string file() const { return serialize_artifact(parts()); }

  std::vector<float> logits(const std::vector<std::string>& texts, int64_t batch_size = 3) {
    const FeatureShape shape{model_.plan().ragged_input, vectorizer_.config().sequence_length};
    std::vector<float> logits =
        compute_logits(model_, vectorizer_.transform(texts), shape, batch_size, c10::kCPU);
    scale_logits(logits, scaling_);
    return logits;
  }

  const Vectorizer& vectorizer() const { return vectorizer_; }
  Sequential& model() { return model_; }
  DecisionRule& rule() { return rule_; }
  LogitScaling& scaling() { return scaling_; }

 private:
  Vectorizer vectorizer_;
  Sequential model_;
  DecisionRule rule_;
  LogitScaling scaling_;  // none
};

inline TrainedModel small_model() { return {tutorial_config(), padded_layers()}; }

inline std::vector<std::string> sample_texts() {
  return {"The movie was great!",
          "bad",
          "",
          "the the <br />the",
          "unknown words only",
          "caf\u00E9 \xFF\xFE",
          std::string(1, '\0'),
          "was bad, was bad, was bad"};
}

/// A model, texts with the trainer's answers to them, and a place for its file.
struct ExportTest : ::testing::Test {
  ExportTest(TrainedModel trained, const std::string& name)
      : model(std::move(trained)), path(folder.path() / name) {}

  TrainerAnswers answers(double tolerance = kVerifyTolerance) const {
    return {texts, logits, batches_of(texts, 3), tolerance};
  }

  /// @param action  exports. It has to find fault with the file, and to leave nothing.
  template <class Action>
  void expect_not_written(const std::string& finding, const Action& action) const {
    try {
      action();
      ADD_FAILURE() << "exported";
    } catch (const ArtifactError& error) {
      EXPECT_THAT(error.what(), ::testing::HasSubstr(finding));
      EXPECT_THAT(error.what(), ::testing::HasSubstr("was not written"));
      EXPECT_EQ(error.exit_code(), ExitCode::kArtifact);
    }
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  }

  TrainedModel model;
  std::vector<std::string> texts = sample_texts();
  std::vector<float> logits = model.logits(texts, 3);
  TemporaryFolder folder;
  std::filesystem::path path;
};

}  // namespace bernoulli::testing
