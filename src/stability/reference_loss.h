#pragma once

#include "config/run_config.h"

namespace bernoulli::stability {

/// The loss of one entry as mathematics has it, in long double, whatever mode computes it.
struct ReferenceLoss {
  long double loss = 0;      ///< nats
  long double gradient = 0;  ///< d loss / d logit
  /// The two opposed pulls of the gradient added up without their signs: |gradient| where the target is 0
  /// or 1. A soft target's gradient passes through 0, where an error relative to itself means nothing;
  /// relative to this it does.
  long double gradient_scale = 0;
};

/// The cross entropy of (logit, target) with base.label_smoothing; base.gamma and base.alpha in focal mode.
/// No logarithm is clamped and no probability clipped: those are the modes' errors. pos_weight is not
/// applied. Accurate to a few ulps of long double for every finite logit: softplus on the side where nothing
/// cancels.
ReferenceLoss reference_loss(const LossConfig& base, LossConfig::Mode mode, long double logit,
                             long double target);

}  // namespace bernoulli::stability
