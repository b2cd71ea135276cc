#pragma once

#include <cstdint>
#include <memory>

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include "layers/model_plan.h"
#include "tensor/named_tensors.h"

namespace torch::jit {
struct Module;
}

namespace bernoulli {

/// Features of a batch as layers take them. Legend: B batch, T tokens, nnz tokens of all rows.
struct Features {
  at::Tensor values;   ///< [B, T] or, for a plan with ragged_input, [nnz]; int64
  at::Tensor lengths;  ///< [B] int64
};

/// The module of a Sequential whose first layer is another one: `first` has a method forward(x, lengths).
torch::jit::Module with_first_layer(const layers::ModelPlan& plan, const torch::jit::Module& network,
                                    const torch::jit::Module& first);

/// The layers of a plan as TorchScript modules that the trainer runs through autograd and the exporter saves
/// as they are.
class Sequential {
 public:
  /// Draws the initial weights on the CPU from `seed`, layer by layer, whatever the device.
  Sequential(const layers::ModelPlan& plan, uint64_t seed, c10::Device device);
  /// With weights that are there already, by name: no copy is made of those on `device`. @throws
  /// ArtifactError as load does.
  Sequential(const layers::ModelPlan& plan, const NamedTensors& weights, c10::Device device);
  ~Sequential();
  Sequential(Sequential&&) noexcept;
  Sequential& operator=(Sequential&&) noexcept;

  /// Logits [B, L] float32.
  at::Tensor forward(const Features& features);
  /// Dropout and batch statistics on or off.
  void train(bool on);

  /// Trainable tensors, "embedding_0.weight" first to last. The handles share storage with the model.
  NamedTensors parameters() const;
  /// Tensors that are saved but not trained (running statistics).
  NamedTensors buffers() const;
  /// Copies values into parameters and buffers by name. @throws ArtifactError naming a tensor that is
  /// missing, unknown or of another shape.
  void load(const NamedTensors& tensors);

  const layers::ModelPlan& plan() const;
  /// The module itself: attribute `<layer name>` a layer, method `logits(x, lengths)`. Shares storage.
  const torch::jit::Module& module() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bernoulli
