#pragma once

#include <cstdint>
#include <span>

namespace bernoulli {

/// Declared inputs: always logits, never guessed. N examples, L labels. Ranking metrics use the logits
/// themselves, so that saturated probabilities cannot tie; probability metrics use sigmoid in float64.
struct Predictions {
  std::span<const float> logits;   ///< N*L row-major
  std::span<const float> targets;  ///< N*L, 0 or 1
  std::span<const float> weights;  ///< N, finite and not negative; or empty: all 1
  int64_t num_labels = 1;
  int64_t size() const { return static_cast<int64_t>(logits.size()) / num_labels; }
};

}  // namespace bernoulli
