#include "config/loss_mode.h"

#include <algorithm>

namespace bernoulli {

const std::vector<std::string>& loss_mode_names() {
  static const std::vector<std::string> names{"bce_with_logits", "sigmoid_bce", "sigmoid_bce_clipped",
                                              "focal_with_logits"};
  return names;
}

std::string to_string(LossConfig::Mode mode) { return loss_mode_names().at(static_cast<size_t>(mode)); }

bool trains_on_logits(LossConfig::Mode mode) {
  return mode == LossConfig::Mode::kBceWithLogits || mode == LossConfig::Mode::kFocalWithLogits;
}

std::optional<LossConfig::Mode> loss_mode_called(std::string_view name) {
  const std::vector<std::string>& names = loss_mode_names();
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<LossConfig::Mode>(found - names.begin());
}

}  // namespace bernoulli
