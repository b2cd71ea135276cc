#include <fmt/format.h>

#include "config/field_builder.h"
#include "layers/shape_rules.h"

namespace bernoulli::layers {
namespace {

LayerPlan plan_word_dropout(const Json& args, const PlanContext& context) {
  require_layout(context, {Layout::kSequence});
  return {context.input,
          {},
          fmt::format(
              "if not self.training:\n"
              "    return x\n"
              "positions = torch.arange(x.size(1), device=x.device)\n"
              "real = positions.unsqueeze(0) < lengths.unsqueeze(1)\n"
              "kept = torch.logical_and(real, torch.rand([x.size(0), x.size(1)], device=x.device) >= {})\n"
              "factor = real.sum(1, keepdim=True) / kept.sum(1, keepdim=True).clamp(1)\n"
              "factor = torch.where(real, kept * factor, torch.ones_like(factor))\n"
              "return x * factor.unsqueeze(2).to(x.dtype)",
              literal(args.at("rate"))),
          nullptr,
          true};
}

}  // namespace

LayerKind word_dropout() {
  return {{"word_dropout",
           "in training, takes each token out of its text with probability rate: its vector becomes 0, and "
           "those of the tokens that stay are multiplied by tokens / tokens that stay, so that a mean is "
           "theirs alone (Iyyer et al. 2015); padding stays as it is",
           {config::number("rate", "probability that a token is taken out").at_least(0).below(1)},
           "rate",
           false},
          plan_word_dropout,
          Values::kPassedOn};
}

}  // namespace bernoulli::layers
