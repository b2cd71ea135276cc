#pragma once

#include <cmath>

#include "kernels/host_device.h"
#include "kernels/kernels.h"

namespace bernoulli::kernels {

/// A number of a parameter and what the rule keeps beside it.
struct Number {
  float w = 0;
  float s0 = 0;
  float s1 = 0;
};

/// One update of one number: updating.h's rule in one lane, the same bits where multiplications and additions
/// stay apart (-ffp-contract=off, -fmad=false; tests/kernels compares). Without gradient (has_gradient false)
/// the same rule at g = 0.
BERNOULLI_HOST_DEVICE inline void update_number(const UpdateRule& rule, const UpdateConstants& c,
                                                bool has_gradient, float g, Number& r) {
  const bool adaptive = rule.kind == RuleKind::kAdam || rule.kind == RuleKind::kAdamW;
  const bool decays = rule.weight_decay != 0;
  const bool any = has_gradient || (decays && rule.kind != RuleKind::kAdamW);
  if (decays && rule.kind != RuleKind::kAdamW) {
    const float decay = rule.weight_decay * r.w;
    g = has_gradient ? g + decay : decay;
  }
  if (adaptive) {
    if (decays && rule.kind == RuleKind::kAdamW) r.w = r.w * c.keep;
    r.s0 = rule.beta1 * r.s0;
    r.s1 = rule.beta2 * r.s1;
    if (any) {
      r.s0 = r.s0 + rule.gain1 * g;
      r.s1 = r.s1 + rule.gain2 * g * g;
    }
    r.w = r.w - c.lr * r.s0 / (sqrtf(r.s1) * c.root_scale + rule.eps);
  } else if (rule.kind == RuleKind::kMomentum) {
    r.s0 = c.momentum * r.s0;
    if (any) r.s0 = r.s0 + c.gain * g;
    const float ahead = rule.beta1 * r.s0;
    const float by = rule.nesterov ? (any ? g + ahead : ahead) : r.s0;
    r.w = r.w - c.lr * by;
  } else if (any && rule.kind == RuleKind::kAdagrad) {
    r.s0 = r.s0 + g * g;
    r.w = r.w - c.lr * g / (sqrtf(r.s0) + rule.eps);
  } else if (any) {
    r.w = r.w - c.lr * g;
  }
}

}  // namespace bernoulli::kernels
