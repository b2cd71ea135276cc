#include "layers/pool.h"

#include "config/field_builder.h"
#include "layers/shape_rules.h"

namespace bernoulli::layers {

config::FieldSchema padding_field(const std::string& default_value) {
  return config::word("padding", "include: padding positions count like tokens; exclude: real tokens only",
                      {"include", "exclude"})
      .defaults(default_value);
}

LayerPlan plan_pool(const Json& args, const PlanContext& context, const std::string& include,
                    const std::string& exclude) {
  require_layout(context, {Layout::kSequence});
  const Shape output{Layout::kVector, context.input.features, std::nullopt};
  if (args.at("padding") == "include") {
    if (!context.input.length)
      throw ShapeError{"padding: include depends on how far a text is padded: set text.sequence_length"};
    return {output, {}, include};
  }
  return {output,
          {},
          "positions = torch.arange(x.size(1), device=x.device)\n"
          "real = (positions.unsqueeze(0) < lengths.unsqueeze(1)).unsqueeze(2)\n" +
              exclude};
}

}  // namespace bernoulli::layers
