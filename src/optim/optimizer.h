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

}  // namespace bernoulli
