#pragma once

// A training of a small model on data of its own, for the tests of the trainer and of what stands around it.

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/load.h"
#include "core/file.h"
#include "layers/layer_kind.h"
#include "support/temporary_folder.h"
#include "train/make_step.h"
#include "train/prepare.h"
#include "train/trainer.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kConfig = R"(
data:
  train: {path: data.csv}
  validation: {from: train, fraction: 0.25, method: random, seed: 3}
task: {kind: binary, positive: good}
model:
  layers: [{embedding: 4}, {dropout: 0.3}, {mean_pool: {padding: exclude}}, {linear: 3}, tanh, {dropout: 0.1}, {linear: 1}]
optimizer: {adam: {lr: 0.02}}
training: {epochs: 3, batch_size: 8, seed: 5}
)";

/// 80 rows: a quality word and noise words; learnable, not trivial.
std::string rows() {
  std::string csv = "text,label\n";
  for (int i = 0; i < 80; ++i) {
    const bool good = i % 2 == 0;
    csv += std::string(good ? "fine" : "dull") + " w" + std::to_string(i % 7) + " w" +
           std::to_string(i % 11) + "," + (good ? "good" : "bad") + "\n";
  }
  return csv;
}

struct Killed {};

/// Passes everything on, until the update after `killed_at` others.
class KilledStep : public Step {
 public:
  KilledStep(Step& step, std::optional<int64_t> killed_at, int64_t ahead)
      : step_(step), killed_at_(killed_at), ahead_(ahead) {}
  int64_t run_ahead() const override { return ahead_; }
  StepResult update(std::span<const int64_t> examples, int64_t step, double lr) override {
    if (killed_at_ && step >= *killed_at_) throw Killed{};
    return step_.update(examples, step, lr);
  }
  std::vector<float> logits(const TokenView& rows) override { return step_.logits(rows); }
  NamedTensors evaluation_weights() const override { return step_.evaluation_weights(); }
  NamedTensors training_state() const override { return step_.training_state(); }
  void load(const NamedTensors& weights, const NamedTensors& state) override { step_.load(weights, state); }
  double base_lr() const override { return step_.base_lr(); }

 private:
  Step& step_;
  std::optional<int64_t> killed_at_;
  int64_t ahead_;
};

/// One training in a folder of its own.
class Session {
 public:
  explicit Session(std::vector<std::string> overrides = {}, const std::string& csv = rows())
      : overrides_(std::move(overrides)) {
    folder_.write("data.csv", csv);
    folder_.write("some.vec", "2 4\nfine 1 2 3 4\nabsent 5 6 7 8\n");
    folder_.write("config.yaml", kConfig);
    overrides_.push_back("data.root=" + folder_.path().string());
    loaded_ = config::load_config({{folder_ / "config.yaml"}, overrides_}, layers::layer_schemas());
    prepared_ = prepare_run(loaded_.run);
  }

  /// Trains to the configured limit, or is killed in step `killed_at`; goes on from the newest checkpoint
  /// where there is one.
  /// `ahead`: updates that the engine is asked for at once, at most.
  TrainingOutcome train(std::optional<int64_t> killed_at = std::nullopt, int64_t ahead = 1) {
    const EngineChoice choice = engine();
    KilledStep step(*choice.step, killed_at, ahead);
    return train_with(step);
  }
  TrainingOutcome train_to_pause(int64_t epoch, int64_t ahead = 1) {
    const EngineChoice choice = engine();
    KilledStep step(*choice.step, std::nullopt, ahead);
    return train_with(step, epoch);
  }
  EngineChoice engine() const {
    return make_step({loaded_.run, prepared_.plan, prepared_.train, *prepared_.loss, prepared_.pos_weight},
                     c10::Device(c10::kCPU));
  }
  TrainingOutcome train_with(Step& step, std::optional<int64_t> pause_after_epoch = std::nullopt) {
    const CheckpointFolder checkpoints(folder_ / "checkpoints");
    const std::optional<Checkpoint> newest = checkpoints.load_newest();
    MetricsLog log(folder_ / "metrics.jsonl");
    log.begin(newest ? newest->step : 0, newest && is_validated(*newest));
    Trainer trainer({loaded_.run,
                     prepared_.labels.names,
                     prepared_.train,
                     prepared_.validation ? &*prepared_.validation : nullptr,
                     *prepared_.loss,
                     step,
                     checkpoints,
                     log,
                     {{"data", prepared_.fingerprint}},
                     "",
                     "",
                     pause_after_epoch,
                     largest_copy});
    if (newest) trainer.resume(*newest);
    return trainer.run();
  }

  int64_t largest_copy = CheckpointKeeper::kLargestCopy;  ///< of TrainingParts

  fs::path checkpoint_path(int64_t step) const {
    return CheckpointFolder(folder_ / "checkpoints").path_of(step);
  }
  fs::path metrics_path() const { return folder_ / "metrics.jsonl"; }
  std::string checkpoint_bytes(int64_t step) const { return read_file(checkpoint_path(step)); }
  void take_checkpoints_of(const Session& other) {
    fs::copy(other.folder_ / "checkpoints", folder_ / "checkpoints", fs::copy_options::recursive);
  }
  /// In the newest checkpoint; null: as if it had none.
  void rewrite_threshold(const nlohmann::json& threshold) {
    const CheckpointFolder checkpoints(folder_ / "checkpoints");
    Checkpoint newest = *checkpoints.load_newest();
    newest.state.erase("threshold");
    if (!threshold.is_null()) newest.state["threshold"] = threshold;
    checkpoints.save(newest);
  }
  std::vector<int64_t> checkpoint_steps() const { return CheckpointFolder(folder_ / "checkpoints").steps(); }
  int operator_threads() const { return bernoulli::operator_threads(loaded_.run, prepared_); }
  const PreparedRun& prepared() const { return prepared_; }
  const RunConfig& config() const { return loaded_.run; }
  int num_threads() const { return bernoulli::num_threads(loaded_.run.training); }
  /// Values of `key` in the events of one kind.
  std::vector<double> logged(const std::string& event, const std::string& key) const {
    std::vector<double> values;
    std::ifstream file(folder_ / "metrics.jsonl");
    for (std::string line; std::getline(file, line);) {
      const auto json = nlohmann::json::parse(line);
      if (json["event"] == event && json.contains(key) && json[key].is_number()) values.push_back(json[key]);
    }
    return values;
  }

 private:
  bernoulli::testing::TemporaryFolder folder_{bernoulli::testing::TemporaryFolder::in_memory()};
  std::vector<std::string> overrides_;
  config::LoadedConfig loaded_;
  PreparedRun prepared_;
};

}  // namespace
}  // namespace bernoulli
