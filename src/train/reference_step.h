#pragma once

#include <optional>
#include <vector>

#include <c10/core/Device.h>

#include "config/run_config.h"
#include "data/encoded_dataset.h"
#include "distributed/communicator.h"
#include "loss/loss.h"
#include "train/autograd_model.h"
#include "train/batch_feed.h"
#include "train/gradient_exchange.h"
#include "train/step.h"

namespace bernoulli {

/// Runs any layer list through autograd: the meaning of every configuration, which faster engines must
/// reproduce. training.precision and training.float32_matmul_precision are those of forward and backward;
/// loss, weights, optimizer and evaluation are float32.
///
/// Several processes share the batches of an update: batch i is computed by process i modulo their number.
/// All make the same update of the same weights, with the bits that one process would give them.
class ReferenceStep : public Step {
 public:
  /// @param upload  how batches get to the device; null: as make_upload says.
  /// @param processes  that share the batches, all with the same data; null: this one alone
  ReferenceStep(const EngineParts& parts, c10::Device device, std::unique_ptr<Upload> upload = nullptr,
                Communicator* processes = nullptr);

  void announce(std::span<const int64_t> examples) override;
  /// With several processes all call it, and process 0 alone learns loss and telemetry of all batches.
  StepResult update(std::span<const int64_t> examples, int64_t step, double lr) override;
  std::vector<float> logits(const TokenView& rows) override { return shared_.logits(rows); }
  NamedTensors evaluation_weights() const override { return shared_.evaluation_weights(); }
  NamedTensors training_state() const override { return shared_.training_state(); }
  void load(const NamedTensors& evaluation_weights, const NamedTensors& training_state) override {
    shared_.load(evaluation_weights, training_state);
  }
  double base_lr() const override { return shared_.optimizer().base_lr(); }
  const FeatureShape& shape() const { return shared_.shape(); }

  /// The trained tensors themselves, whatever is averaged for evaluation.
  const NamedTensors& parameters() const { return shared_.parameters(); }
  /// Goes on from other weights, as AutogradModel::set_weights.
  void set_weights(const NamedTensors& weights) { shared_.set_weights(weights); }

 private:
  /// Logits [B, L] float32, in the precision that training asks for.
  at::Tensor training_logits(const Features& features);
  /// Adds the gradient of a batch to that of the parameters. @param weight  of all batches of the update
  struct BatchResult {
    double loss_sum = 0;
    LogitTelemetry telemetry = {};
  };
  BatchResult accumulate_gradient(std::span<const int64_t> examples, uint64_t dropout_seed, int64_t step,
                                  double weight);
  /// accumulate_gradient of the batch that begins at `begin`, while what comes after it is sent.
  BatchResult compute_batch(std::span<const int64_t> examples, size_t begin, int64_t step, double weight);
  /// Of all batches of an update in their order, at process 0.
  std::vector<BatchResult> collect(const std::vector<BatchResult>& own) const;
  double checked_gradient_norm(int64_t step) const;
  /// Where in an update the next batch of this process begins, from that of the one before.
  size_t stride() const;
  size_t first_batch() const;  ///< where its first one begins
  int batches_in(size_t num_examples) const;

  const EncodedDataset& train_;
  const Loss& loss_;
  TrainingConfig training_;
  std::optional<double> clip_norm_;
  std::optional<double> clip_value_;
  std::optional<at::ScalarType> autocast_;  ///< absent: everything is float32
  DeadRange dead_range_;
  AutogradModel shared_;
  BatchFeed feed_;
  Communicator* processes_;                   ///< null: this one alone
  std::optional<GradientExchange> exchange_;  ///< between them
  std::vector<int64_t> announced_;            ///< of the next update; empty: not known
};

}  // namespace bernoulli
