#include "model/features.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

namespace bernoulli {
namespace {

at::Tensor padded_ids(const TokenView& rows, std::span<const int64_t> indices,
                      std::optional<int64_t> sequence_length) {
  int64_t length = 1;
  for (const int64_t index : indices) length = std::max(length, rows.row_size(index));
  if (sequence_length) length = *sequence_length;
  at::Tensor ids = at::zeros({static_cast<int64_t>(indices.size()), length}, at::kLong);
  int64_t* out = ids.mutable_data_ptr<int64_t>();
  for (const int64_t index : indices) {
    rows.copy_row(index, length, out);
    out += length;
  }
  return ids;
}

at::Tensor ragged_ids(const TokenView& rows, std::span<const int64_t> indices, int64_t num_tokens) {
  at::Tensor ids = at::empty({num_tokens}, at::kLong);
  int64_t* out = ids.mutable_data_ptr<int64_t>();
  for (const int64_t index : indices) out = rows.copy_row(index, num_tokens, out);
  return ids;
}

}  // namespace

Features make_features(const TokenView& rows, std::span<const int64_t> indices, const FeatureShape& shape,
                       c10::Device device) {
  Features features;
  features.lengths = at::empty({static_cast<int64_t>(indices.size())}, at::kLong);
  int64_t* lengths = features.lengths.mutable_data_ptr<int64_t>();
  int64_t num_tokens = 0;
  for (size_t i = 0; i < indices.size(); ++i) {
    lengths[i] = rows.row_size(indices[i]);
    num_tokens += lengths[i];
  }
  features.values =
      shape.ragged ? ragged_ids(rows, indices, num_tokens) : padded_ids(rows, indices, shape.sequence_length);
  features.values = features.values.to(device);
  features.lengths = features.lengths.to(device);
  return features;
}

std::vector<float> compute_logits(Sequential& model, const TokenView& rows, const FeatureShape& shape,
                                  int64_t batch_size, c10::Device device, void (*poll)()) {
  const at::NoGradGuard no_grad;
  model.train(false);
  std::vector<int64_t> indices(static_cast<size_t>(rows.size()));
  std::iota(indices.begin(), indices.end(), int64_t{0});
  std::vector<float> logits;
  logits.reserve(indices.size() * static_cast<size_t>(model.plan().num_outputs));
  for (int64_t begin = 0; begin < rows.size(); begin += batch_size) {
    if (poll != nullptr) poll();
    const auto count = static_cast<size_t>(std::min(batch_size, rows.size() - begin));
    const Features features =
        make_features(rows, std::span(indices).subspan(static_cast<size_t>(begin), count), shape, device);
    const at::Tensor batch = model.forward(features).to(at::kFloat).to(at::kCPU).contiguous();
    logits.insert(logits.end(), batch.const_data_ptr<float>(), batch.const_data_ptr<float>() + batch.numel());
  }
  return logits;
}

}  // namespace bernoulli
