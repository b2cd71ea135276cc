#include <optional>
#include <string>

#include <fmt/format.h>

#include "config/field_builder.h"
#include "layers/dropout_bits.h"
#include "layers/shape_rules.h"

namespace bernoulli::layers {
namespace {

/// torch.dropout draws from a serial generator, which takes longer than a convolution.
std::string training_script(double rate) {
  const std::optional<uint32_t> keep = dropout_keep_of_65536(rate);
  return keep ? fmt::format("return bernoulli.dropout(x, {})", *keep) : "";
}

LayerPlan plan_dropout(const Json& args, const PlanContext& context) {
  LayerPlan layer = elementwise(
      context, fmt::format("return torch.dropout(x, {}, self.training)", literal(args.at("rate"))), nullptr);
  layer.training_only = true;
  layer.training_script = training_script(args.at("rate"));
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
          Values::kPassedOn};
}

}  // namespace bernoulli::layers
