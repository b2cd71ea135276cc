#include <string>
#include <vector>

#include <fmt/format.h>

#include "config/field_builder.h"
#include "layers/layer_kind.h"

namespace bernoulli::layers {
namespace {

constexpr int64_t kMostFeatures = 1 << 20;  ///< as many as the widest linear layer gives

void require_agreement(const std::vector<Shape>& branches, bool sum) {
  const Shape& first = branches.front();
  for (size_t i = 1; i < branches.size(); ++i) {
    const bool same_layout = branches[i].layout == first.layout;
    if (same_layout && (!sum || branches[i].features == first.features)) continue;
    throw ShapeError{fmt::format("branch 0 gives {} and branch {} gives {} ({})", describe(first), i,
                                 describe(branches[i]),
                                 same_layout ? "join: sum adds outputs of equally many features"
                                             : "expected a pool in all branches or in none")};
  }
}

std::string sum_script(size_t num_branches) {
  std::string script = "return x[0]";
  for (size_t i = 1; i < num_branches; ++i) script += fmt::format(" + x[{}]", i);
  return script;
}

std::string onnx_join_features(OnnxGraph& graph, const std::vector<std::string>& branches) {
  return graph.add("Concat", branches, {{"axis", int64_t{-1}}});
}

std::string onnx_join_sum(OnnxGraph& graph, const std::vector<std::string>& branches) {
  std::string total = branches.front();
  for (size_t i = 1; i < branches.size(); ++i) total = graph.add("Add", {total, branches[i]});
  return total;
}

LayerPlan plan_parallel(const Json& args, const PlanContext& context) {
  const bool sum = args.at("join") == "sum";
  require_agreement(context.branches, sum);
  LayerPlan layer;
  layer.output = context.branches.front();
  layer.script = sum ? sum_script(context.branches.size()) : "return torch.cat(x, -1)";
  layer.onnx_join = sum ? onnx_join_sum : onnx_join_features;
  for (size_t i = 1; i < context.branches.size() && !sum; ++i) {
    layer.output.features += context.branches[i].features;
    if (layer.output.features > kMostFeatures)
      throw ShapeError{fmt::format("the branches give more than {} features together", kMostFeatures)};
  }
  return layer;
}

}  // namespace

LayerKind parallel() {
  const config::Field branch = config::kind_list("", "", unfilled_layer_schemas()).size(0, 256);
  return {
      {"parallel",
       "lists of layers that all read the input of this one, and whose outputs are joined: all of them "
       "vectors, or all of them sequences",
       {config::list("branches", "each is a list as model.layers is; an empty one gives its input", branch)
            .size(2, 64),
        config::word("join",
                     "concat: the features of the branches one behind the other; sum: number by number, of "
                     "equally many features (beside an empty branch, a residual connection)",
                     {"concat", "sum"})
            .defaults("concat")},
       "branches",
       false},
      plan_parallel};
}

}  // namespace bernoulli::layers
