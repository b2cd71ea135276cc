#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "config/run_config.h"
#include "infer/network_weights.h"
#include "kernels/activations.h"
#include "kernels/kernels.h"
#include "kernels/lane_vector.h"
#include "layers/model_plan.h"

namespace bernoulli {

/// A trained network of the family
///   embedding, dropout?, mean_pool | sum_pool   or   embedding_bag (mean, sum);
///   then any of dropout, linear, activations, layer_norm,
/// as it answers after training: dropout is gone. Where the head has linear layers alone, the logits are sums
/// of one score a token and label, computed when the network is built. Immutable, shared between threads.
class PooledNetwork {
 public:
  /// Memory of one thread; keeps its size from call to call.
  struct State {
    kernels::LaneVector values;
    kernels::LaneVector next;
    std::vector<double> sums;

    size_t bytes() const {
      return (values.capacity() + next.capacity()) * sizeof(float) + sums.capacity() * sizeof(double);
    }
  };

  /// Absent for a network of another kind.
  static std::optional<PooledNetwork> build(const layers::ModelPlan& plan, const TextConfig& text,
                                            const NetworkWeights& weights);

  /// Logits of one text, num_outputs() of them. @param ids  as the vectorizer gives them, truncated, in
  /// range.
  void logits(std::span<const int32_t> ids, State& state, std::span<float> out) const;

  int64_t num_outputs() const { return num_outputs_; }
  /// Whether one score a token and label is all that is kept.
  bool sums_scores() const { return !scores_.empty(); }

 private:
  struct Layer {
    enum class Kind { kLinear, kActivation, kLayerNorm };
    Kind kind = Kind::kLinear;
    int64_t features_in = 0;
    int64_t features_out = 0;
    kernels::LaneVector weight;  ///< kLinear: [features_out, padded(features_in)]. kLayerNorm: [features]
    kernels::LaneVector bias;    ///< or empty: none
    kernels::Activation activation = kernels::Activation::kRelu;
    float slope = 0;  ///< leaky_relu's
    double eps = 0;   ///< kLayerNorm's
  };
  /// The pooled rows are scale * (the sum of the rows of the tokens + pads * row 0).
  struct Pooling {
    int64_t pads = 0;
    double scale = 1;
  };

  class Builder;

  Pooling pooling(size_t num_tokens) const;
  void fold(const TableRows& table);
  void sum_scores(std::span<const int32_t> ids, State& state, std::span<float> out) const;
  void run_head(State& state) const;

  const kernels::Kernels* kernels_ = kernels::available_kernels().front();
  int64_t dim_ = 0;
  int64_t num_outputs_ = 0;
  bool mean_ = true;
  std::optional<int64_t> padded_length_;  ///< with padding: include
  int64_t widest_ = 0;                    ///< stride between any two layers
  kernels::LaneVector table_;             ///< [V, padded(dim)]; empty where scores do
  std::vector<Layer> head_;
  std::vector<float> scores_;  ///< [V, L], or empty
  std::vector<double> base_;   ///< L: beside scores
};

}  // namespace bernoulli
