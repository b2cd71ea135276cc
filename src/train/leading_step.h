#pragma once

#include <memory>

#include "distributed/communicator.h"
#include "train/reference_step.h"
#include "train/step.h"

namespace bernoulli {

/// The engine of process 0 among several: whatever the trainer asks of it, it has all of them do, each its
/// part. The others are in follow(). At the start they get its weights and state.
class LeadingStep : public Step {
 public:
  /// @param own  with the same `processes`, which outlive the step
  LeadingStep(std::unique_ptr<ReferenceStep> own, Communicator& processes, int64_t eval_batch_size);

  void announce(std::span<const int64_t> examples) override { own_->announce(examples); }
  StepResult update(std::span<const int64_t> examples, int64_t step, double lr) override;
  /// @throws DistributedError naming a process whose weights are no longer these
  std::vector<float> logits(const TokenView& rows) override;
  NamedTensors evaluation_weights() const override { return own_->evaluation_weights(); }
  NamedTensors training_state() const override { return own_->training_state(); }
  void load(const NamedTensors& evaluation_weights, const NamedTensors& training_state) override;
  double base_lr() const override { return own_->base_lr(); }

 private:
  std::unique_ptr<ReferenceStep> own_;
  Communicator& processes_;
  int64_t eval_batch_size_;
};

/// What every process but 0 does in training: its part of what process 0 asks for, until that says that the
/// training is over. @throws StopRequested; NonFiniteError; DistributedError where another process is gone
void follow(ReferenceStep& own, Communicator& processes);

/// Lets the others return from follow().
void end_following(Communicator& processes);

}  // namespace bernoulli
