#include <cmath>
#include <string>

#include <fmt/format.h>

#include "config/field_builder.h"
#include "layers/shape_rules.h"

namespace bernoulli::layers {
namespace {

/// torch.dropout draws 64 bits a number from a serial generator, which takes longer than a convolution. Here
/// 64 bits are four draws: a number goes with probability k / 2^16, k the nearest to the rate, and the others
/// are divided by that of staying.
std::string fast_script(double rate) {
  constexpr int kDraws = 1 << 16;
  const int dropped = static_cast<int>(std::lround(rate * kDraws));
  if (dropped == 0 || dropped >= kDraws) return "";  // a rate that 16 bits do not know: as torch does it
  return fmt::format(
      "bits = torch.empty([(x.numel() + 3) // 4], dtype=4).random_(-9223372036854775807 - 1, "
      "None)\n"
      "stays = torch.view_copy(bits, dtype=2)[:x.numel()].view(x.size()) >= {}\n"
      "return x * (stays.to(x.dtype) * {})",
      dropped - kDraws / 2, literal(double{kDraws} / (kDraws - dropped)));
}

LayerPlan plan_dropout(const Json& args, const PlanContext& context) {
  LayerPlan layer = elementwise(
      context, fmt::format("return torch.dropout(x, {}, self.training)", literal(args.at("rate"))), nullptr);
  layer.training_only = true;
  layer.training_script = fast_script(args.at("rate"));
  return layer;
}

}  // namespace

LayerKind dropout() {
  return {{"dropout",
           "in training, sets each number to 0 with probability rate and divides the others by 1 - rate",
           {config::number("rate", "probability of a 0").at_least(0).below(1)},
           "rate",
           false},
          plan_dropout,
          false};
}

}  // namespace bernoulli::layers
