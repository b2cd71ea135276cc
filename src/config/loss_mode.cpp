#include "config/loss_mode.h"

#include <array>
#include <utility>

#include "core/error.h"

namespace bernoulli {
namespace {

using Mode = LossConfig::Mode;

constexpr std::array<std::pair<Mode, std::string_view>, 4> kLossModes = {
    {{Mode::kBceWithLogits, "bce_with_logits"},
     {Mode::kSigmoidBce, "sigmoid_bce"},
     {Mode::kSigmoidBceClipped, "sigmoid_bce_clipped"},
     {Mode::kFocalWithLogits, "focal_with_logits"}}};

}  // namespace

std::string to_string(LossConfig::Mode mode) {
  for (const auto& [known, name] : kLossModes) {
    if (known == mode) return std::string(name);
  }
  throw InternalError("unknown loss mode");
}

bool trains_on_logits(LossConfig::Mode mode) {
  return mode == Mode::kBceWithLogits || mode == Mode::kFocalWithLogits;
}

std::optional<LossConfig::Mode> loss_mode_called(std::string_view name) {
  for (const auto& [mode, known] : kLossModes) {
    if (known == name) return mode;
  }
  return std::nullopt;
}

}  // namespace bernoulli
