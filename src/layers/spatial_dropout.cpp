#include <fmt/format.h>

#include "config/field_builder.h"
#include "layers/shape_rules.h"

namespace bernoulli::layers {
namespace {

LayerPlan plan_spatial_dropout(const Json& args, const PlanContext& context) {
  require_layout(context, {Layout::kSequence});
  return {context.input,
          {},
          fmt::format("return torch.feature_dropout(x.transpose(1, 2), {}, self.training).transpose(1, 2)",
                      literal(args.at("rate"))),
          nullptr,
          true};
}

}  // namespace

LayerKind spatial_dropout() {
  return {{"spatial_dropout",
           "dropout of whole features: the same feature of every token of a text together",
           {config::number("rate", "probability of a 0").at_least(0).below(1)},
           "rate",
           false},
          plan_spatial_dropout,
          Values::kPassedOn};
}

}  // namespace bernoulli::layers
