#include <fmt/format.h>

#include "config/field_builder.h"
#include "layers/shape_rules.h"

namespace bernoulli::layers {
namespace {

LayerPlan plan_layer_norm(const Json& args, const PlanContext& context) {
  require_layout(context, {Layout::kSequence, Layout::kVector});
  const int64_t features = context.input.features;
  if (features == 1)
    throw ShapeError{
        "gives one number whatever the text is, as the mean of a single feature is the feature itself "
        "(expected 2 features or more; "
        "leave it out)"};
  const auto eps = args.at("eps").get<float>();
  return {context.input,
          {{"weight", {features}, {Initializer::Kind::kOnes, 0, 0}, true}, {"bias", {features}, {}, true}},
          fmt::format("return torch.layer_norm(x, [{}], self.weight, self.bias, {})", features,
                      literal(args.at("eps"))),
          [eps](OnnxGraph& graph, const std::string& x) {
            return graph.add("LayerNormalization", {x, graph.parameter("weight"), graph.parameter("bias")},
                             {{"axis", int64_t{-1}}, {"epsilon", eps}});
          }};
}

}  // namespace

LayerKind layer_norm() {
  return {{"layer_norm",
           "each row to mean 0 and variance 1 over its features, then a learned scale and shift "
           "(torch.nn.LayerNorm)",
           {config::number("eps", "added to the variance").above(0).float32().defaults(1e-5)},
           "eps",
           false},
          plan_layer_norm};
}

}  // namespace bernoulli::layers
