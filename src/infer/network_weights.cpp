#include "infer/network_weights.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "core/error.h"
#include "kernels/kernels.h"

namespace bernoulli {

NetworkWeights::NetworkWeights(const layers::ModelPlan& plan, const std::vector<RawTensor>& weights) {
  const std::string prefix = plan.layers.front().tensor_name("");
  for (const RawTensor& tensor : weights) {
    if (!is_table_part(tensor.name, prefix)) weights_.emplace(tensor.name, &tensor);
  }
  table_.emplace(weights, prefix, plan.layers.front().plan.parameters.front().shape);
  size_t expected = 0;
  for (const layers::NamedLayer* layer : plan.all_layers()) {
    for (const layers::ParameterSpec& parameter : layer->plan.parameters) {
      ++expected;
      if (layer == &plan.layers.front()) continue;  // the table, which was looked at
      const std::string name = layer->tensor_name(parameter.name);
      const auto found = weights_.find(name);
      if (found == weights_.end()) throw ArtifactError(fmt::format("the weights lack tensor '{}'", name));
      check_tensor(*found->second, Dtype::kF32, parameter.shape);
    }
  }
  if (weights_.size() != expected)
    throw ArtifactError(
        fmt::format("the weights hold {} tensors, the model has {}", weights_.size(), expected));
}

kernels::LaneVector NetworkWeights::numbers(const layers::NamedLayer& layer,
                                            const std::string& parameter) const {
  const std::string_view bytes = weights_.at(layer.tensor_name(parameter))->bytes;
  kernels::LaneVector numbers(bytes.size() / sizeof(float));
  if (!bytes.empty()) std::memcpy(numbers.data(), bytes.data(), bytes.size());
  return numbers;
}

kernels::LaneVector NetworkWeights::table_rows(int64_t columns) const {
  const auto stride = static_cast<size_t>(kernels::padded(columns));
  kernels::LaneVector padded(static_cast<size_t>(table_->num_rows()) * stride);
  table_->for_each([&](int64_t row, const float* numbers) {
    std::copy_n(numbers, columns, padded.data() + static_cast<size_t>(row) * stride);
  });
  return padded;
}

kernels::LaneVector NetworkWeights::rows(const layers::NamedLayer& layer, const std::string& parameter,
                                         int64_t columns) const {
  const std::string_view bytes = weights_.at(layer.tensor_name(parameter))->bytes;
  const size_t row_bytes = static_cast<size_t>(columns) * sizeof(float), count = bytes.size() / row_bytes;
  const auto stride = static_cast<size_t>(kernels::padded(columns));
  kernels::LaneVector padded(count * stride);
  for (size_t row = 0; row < count; ++row)
    std::memcpy(padded.data() + row * stride, bytes.data() + row * row_bytes, row_bytes);
  return padded;
}

}  // namespace bernoulli
