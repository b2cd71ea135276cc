#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "config/run_config.h"
#include "data/encoded_dataset.h"
#include "layers/model_plan.h"
#include "loss/loss.h"
#include "tensor/named_tensors.h"
#include "text/token_view.h"
#include "train/logit_telemetry.h"

namespace bernoulli {

/// What engines are made of; `train` and `loss` outlive them.
struct EngineParts {
  const RunConfig& config;
  const layers::ModelPlan& plan;
  const EncodedDataset& train;
  const Loss& loss;
  const std::vector<double>& pos_weight;  ///< what `loss` was made with
};

/// What one weight update saw.
struct StepResult {
  double loss_sum = 0;       ///< nats, weighted, over all examples of the update
  double weight = 0;         ///< what to divide by: sum of example weights times L
  double gradient_norm = 0;  ///< 2-norm before clipping
  LogitTelemetry telemetry;  ///< of the logits before the update
};

/// An update that is asked for: what Step::update takes.
struct PlannedUpdate {
  std::span<const int64_t> examples;
  int64_t step = 0;
  double lr = 0;
};

/// The engine seam: how weights are updated and texts are scored. The trainer knows only this.
/// Every random draw is a function of (seed, step), so an engine that loaded a state goes on bit for bit.
class Step {
 public:
  virtual ~Step() = default;

  /// One weight update from the training examples at `examples`: forward, loss over the global weight,
  /// backward, clip, refuse what is not finite, update. `step` counts updates from 0.
  /// @throws NonFiniteError before any weight moves, naming step, parameter or examples.
  virtual StepResult update(std::span<const int64_t> examples, int64_t step, double lr) = 0;

  /// The examples of the update after those that are asked for next, so that an engine may fetch them while
  /// it computes. A hint: the update may never come, or with others.
  virtual void announce(std::span<const int64_t> /*examples*/) {}

  /// Updates that the engine wants at once, so that it need not answer after each.
  virtual int64_t run_ahead() const { return 1; }
  /// Consecutive updates, one result each. One that is refused throws as update() does, with the weights that
  /// those before it left.
  virtual std::vector<StepResult> update_all(std::span<const PlannedUpdate> updates) {
    std::vector<StepResult> results;
    for (const PlannedUpdate& one : updates) results.push_back(update(one.examples, one.step, one.lr));
    return results;
  }

  /// Logits N*L of any rows in evaluation mode with the weights that evaluation() returns.
  virtual std::vector<float> logits(const TokenView& rows) = 0;

  /// Weights for evaluation and export: parameters (or their averages) and buffers.
  virtual NamedTensors evaluation_weights() const = 0;
  /// Everything else that training needs to go on.
  virtual NamedTensors training_state() const = 0;
  /// Inverse of the two. @throws ArtifactError naming a tensor that does not fit.
  virtual void load(const NamedTensors& evaluation_weights, const NamedTensors& training_state) = 0;

  virtual double base_lr() const = 0;
};

}  // namespace bernoulli
