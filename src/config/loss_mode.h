#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/run_config.h"

namespace bernoulli {

/// "bce_with_logits", "sigmoid_bce", "sigmoid_bce_clipped", "focal_with_logits".
std::string to_string(LossConfig::Mode mode);
/// Else on probabilities.
bool trains_on_logits(LossConfig::Mode mode);
/// The mode of that name; absent where there is none.
std::optional<LossConfig::Mode> loss_mode_called(std::string_view name);

}  // namespace bernoulli
