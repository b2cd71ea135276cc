#pragma once

#include <ATen/core/Tensor.h>

#include "tensor/named_tensors.h"

namespace bernoulli {

/// Exponential moving average of weights: average = decay * average + (1 - decay) * weight after each update.
class WeightAverage {
 public:
  WeightAverage(double decay, const NamedTensors& parameters);
  void update();
  /// The same where `refused`, as in DeviceUpdate, is 0.
  void update_on_device(const at::Tensor& refused);
  const NamedTensors& averages() const { return averages_; }
  /// Copies averages by name. @throws ArtifactError as Optimizer::load_state.
  void load(const NamedTensors& averages);
  /// Exchanges weights and averages; called before and after an evaluation.
  void swap();

 private:
  double decay_;
  NamedTensors parameters_;
  NamedTensors averages_;
};

}  // namespace bernoulli
