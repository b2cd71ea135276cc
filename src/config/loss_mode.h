#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/run_config.h"

namespace bernoulli {

/// "bce_with_logits", "sigmoid_bce" and so on, in the order of LossConfig::Mode.
const std::vector<std::string>& loss_mode_names();
std::string to_string(LossConfig::Mode mode);
/// Else on probabilities.
bool trains_on_logits(LossConfig::Mode mode);
/// The mode of that name; absent where there is none.
std::optional<LossConfig::Mode> loss_mode_called(std::string_view name);

}  // namespace bernoulli
