#include "layers/label_prior.h"

#include <algorithm>
#include <memory>

#include "layers/initializer_kinds.h"
#include "layers/model_plan.h"

namespace bernoulli::layers {
namespace {

bool asks_for_prior(const NamedLayer& layer) {
  return named_initializer(layer, "prior", "bias_initializer") != nullptr;
}

bool branches_ask(const NamedLayer& layer) {
  return std::ranges::any_of(layer.branches, [](const std::vector<NamedLayer>& branch) {
    return std::ranges::any_of(
        branch, [](const NamedLayer& inner) { return asks_for_prior(inner) || branches_ask(inner); });
  });
}

}  // namespace

bool starts_from_prior(const std::vector<NamedLayer>& layers, size_t index) {
  const bool asks = asks_for_prior(layers[index]);
  const bool is_last = std::all_of(layers.begin() + static_cast<ptrdiff_t>(index) + 1, layers.end(),
                                   [](const NamedLayer& later) { return later.plan.training_only; });
  if (branches_ask(layers[index]) || (asks && !is_last))
    throw ShapeError{
        "bias_initializer prior is of the linear layer that gives the logits, the last of model.layers but "
        "for dropout (leave it out elsewhere)"};
  return asks;
}

void start_from_prior(ModelPlan& plan, const std::vector<float>& log_odds) {
  plan.layers[plan.prior.value()].plan.parameters[1].given =
      std::make_shared<const GivenNumbers>(GivenNumbers{plan.num_outputs, {}, log_odds});
}

}  // namespace bernoulli::layers
