#include <fmt/format.h>

#include "config/field_builder.h"
#include "layers/shape_rules.h"

namespace bernoulli::layers {
namespace {

LayerPlan plan_gelu(const Json& args, const PlanContext& context) {
  return elementwise(context, fmt::format("return torch.gelu(x, approximate='{}')",
                                          args.at("approximate").get<std::string>()));
}

}  // namespace

LayerKind gelu() {
  return {{"gelu",
           "x times the normal distribution function of x",
           {config::word("approximate", "none: by erf; tanh: by tanh", {"none", "tanh"}).defaults("none")},
           "approximate",
           false},
          plan_gelu,
          true};
}

}  // namespace bernoulli::layers
