#pragma once

#include <cstdint>
#include <memory>

#include <ATen/core/Tensor.h>

#include "config/run_config.h"
#include "tensor/named_tensors.h"

namespace bernoulli {

/// One update whose numbers lie on the device, so that its work can be recorded and replayed with others.
struct DeviceUpdate {
  at::Tensor lr;       ///< float32, of no dimension
  at::Tensor updates;  ///< float32, of no dimension: the count with this one, 1, 2, ...
  at::Tensor refused;  ///< float32, of no dimension: 1 where nothing may move, else 0
  bool is_first;       ///< what only the host is asked: it happens once
};

/// Updates parameters from their .grad() with ATen's fused or foreach kernels. Same update rules as
/// torch.optim.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  /// One update at learning rate `lr`. Every parameter must have a gradient.
  virtual void step(double lr) = 0;
  /// The same with float32 numbers of the device, without waiting for it. The caller counts: set_updates().
  virtual void step_on_device(const DeviceUpdate& update) = 0;
  /// Updates done.
  virtual int64_t updates() const = 0;
  virtual void set_updates(int64_t updates) = 0;
  /// State tensors ("<parameter>.exp_avg", ...) and counters, enough to go on bit for bit. Handles share
  /// storage.
  virtual NamedTensors state() const = 0;
  /// Copies state by name. @throws ArtifactError naming what is missing, unknown or of another shape.
  virtual void load_state(const NamedTensors& state) = 0;
  /// lr of the configuration: what the schedule multiplies.
  virtual double base_lr() const = 0;
};

/// @param parameters named, requiring gradient. Names decide OptimizerConfig::no_decay.
std::unique_ptr<Optimizer> make_optimizer(const OptimizerConfig& config, const NamedTensors& parameters);

/// 2-norm over all gradients together, float64 on the CPU. One synchronisation.
double gradient_norm(const NamedTensors& parameters);

/// Scales all gradients by max_norm / norm where norm > max_norm (torch.nn.utils.clip_grad_norm_, with its
/// 1e-6).
void clip_gradient_norm(const NamedTensors& parameters, double norm, double max_norm);

/// The two above on the device, without waiting for it: float64, of no dimension.
at::Tensor device_gradient_norm(const NamedTensors& parameters);
void clip_gradient_norm(const NamedTensors& parameters, const at::Tensor& norm, double max_norm);

/// Clamps each gradient entry to [-max_value, max_value].
void clip_gradient_value(const NamedTensors& parameters, double max_value);

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
