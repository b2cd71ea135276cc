#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "kernels/kernels.h"
#include "kernels/lane_vector.h"
#include "layers/layer_kind.h"

namespace bernoulli {

/// A parameter and its optimizer state with rows padded to whole lanes. Where a row needs no padding, the
/// tensors that go out share this storage.
struct FusedParameter {
  std::string name;
  std::vector<int64_t> shape;
  int64_t rows = 1;
  int64_t columns = 0;
  at::Tensor weights;             ///< [rows, padded(columns)]
  std::vector<at::Tensor> slots;  ///< the same shape, one a slot of the rule
  kernels::UpdateRule rule;
  kernels::LaneVector gradient;  ///< rows * stride; of the embedding: a row a touched row

  /// All weights 0; so is padding, of the slots too unless `initial_slot` is not.
  FusedParameter(std::string parameter_name, std::vector<int64_t> parameter_shape,
                 const kernels::UpdateRule& update_rule, size_t num_slots, double initial_slot);
  /// The weights that a training starts from; arguments as of set_initial_weights.
  void set_initial(const layers::ParameterSpec& spec, uint64_t seed, uint64_t index) const;

  int64_t stride() const { return kernels::padded(columns); }
  kernels::Table table() const;
  /// A tensor of this parameter, without the padding.
  at::Tensor trimmed(const at::Tensor& tensor) const;
  /// Copies values of the parameter's shape into `tensor`.
  void assign(const at::Tensor& tensor, const at::Tensor& values) const;
};

}  // namespace bernoulli
