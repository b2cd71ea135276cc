#pragma once

#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

namespace bernoulli {

/// Exponential moving average of weights: average = decay * average + (1 - decay) * weight after each update.
class WeightAverage {
 public:
  WeightAverage(double decay, const std::vector<std::pair<std::string, at::Tensor>>& parameters);
  void update();
  /// The same where `refused`, as in DeviceUpdate, is 0.
  void update_on_device(const at::Tensor& refused);
  std::vector<std::pair<std::string, at::Tensor>> averages() const;
  void load(const std::vector<std::pair<std::string, at::Tensor>>& averages);
  /// Exchanges weights and averages; called before and after an evaluation.
  void swap();

 private:
  double decay_;
  std::vector<std::pair<std::string, at::Tensor>> parameters_;
  std::vector<at::Tensor> averages_;
};

}  // namespace bernoulli
