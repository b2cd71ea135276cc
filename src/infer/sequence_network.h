#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "config/run_config.h"
#include "infer/network_weights.h"
#include "infer/text_layers.h"

namespace bernoulli {

/// A trained network of any layers that begins with a table, as it answers after training. Immutable, shared
/// between threads.
class SequenceNetwork {
 public:
  using State = TextState;

  static SequenceNetwork build(const layers::ModelPlan& plan, const TextConfig& text,
                               const NetworkWeights& weights);

  /// Logits of one text, num_outputs() of them. @param ids  as the vectorizer gives them, truncated, in
  /// range.
  void logits(std::span<const int32_t> ids, State& state, std::span<float> out) const;

  int64_t num_outputs() const { return num_outputs_; }

 private:
  int64_t num_outputs_ = 0;
  int64_t dim_ = 0;
  std::optional<int64_t> padded_length_;  ///< where a layer counts padding
  kernels::LaneVector table_;             ///< [V, padded(dim)]
  std::vector<std::unique_ptr<const TextLayer>> layers_;
};

}  // namespace bernoulli
