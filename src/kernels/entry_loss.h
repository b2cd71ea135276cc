#pragma once

#include <cstdint>
#include <optional>

namespace bernoulli::kernels {

enum class LossMode : uint8_t { kBceWithLogits, kSigmoidBce, kSigmoidBceClipped, kFocalWithLogits };

/// One entry's loss in nats and its slope in the logit: the closed forms of what loss/ computes through
/// autograd.
struct EntryLoss {
  LossMode mode = LossMode::kBceWithLogits;
  double label_smoothing = 0;
  double gamma = 0;                  ///< focal only
  std::optional<double> alpha = {};  ///< focal only

  struct Value {
    double loss;
    double slope;
  };
  /// Stays finite for every finite logit; NaN gives NaN.
  Value operator()(float logit, float target, double pos_weight) const;
};

}  // namespace bernoulli::kernels
