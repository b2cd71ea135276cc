#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include "model/sequential.h"
#include "text/token_view.h"

namespace bernoulli {

/// How rows become the input of a plan.
struct FeatureShape {
  bool ragged = false;  ///< ModelPlan::ragged_input
  std::optional<int64_t>
      sequence_length;  ///< TextConfig::sequence_length; absent: padded to the longest row, at least 1
};

/// Of Features::values of the rows at `indices`.
std::vector<int64_t> feature_sizes(const TokenView& rows, std::span<const int64_t> indices,
                                   const FeatureShape& shape);
/// What make_features puts on the device, into memory of the host.
/// @param values  as many numbers as feature_sizes says.   @param lengths  one a row.
void write_features(const TokenView& rows, std::span<const int64_t> indices, const FeatureShape& shape,
                    int64_t* values, int64_t* lengths);

/// The rows at `indices`, in that order, on `device`.
Features make_features(const TokenView& rows, std::span<const int64_t> indices, const FeatureShape& shape,
                       c10::Device device);
/// `count` rows from `begin` on.
Features make_features(const TokenView& rows, int64_t begin, int64_t count, const FeatureShape& shape,
                       c10::Device device);

/// Where the batches of compute_logits begin, in order, and N at the end: `batch_size` rows each, or fewer
/// where padding would fill the memory (padded_batches).
std::vector<int64_t> batch_begins(const TokenView& rows, const FeatureShape& shape, int64_t batch_size);

/// Logits of all rows in evaluation mode, N*L row-major, computed in order in the batches of
/// batch_begins. The trainer, the predictor and the exporter's
/// check all come through here, so that they compute in the same batches and agree to the bit.
/// @param poll  called before each batch; may throw to stop.
std::vector<float> compute_logits(Sequential& model, const TokenView& rows, const FeatureShape& shape,
                                  int64_t batch_size, c10::Device device, void (*poll)() = nullptr);

}  // namespace bernoulli
