#include "infer/sequence_network.h"

#include <algorithm>

#include "kernels/kernels.h"

namespace bernoulli {
namespace {

bool counts_padding(const layers::NamedLayer* layer) {
  return layer->args.is_object() && layer->args.value("padding", "") == "include";
}

}  // namespace

SequenceNetwork SequenceNetwork::build(const layers::ModelPlan& plan, const TextConfig& text,
                                       const NetworkWeights& weights) {
  SequenceNetwork network;
  network.num_outputs_ = plan.num_outputs;
  if (std::ranges::any_of(plan.all_layers(), counts_padding)) network.padded_length_ = text.sequence_length;
  for (const layers::NamedLayer& layer : plan.layers) {
    if (layer.kind == "embedding" || layer.kind == "embedding_bag") {
      network.dim_ = layer.args.at("dim");
      network.table_ = weights.table_rows(network.dim_);
      if (layer.kind == "embedding_bag")
        network.layers_.push_back(make_pool_of_tokens(layer.args.at("mode")));
    } else if (!layer.plan.training_only) {
      network.layers_.push_back(make_text_layer(layer, weights));
    }
  }
  return network;
}

void SequenceNetwork::logits(std::span<const int32_t> ids, State& state, std::span<float> out) const {
  const int64_t step = kernels::padded(dim_);
  state.real = static_cast<int64_t>(ids.size());
  state.rows = std::max(state.real, padded_length_.value_or(0));
  state.features = dim_;
  float* to = room_in(state.values, state.rows * step);
  for (int64_t row = 0; row < state.rows; ++row) {
    const int64_t id = row < state.real ? ids[static_cast<size_t>(row)] : 0;
    std::copy_n(table_.begin() + id * step, step, to + row * step);
  }
  for (const auto& layer : layers_) layer->run(state);
  std::copy_n(state.values.begin(), num_outputs_, out.begin());
}

}  // namespace bernoulli
