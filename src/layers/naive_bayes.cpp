#include "layers/naive_bayes.h"

#include <memory>
#include <utility>

#include <fmt/format.h>

#include "layers/initializer_kinds.h"
#include "layers/model_plan.h"
#include "layers/pooled_table.h"

namespace bernoulli::layers {
namespace {

/// Behind the layer that pools by mean or sum; throws ShapeError where none does.
size_t behind_pool(const std::vector<NamedLayer>& layers) {
  const PooledTable table = pooled_table(layers);
  if (table.obstacle == nullptr) return table.num_layers;
  if (table.obstacle->kind == "embedding_bag")
    throw ShapeError{"naive_bayes needs mode: mean or sum, got max"};
  throw ShapeError{fmt::format("naive_bayes needs mean_pool or sum_pool behind the table, got {} ({})",
                               table.obstacle->kind, table.obstacle->name)};
}

std::shared_ptr<const GivenNumbers> give(int64_t columns, std::vector<float> values) {
  return std::make_shared<const GivenNumbers>(GivenNumbers{columns, {}, std::move(values)});
}

}  // namespace

std::optional<NaiveBayesStart> find_naive_bayes(const std::vector<NamedLayer>& layers, int64_t num_outputs) {
  const NamedLayer& table = layers.front();
  const Json* const args = named_initializer(table, "naive_bayes");
  if (args == nullptr) return std::nullopt;
  NaiveBayesStart start{args->at("alpha"), args->at("scale"), std::nullopt};
  const int64_t dim = table.args.at("dim");
  if (dim < num_outputs)
    throw ShapeError{fmt::format("naive_bayes needs a column a label: dim is {}, the task has {} labels", dim,
                                 num_outputs)};
  for (size_t i = behind_pool(layers); i < layers.size(); ++i) {
    if (layers[i].plan.training_only) continue;
    if (layers[i].kind != "linear" || start.linear)
      throw ShapeError{fmt::format(
          "naive_bayes is defined for one linear layer behind the pool, or none, and {} is one more layer "
          "(take it out, or start the table otherwise)",
          layers[i].name)};
    if (!layers[i].args.at("initializer").is_null())
      throw ShapeError{fmt::format(
          "naive_bayes decides how {} starts, which names an initializer of its own (leave one of them out)",
          layers[i].name)};
    start.linear = i;
  }
  return start;
}

void start_as_naive_bayes(ModelPlan& plan, const std::vector<float>& ratios,
                          const std::vector<float>& log_odds) {
  const NaiveBayesStart& start = plan.naive_bayes.value();
  const int64_t labels = plan.num_outputs;
  std::vector<float> scaled(ratios.size());
  for (size_t i = 0; i < ratios.size(); ++i) scaled[i] = static_cast<float>(start.scale * double{ratios[i]});
  plan.layers.front().plan.parameters.front().given = give(labels, std::move(scaled));
  if (!start.linear) return;
  NamedLayer& linear = plan.layers[*start.linear];
  const int64_t features = linear.input.features;
  std::vector<float> weight(static_cast<size_t>(labels * features));
  for (int64_t label = 0; label < labels; ++label) weight[static_cast<size_t>(label * features + label)] = 1;
  linear.plan.parameters[0].given = give(features, std::move(weight));
  if (linear.args.at("bias") == true && linear.args.at("bias_initializer").is_null())
    linear.plan.parameters[1].given = give(labels, log_odds);
}

}  // namespace bernoulli::layers
