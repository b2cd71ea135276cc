#include <fmt/format.h>

#include "config/field_builder.h"
#include "layers/shape_rules.h"

namespace bernoulli::layers {
namespace {

LayerPlan plan_batch_norm(const Json& args, const PlanContext& context) {
  require_layout(context, {Layout::kVector});  // over a padded sequence the statistics would count padding
  const int64_t features = context.input.features;
  const auto eps = args.at("eps").get<float>();
  const Initializer ones{Initializer::Kind::kOnes, 0, 0};
  return {
      context.input,
      {{"weight", {features}, ones, true},
       {"bias", {features}, {}, true},
       {"running_mean", {features}, {}, false},
       {"running_var", {features}, ones, false}},
      // With one row there is no variance: PyTorch refuses, Keras normalises to 0. Here such a batch uses the
      // running statistics.
      fmt::format("return torch.batch_norm(x, self.weight, self.bias, self.running_mean, self.running_var, "
                  "self.training and x.size(0) > 1, {}, {}, False)",
                  literal(args.at("momentum")), literal(args.at("eps"))),
      [eps](OnnxGraph& graph, const std::string& x) {
        return graph.add("BatchNormalization",
                         {x, graph.parameter("weight"), graph.parameter("bias"),
                          graph.parameter("running_mean"), graph.parameter("running_var")},
                         {{"epsilon", eps}});
      }};
}

}  // namespace

LayerKind batch_norm() {
  return {{"batch_norm",
           "each feature to mean 0 and variance 1 over the batch, by running statistics in evaluation; a "
           "batch of one text uses those too "
           "(torch.nn.BatchNorm1d)",
           {config::number("momentum", "share of the new batch in the running statistics")
                .above(0)
                .at_most(1)
                .defaults(0.1),
            config::number("eps", "added to the variance").above(0).float32().defaults(1e-5)},
           "",
           false},
          plan_batch_norm};
}

}  // namespace bernoulli::layers
