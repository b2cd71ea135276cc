#pragma once

#include <cstdint>
#include <span>
#include <variant>

#include "infer/pooled_network.h"
#include "infer/sequence_network.h"

namespace bernoulli {

/// A trained network that answers without LibTorch: by the faster of two classes where its layers allow it.
class NativeNetwork {
 public:
  /// Memory of one thread; keeps its size from call to call.
  struct State {
    PooledNetwork::State pooled;
    SequenceNetwork::State sequence;

    size_t bytes() const { return pooled.bytes() + sequence.bytes(); }
  };

  /// @param weights  as checkpoints name them. @throws ArtifactError naming a tensor that does not fit
  static NativeNetwork build(const layers::ModelPlan& plan, const TextConfig& text,
                             const std::vector<RawTensor>& weights);

  /// Logits of one text, num_outputs() of them. @param ids  as the vectorizer gives them, truncated, in
  /// range.
  void logits(std::span<const int32_t> ids, State& state, std::span<float> out) const;

  int64_t num_outputs() const;
  /// A sum over rows of a table: a text costs a microsecond, not a millisecond.
  bool is_pooled() const { return std::holds_alternative<PooledNetwork>(network_); }

 private:
  explicit NativeNetwork(std::variant<PooledNetwork, SequenceNetwork> network)
      : network_(std::move(network)) {}

  std::variant<PooledNetwork, SequenceNetwork> network_;
};

}  // namespace bernoulli
