#include <limits>

#include <fmt/format.h>

#include "config/field_builder.h"
#include "layers/initializer_kinds.h"
#include "layers/pool.h"
#include "layers/shape_rules.h"

namespace bernoulli::layers {
namespace {

std::string attention_pool_onnx(OnnxGraph& graph, const std::string& x) {
  const auto turned = [&](const std::string& name) {
    return graph.add("Transpose", {graph.parameter(name)}, {{"perm", std::vector<int64_t>{1, 0}}});
  };
  const std::string hidden = graph.add(
      "Tanh", {graph.add("Add", {graph.add("MatMul", {x, turned("weight")}), graph.parameter("bias")})});
  const std::string score = graph.add("MatMul", {hidden, turned("query")});  // [N, T, 1]
  const std::string share = graph.add(
      "Softmax", {onnx_real_or(graph, score, std::numeric_limits<float>::lowest())}, {{"axis", int64_t{1}}});
  return graph.over_positions("ReduceSum", graph.add("Mul", {x, onnx_real_or(graph, share, 0)}));
}

LayerPlan plan_attention_pool(const Json& args, const PlanContext& context) {
  require_layout(context, {Layout::kSequence});
  const int64_t in = context.input.features, units = args.at("units");
  return {{Layout::kVector, in, std::nullopt},
          {{"weight", {units, in}, weight_start(args, context, in, units)},
           {"bias", {units}, context.initializer == "keras" ? Initializer{} : torch_linear(in)},
           {"query", {1, units}, weight_start(args, context, units, 1)}},
          // A text without tokens has no share to give: its vector is 0.
          kRealScript +
              fmt::format(
                  "score = torch.linear(torch.tanh(torch.linear(x, self.weight, self.bias)), self.query)\n"
                  "share = torch.softmax(score.masked_fill(real.logical_not(), {}), 1) * real\n"
                  "return torch.bmm(share.transpose(1, 2).to(x.dtype), x).squeeze(1)",
                  kLowestScript),
          attention_pool_onnx};
}

}  // namespace

LayerKind attention_pool() {
  return {
      {"attention_pool",
       "mean over the real tokens of a text, each weighted by softmax(query . tanh(weight x + bias)), which "
       "is learned (Yang et al. 2016); 0 for an empty text",
       {config::integer("units", "numbers by which a token is judged").at_least(1).at_most(65536),
        initializer_field("initializer", "of weight and query; keras: glorot_uniform; torch: torch_linear")},
       "units",
       false},
      plan_attention_pool,
      Values::kPassedOn};
}

}  // namespace bernoulli::layers
