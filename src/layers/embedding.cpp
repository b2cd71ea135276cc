#include "layers/embedding.h"

#include "layers/initializer_kinds.h"
#include "layers/shape_rules.h"

namespace bernoulli::layers {
namespace {

LayerPlan plan_embedding(const Json& args, const PlanContext& context) {
  require_layout(context, {Layout::kPaddedIds});
  LayerPlan layer;
  layer.output = {Layout::kSequence, args.at("dim"), context.input.length};
  layer.parameters = {embedding_table(args, context)};
  layer.script = "return torch.embedding(self.weight, x)";
  layer.onnx = onnx_embedding;
  return layer;
}

}  // namespace

std::string onnx_embedding(OnnxGraph& graph, const std::string& ids) {
  return graph.add("Gather", {graph.parameter("weight"), ids});
}

ParameterSpec embedding_table(const Json& args, const PlanContext& context) {
  const int64_t dim = args.at("dim");
  const Initializer keras{Initializer::Kind::kUniform, -0.05, 0.05};
  const Initializer torch{Initializer::Kind::kNormal, 0, 1};
  return {"weight",
          {context.num_ids, dim},
          resolve_initializer(args.at("initializer"), context.num_ids, dim,
                              context.initializer == "keras" ? keras : torch),
          args.at("trainable")};
}

config::FieldSchema trainable_field() {
  return config::boolean("trainable",
                         "false: the table stays as it starts, which the initializer should then decide")
      .defaults(true);
}

LayerKind embedding() {
  return {{"embedding",
           "a vector for each token id",
           {config::integer("dim", "numbers a token").at_least(1).at_most(65536),
            table_initializer_field("initializer", "keras: uniform in +-0.05; torch: normal(0, 1)"),
            trainable_field()},
           "dim",
           false},
          plan_embedding};
}

}  // namespace bernoulli::layers
