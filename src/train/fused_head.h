#pragma once

#include <cstdint>
#include <vector>

#include "kernels/kernels.h"
#include "kernels/lane_vector.h"
#include "train/fused_parameter.h"
#include "train/fused_plan.h"

namespace bernoulli {

/// The layers behind the pool, a batch at a time: forward keeps what backward needs.
class FusedHead {
 public:
  /// `parameters` in the order of the plan, embedding first; must outlive the head.
  FusedHead(const std::vector<FusedLayer>& layers, int64_t dim, std::vector<FusedParameter>& parameters,
            const kernels::Kernels& kernels);

  /// Room for `rows` pooled examples [rows, padded(dim)], to be filled by the caller.
  float* input(int64_t rows);
  /// Logits [rows, stride]. `seeds` one an example: dropout draws from it; null: no dropout.
  const float* forward(const uint64_t* seeds);
  int64_t logit_stride() const;
  /// Room for the gradient of the logits, zeros.
  float* logit_gradient();
  /// Adds to the parameters' gradients. Returns the gradient of input().
  const float* backward(const uint64_t* seeds);

 private:
  void forward_layer(size_t index, const uint64_t* seeds);
  void backward_layer(size_t index, const uint64_t* seeds);
  void drop(size_t index, const uint64_t* seeds, float* values) const;

  const std::vector<FusedLayer>& layers_;
  std::vector<FusedParameter>& parameters_;
  const kernels::Kernels& kernels_;
  int64_t rows_ = 0;
  std::vector<kernels::LaneVector> values_;     ///< [i] enters layer i; the last one are the logits
  std::vector<kernels::LaneVector> gradients_;  ///< beside values_
  std::vector<int64_t> strides_;
};

}  // namespace bernoulli
