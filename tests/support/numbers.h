#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

namespace bernoulli::testing {

/// Those of a tensor of any shape and dtype, row by row.
inline std::vector<double> numbers(const at::Tensor& tensor) {
  const at::Tensor values = tensor.detach().to(at::kDouble).contiguous();
  return {values.const_data_ptr<double>(), values.const_data_ptr<double>() + values.numel()};
}

}  // namespace bernoulli::testing
