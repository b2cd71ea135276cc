#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "config/load.h"
#include "infer/classifier.h"
#include "layers/model_plan.h"
#include "model/sequential.h"
#include "store/run_folder.h"
#include "support/temporary_folder.h"
#include "tensor/checkpoint.h"
#include "text/vectorizer.h"

namespace bernoulli::testing {

/// A finished run of an untrained model, as the trainer would leave it.
class RunOnDisk {
 public:
  explicit RunOnDisk(const std::string& layers, const std::string& text = "vocabulary: {}",
                     Labels labels = binary_labels(),
                     const std::vector<std::string>& tokens = {"good", "bad", "so"})
      : labels_(std::move(labels)),
        loaded_(config::load_config_text(
            std::string("data: {train: {path: t.csv}, validation: {from: train, fraction: 0.1, method: "
                        "random, seed: 1}}\n") +
                (labels_.kind == TaskConfig::Kind::kBinary
                     ? "task: {kind: binary, positive: good}\n"
                     : "task: {kind: multi_label, labels: [a, b, c]}\n") +
                "text: {split: whitespace, " + text + "}\n" + "model: {initializer: torch, layers: " +
                layers + "}\noptimizer: {sgd: {lr: 1}}\ntraining: {epochs: 1, eval_batch_size: 3}\n",
            "test.yaml", layers::layer_schemas())),
        vectorizer_(loaded_.run.text.hash_buckets ? Vectorizer(loaded_.run.text)
                                                  : Vectorizer(loaded_.run.text, Vocabulary(tokens))),
        model_(layers::plan_model(loaded_.run.model, loaded_.run.text, loaded_.run.loss.mode,
                                  vectorizer_.num_ids(), labels_.num_outputs()),
               11, c10::kCPU) {
    folder_.write("config.yaml", loaded_.run.resolved_yaml);
    folder_.write("data.json",
                  nlohmann::ordered_json{{"labels", to_json(labels_)}, {"pos_weight", {2.0}}}.dump());
    if (vectorizer_.vocabulary() != nullptr)
      folder_.write("vocabulary.txt", vectorizer_.vocabulary()->to_text());
    save(7, nlohmann::ordered_json::object());
    finish(std::vector<double>(static_cast<size_t>(labels_.num_outputs()), 0.25));
  }

  /// Writes a checkpoint of the model. @param state  the trainer's
  void save(int64_t step, const nlohmann::ordered_json& state) const {
    NamedTensors weights = model_.parameters();
    for (const auto& buffer : model_.buffers()) weights.push_back(buffer);
    CheckpointFolder(paths().checkpoints())
        .save({step,
               state,
               nlohmann::ordered_json::object({{"vocabulary", vectorizer_.ids_fingerprint()}}),
               weights,
               {}});
  }
  /// Writes the summary of a finished training.
  void finish(const std::vector<double>& thresholds, const LogitScaling& scaling = {}) const {
    write_json(paths().summary(),
               {{"checkpoint", CheckpointFolder(paths().checkpoints()).path_of(7).filename().string()},
                {"temperatures", scaling.temperatures},
                {"shifts", scaling.shifts},
                {"thresholds", thresholds}});
  }

  RunPaths paths() const { return {folder_.path()}; }
  const TemporaryFolder& folder() const { return folder_; }
  const Vectorizer& vectorizer() const { return vectorizer_; }
  const Labels& labels() const { return labels_; }
  const RunConfig& config() const { return loaded_.run; }
  Sequential& model() { return model_; }

  static Labels binary_labels() { return {TaskConfig::Kind::kBinary, {"bad", "good"}}; }

 private:
  TemporaryFolder folder_;
  Labels labels_;
  config::LoadedConfig loaded_;
  Vectorizer vectorizer_;
  Sequential model_;
};

}  // namespace bernoulli::testing
