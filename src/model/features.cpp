#include "model/features.h"

#include <algorithm>
#include <numeric>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include "text/padded_batches.h"
#include "text/token_rows.h"

namespace bernoulli {

std::vector<int64_t> feature_sizes(const TokenView& rows, std::span<const int64_t> indices,
                                   const FeatureShape& shape) {
  const auto count = static_cast<int64_t>(indices.size());
  if (!shape.ragged && shape.sequence_length) return {count, *shape.sequence_length};
  int64_t total = 0, longest = 1;
  for (const int64_t index : indices) {
    total += rows.row_size(index);
    longest = std::max(longest, rows.row_size(index));
  }
  return shape.ragged ? std::vector<int64_t>{total} : std::vector<int64_t>{count, longest};
}

void write_features(const TokenView& rows, std::span<const int64_t> indices, const FeatureShape& shape,
                    int64_t* values, int64_t* lengths) {
  for (size_t i = 0; i < indices.size(); ++i) lengths[i] = rows.row_size(indices[i]);
  if (shape.ragged) {
    for (size_t i = 0; i < indices.size(); ++i) values = rows.copy_row(indices[i], lengths[i], values);
    return;
  }
  const int64_t width = feature_sizes(rows, indices, shape).back();
  for (const int64_t index : indices) {
    int64_t* const end = values + width;
    std::fill(rows.copy_row(index, width, values), end, kPaddingId);
    values = end;
  }
}

Features make_features(const TokenView& rows, std::span<const int64_t> indices, const FeatureShape& shape,
                       c10::Device device) {
  Features features;
  features.values = at::empty(feature_sizes(rows, indices, shape), at::kLong);
  features.lengths = at::empty({static_cast<int64_t>(indices.size())}, at::kLong);
  write_features(rows, indices, shape, features.values.mutable_data_ptr<int64_t>(),
                 features.lengths.mutable_data_ptr<int64_t>());
  features.values = features.values.to(device);
  features.lengths = features.lengths.to(device);
  return features;
}

Features make_features(const TokenView& rows, int64_t begin, int64_t count, const FeatureShape& shape,
                       c10::Device device) {
  std::vector<int64_t> indices(static_cast<size_t>(count));
  std::iota(indices.begin(), indices.end(), begin);
  return make_features(rows, indices, shape, device);
}

std::vector<int64_t> batch_begins(const TokenView& rows, const FeatureShape& shape, int64_t batch_size) {
  const bool padded = !shape.ragged && !shape.sequence_length;
  return padded_batches(rows.size(), batch_size, kMostPaddedIds,
                        [&](int64_t row) { return padded ? rows.row_size(row) : 0; });
}

std::vector<float> compute_logits(Sequential& model, const TokenView& rows, const FeatureShape& shape,
                                  int64_t batch_size, c10::Device device, void (*poll)()) {
  const at::NoGradGuard no_grad;
  model.train(false);
  std::vector<float> logits;
  logits.reserve(static_cast<size_t>(rows.size() * model.plan().num_outputs));
  const std::vector<int64_t> begins = batch_begins(rows, shape, batch_size);
  for (size_t batch = 0; batch + 1 < begins.size(); ++batch) {
    if (poll != nullptr) poll();
    const Features features =
        make_features(rows, begins[batch], begins[batch + 1] - begins[batch], shape, device);
    const at::Tensor z = model.forward(features).to(at::kFloat).to(at::kCPU).contiguous();
    logits.insert(logits.end(), z.const_data_ptr<float>(), z.const_data_ptr<float>() + z.numel());
  }
  return logits;
}

}  // namespace bernoulli
