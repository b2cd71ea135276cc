#pragma once

#include <cstdint>
#include <limits>
#include <span>

#include <c10/core/Device.h>

#include "data/encoded_dataset.h"
#include "loss/loss.h"

namespace bernoulli {

/// What the logits of one or more updates looked like from the side of the loss. An entry is one label of one
/// example.
struct LogitTelemetry {
  int64_t entries = 0;
  int64_t saturated = 0;       ///< float32 probability is exactly 0 or exactly 1
  int64_t wrong_and_dead = 0;  ///< on the wrong side of 0, and the loss has exactly no gradient there
  double max_abs_logit = 0;

  double saturated_share() const { return share(saturated); }
  double wrong_and_dead_share() const { return share(wrong_and_dead); }
  LogitTelemetry& operator+=(const LogitTelemetry& other);

 private:
  double share(int64_t count) const {
    return entries == 0 ? 0.0 : static_cast<double>(count) / static_cast<double>(entries);
  }
};

/// First logit whose float32 probability 1 / (1 + exp(-z)) is exactly 1: 1 + exp(-z) rounds to 1 from 24 ln 2
/// on. And the first below 0 whose exp(-z) is infinite (above ln of the largest float32): there the
/// probability is exactly 0.
inline constexpr float kProbabilityOneFrom = 16.635532f;
inline constexpr float kProbabilityZeroUntil = -88.72284f;

/// Where a wrong answer gets exactly no gradient with respect to its logit. Infinite ends: nowhere.
struct DeadRange {
  float negatives_from = std::numeric_limits<float>::infinity();    ///< target 0: dead from this logit up
  float positives_until = -std::numeric_limits<float>::infinity();  ///< target 1: dead from this logit down
};

/// Asks the loss itself, by bisection over the float32 numbers on its gradient: whatever the mode, its label
/// smoothing and weights. About 60 evaluations of one entry.
DeadRange find_dead_range(const Loss& loss, int64_t num_labels, c10::Device device);

/// Counts over the logits of training examples of `data`. One pass, no allocation.
/// @param logits  of the examples: data.num_labels numbers, and each row `stride` after the one before
LogitTelemetry observe_logits(std::span<const int64_t> examples, const float* logits, int64_t stride,
                              const EncodedDataset& data, const DeadRange& dead);

}  // namespace bernoulli
