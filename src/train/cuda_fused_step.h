#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "data/encoded_dataset.h"
#include "kernels/cuda/interface.h"
#include "train/fused_plan.h"
#include "train/step.h"

namespace bernoulli {

/// Trains a FusedPlan on a CUDA card that holds model, optimizer state and data; the host sends the order of
/// the examples and asks for the results of many updates at once. The draws of dropout are those of
/// FusedStep, and each number's update is the same arithmetic; sums have another order, which is the same on
/// every run.
///
/// Reads and writes the states of the other engines.
class CudaFusedStep : public Step {
 public:
  /// The loss is asked for its dead range only. @param functions  cuda_fused_functions(), or tests' own.
  /// @throws DeviceError where the card's memory does not hold it; IoError where the card fails.
  CudaFusedStep(const EngineParts& parts, const FusedPlan& fused, const card::Functions& functions,
                int device);

  StepResult update(std::span<const int64_t> examples, int64_t step, double lr) override;
  int64_t run_ahead() const override { return run_ahead_; }
  std::vector<StepResult> update_all(std::span<const PlannedUpdate> updates) override;
  /// update_all() with each launch timed by itself, for bench/.
  std::vector<card::KernelTime> profile(std::span<const PlannedUpdate> updates);
  std::vector<float> logits(const TokenView& rows) override;
  NamedTensors evaluation_weights() const override;
  NamedTensors training_state() const override;
  void load(const NamedTensors& evaluation_weights, const NamedTensors& training_state) override;
  double base_lr() const override { return optimizer_.base_lr(); }

 private:
  struct Handle {
    decltype(card::Functions::destroy) destroy;
    void operator()(void* handle) const { destroy(handle); }
  };

  /// @param run  calls a function of the card with (examples, updates, count, records, why)
  template <class Run>
  std::vector<StepResult> update_with(std::span<const PlannedUpdate> updates, const Run& run);
  [[noreturn]] void refuse(const PlannedUpdate& update, const card::Record& record) const;
  at::Tensor read(size_t parameter, size_t table) const;
  void write(size_t parameter, size_t table, const at::Tensor& values);

  const EncodedDataset& train_;
  card::Functions functions_;
  int64_t num_labels_;
  FusedOptimizer optimizer_;
  NamedShapes parameters_;  ///< in the order of the plan: the embedding first
  int64_t run_ahead_ = 1;
  int64_t updates_ = 0;
  std::unique_ptr<void, Handle> handle_;
};

/// Those of libbernoulli_cuda.so, which open_device() must have found.
card::Functions cuda_fused_functions();

/// Bytes that a device reads and writes a second while it copies `bytes` of its memory, for bench/.
/// @throws DeviceError, IoError as CudaFusedStep.
double cuda_copy_speed(int device, int64_t bytes);

}  // namespace bernoulli
