#include "infer/pooled_network.h"

#include <algorithm>

#include "kernels/layer_norm.h"

namespace bernoulli {

PooledNetwork::Pooling PooledNetwork::pooling(size_t num_tokens) const {
  const auto count = static_cast<int64_t>(num_tokens);
  Pooling pooling;
  if (padded_length_) pooling.pads = std::max<int64_t>(*padded_length_ - count, 0);
  if (mean_) pooling.scale = 1 / static_cast<double>(padded_length_.value_or(std::max<int64_t>(count, 1)));
  return pooling;
}

void PooledNetwork::logits(std::span<const int32_t> ids, State& state, std::span<float> out) const {
  if (sums_scores()) return sum_scores(ids, state, out);
  const Pooling pooling = this->pooling(ids.size());
  if (state.next.size() < static_cast<size_t>(widest_)) {  // the last one to get its memory
    state.values.assign(static_cast<size_t>(widest_), 0);
    state.next.assign(static_cast<size_t>(widest_), 0);
  }
  kernels::PoolInput input;
  input.ids = ids.data();
  input.count = static_cast<int64_t>(ids.size());
  input.pads = pooling.pads;
  input.scale = static_cast<float>(pooling.scale);
  const int64_t stride = kernels::padded(dim_);
  kernels_->pool(input, table_.data(), stride, state.values.data(), nullptr, state.next.data());
  run_head(state);
  std::copy_n(state.values.begin(), num_outputs_, out.begin());
}

void PooledNetwork::sum_scores(std::span<const int32_t> ids, State& state, std::span<float> out) const {
  const Pooling pooling = this->pooling(ids.size());
  const float* const scores = scores_.data();
  if (num_outputs_ == 1) {  // four sums, so that one addition need not wait for the one before
    double sums[4] = {static_cast<double>(pooling.pads) * double{scores[0]}, 0, 0, 0};
    if (pooling.pads == 0) sums[0] = 0;
    size_t i = 0;
    for (; i + 4 <= ids.size(); i += 4) {
      for (size_t lane = 0; lane < 4; ++lane) sums[lane] += double{scores[ids[i + lane]]};
    }
    for (; i < ids.size(); ++i) sums[0] += double{scores[ids[i]]};
    out[0] = static_cast<float>(base_[0] + pooling.scale * ((sums[0] + sums[1]) + (sums[2] + sums[3])));
    return;
  }
  const auto outputs = static_cast<size_t>(num_outputs_);
  std::vector<double>& sums = state.sums;
  sums.assign(outputs, 0);
  if (pooling.pads > 0) {
    for (size_t label = 0; label < outputs; ++label)
      sums[label] = static_cast<double>(pooling.pads) * double{scores[label]};
  }
  for (const int32_t id : ids) {
    const float* const row = scores + static_cast<size_t>(id) * outputs;
    for (size_t label = 0; label < outputs; ++label) sums[label] += double{row[label]};
  }
  for (size_t label = 0; label < outputs; ++label)
    out[label] = static_cast<float>(base_[label] + pooling.scale * sums[label]);
}

/// From state.values to state.values; what lies behind the features of a layer stays zero or is weighed with
/// zero.
void PooledNetwork::run_head(State& state) const {
  for (const Layer& layer : head_) {
    float* const x = state.values.data();
    switch (layer.kind) {
      case Layer::Kind::kLinear: {
        const int64_t stride_in = kernels::padded(layer.features_in);
        const int64_t stride_out = kernels::padded(layer.features_out);
        std::fill(x + layer.features_in, x + stride_in, 0.0f);
        kernels_->linear({1, layer.features_out, stride_in, stride_out}, x, layer.weight.data(),
                         layer.bias.empty() ? nullptr : layer.bias.data(), state.next.data());
        state.values.swap(state.next);
        break;
      }
      case Layer::Kind::kActivation:
        kernels::activate(layer.activation, layer.slope, x, x, layer.features_in);
        break;
      case Layer::Kind::kLayerNorm:
        kernels::layer_norm(x, layer.features_in, layer.weight.data(), layer.bias.data(), layer.eps);
        break;
    }
  }
}

}  // namespace bernoulli
