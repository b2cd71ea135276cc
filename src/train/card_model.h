#pragma once

#include <cstdint>
#include <vector>

#include "kernels/cuda/interface.h"
#include "text/token_view.h"
#include "train/fused_plan.h"
#include "train/logit_telemetry.h"

// A model and its data in the terms of kernels/cuda/interface.h.

namespace bernoulli {

/// Ids of some rows as the card takes them, in as few bits as ids below `num_ids` need.
class PlainTokens {
 public:
  /// Rows [begin, end).
  PlainTokens(const TokenView& rows, int64_t begin, int64_t end, int64_t num_ids);
  /// Lives as long as this.
  card::Tokens view() const;

 private:
  bool is_narrow_;
  std::vector<uint16_t> narrow_;
  std::vector<int32_t> wide_;
  std::vector<int64_t> offsets_ = {0};
};

std::vector<card::Layer> card_layers(const FusedPlan& fused);

/// Without what it would point to, and without what the optimizer's kind decides.
card::Model card_model(const RunConfig& config, const FusedPlan& fused, const DeadRange& dead);

}  // namespace bernoulli
