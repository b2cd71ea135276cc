#pragma once

#include <optional>
#include <vector>

#include <c10/core/Device.h>

#include "config/run_config.h"
#include "data/encoded_dataset.h"
#include "loss/loss.h"
#include "train/autograd_model.h"
#include "train/batch_feed.h"
#include "train/step.h"

namespace bernoulli {

/// Runs any layer list through autograd: the meaning of every configuration, which faster engines must
/// reproduce. training.precision and training.float32_matmul_precision are those of forward and backward;
/// loss, weights, optimizer and evaluation are float32.
class ReferenceStep : public Step {
 public:
  /// `train` and `loss` must outlive the step. @param upload  how batches get to the device; null: as
  /// make_upload says.
  ReferenceStep(const RunConfig& config, const layers::ModelPlan& plan, const EncodedDataset& train,
                const Loss& loss, c10::Device device, std::unique_ptr<Upload> upload = nullptr);

  void announce(std::span<const int64_t> examples) override;
  StepResult update(std::span<const int64_t> examples, int64_t step, double lr) override;
  std::vector<float> logits(const TokenView& rows) override { return shared_.logits(rows); }
  NamedTensors evaluation_weights() const override { return shared_.evaluation_weights(); }
  NamedTensors training_state() const override { return shared_.training_state(); }
  void load(const NamedTensors& evaluation_weights, const NamedTensors& training_state) override {
    shared_.load(evaluation_weights, training_state);
  }
  double base_lr() const override { return shared_.optimizer().base_lr(); }

  /// The trained tensors themselves, whatever is averaged for evaluation.
  const NamedTensors& parameters() const { return shared_.parameters(); }
  /// Goes on from other weights, as AutogradModel::set_weights.
  void set_weights(const NamedTensors& weights) { shared_.set_weights(weights); }

 private:
  /// Logits [B, L] float32, in the precision that training asks for.
  at::Tensor training_logits(const Features& features);
  /// Adds loss and telemetry of a batch to `result`, whose weight is the global one, and its gradient to the
  /// parameters.
  void accumulate_gradient(std::span<const int64_t> examples, uint64_t dropout_seed, int64_t step,
                           StepResult& result);
  double checked_gradient_norm(int64_t step) const;

  const EncodedDataset& train_;
  const Loss& loss_;
  TrainingConfig training_;
  std::optional<double> clip_norm_;
  std::optional<double> clip_value_;
  std::optional<at::ScalarType> autocast_;  ///< absent: everything is float32
  DeadRange dead_range_;
  AutogradModel shared_;
  BatchFeed feed_;
  std::vector<int64_t> announced_;  ///< of the next update; empty: not known
};

}  // namespace bernoulli
