#include "infer/native_network.h"

#include <utility>

namespace bernoulli {

NativeNetwork NativeNetwork::build(const layers::ModelPlan& plan, const TextConfig& text,
                                   const std::vector<RawTensor>& tensors) {
  const NetworkWeights weights(plan, tensors);
  if (auto pooled = PooledNetwork::build(plan, text, weights)) return NativeNetwork(std::move(*pooled));
  return NativeNetwork(SequenceNetwork::build(plan, text, weights));
}

void NativeNetwork::logits(std::span<const int32_t> ids, State& state, std::span<float> out) const {
  if (const auto* pooled = std::get_if<PooledNetwork>(&network_))
    pooled->logits(ids, state.pooled, out);
  else
    std::get<SequenceNetwork>(network_).logits(ids, state.sequence, out);
}

int64_t NativeNetwork::num_outputs() const {
  return std::visit([](const auto& network) { return network.num_outputs(); }, network_);
}

}  // namespace bernoulli
