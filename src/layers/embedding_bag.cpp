#include <fmt/format.h>

#include "layers/embedding.h"
#include "layers/initializer_kinds.h"
#include "layers/pool.h"
#include "layers/shape_rules.h"

namespace bernoulli::layers {
namespace {

LayerPlan plan_embedding_bag(const Json& args, const PlanContext& context) {
  require_layout(context, {Layout::kRaggedIds});
  const std::string mode = args.at("mode");
  LayerPlan layer;
  layer.output = {Layout::kVector, args.at("dim"), std::nullopt};
  layer.parameters = {embedding_table(args, context)};
  // A row without tokens gives zeros in every mode.
  layer.script = fmt::format(
      "offsets = torch.cumsum(lengths, 0) - lengths\n"
      "pooled, a, b, c = torch.embedding_bag(self.weight, x, offsets, False, {}, False, None, False)\n"
      "return pooled",
      mode == "sum"    ? 0
      : mode == "mean" ? 1
                       : 2);
  layer.onnx = [mode](OnnxGraph& graph, const std::string& ids) {
    const std::string rows = onnx_embedding(graph, ids);
    return mode == "sum"    ? onnx_sum_of_real(graph, rows)
           : mode == "mean" ? onnx_mean_of_real(graph, rows)
                            : onnx_max_of_real(graph, rows);
  };
  return layer;
}

}  // namespace

LayerKind embedding_bag() {
  return {
      {"embedding_bag",
       "embedding and pooling over the real tokens in one, without padding; zeros for an empty text",
       {config::integer("dim", "numbers a token").at_least(1).at_most(65536),
        config::word("mode", "how the tokens of a text are pooled", {"mean", "sum", "max"}).defaults("mean"),
        table_initializer_field("initializer", "keras: uniform in +-0.05; torch: normal(0, 1)"),
        trainable_field()},
       "dim",
       false},
      plan_embedding_bag};
}

}  // namespace bernoulli::layers
