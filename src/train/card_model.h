#pragma once

#include <cstdint>
#include <vector>

#include "kernels/cuda/interface.h"
#include "text/token_view.h"
#include "train/fused_plan.h"
#include "train/logit_telemetry.h"

// A model and its data in the terms of kernels/cuda/interface.h.

namespace bernoulli {

/// Rows [begin, end) of `rows`, which must outlive it.
card::Tokens card_tokens(const TokenView& rows, int64_t begin, int64_t end);

std::vector<card::Layer> card_layers(const FusedPlan& fused);

/// Without what it would point to, and without what the optimizer's kind decides.
card::Model card_model(const RunConfig& config, const FusedPlan& fused, const DeadRange& dead);

}  // namespace bernoulli
