#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <c10/core/Device.h>

#include "config/run_config.h"
#include "data/encoded_dataset.h"
#include "model/features.h"
#include "model/sequential.h"
#include "optim/optimizer.h"
#include "optim/weight_average.h"

namespace bernoulli {

/// What the engines that run on autograd have in common: model, optimizer and averages, how they are
/// evaluated and how they are saved.
class AutogradModel {
 public:
  AutogradModel(const RunConfig& config, const layers::ModelPlan& plan, c10::Device device);

  /// The three of Step.
  std::vector<float> logits(const TokenView& rows);
  NamedTensors evaluation_weights() const;
  NamedTensors training_state() const;
  void load(const NamedTensors& evaluation_weights, const NamedTensors& training_state);
  /// Sets what evaluation_weights() answers and, where averages are kept, the trained weights, too.
  /// @throws ArtifactError as load.
  void set_weights(const NamedTensors& weights);

  Sequential& model() { return model_; }
  const NamedTensors& parameters() const { return parameters_; }
  Optimizer& optimizer() { return *optimizer_; }
  const Optimizer& optimizer() const { return *optimizer_; }
  std::optional<WeightAverage>& average() { return average_; }
  const FeatureShape& shape() const { return shape_; }
  c10::Device device() const { return device_; }
  /// Parameters whose gradient is not finite.
  std::vector<std::string> not_finite_gradients() const;

 private:
  FeatureShape shape_;
  int64_t eval_batch_size_;
  c10::Device device_;
  Sequential model_;
  NamedTensors parameters_;
  std::unique_ptr<Optimizer> optimizer_;
  std::optional<WeightAverage> average_;
};

/// Of the generator that a batch's dropout draws from; `begin` is where the batch begins in its update.
uint64_t dropout_seed(uint64_t seed, int64_t step, size_t begin);

}  // namespace bernoulli
