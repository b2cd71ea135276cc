#include "layers/model_plan.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/loss_mode.h"
#include "core/error.h"

namespace bernoulli::layers {
namespace {

const LayerKind& find_kind(const std::string& name) {
  for (const LayerKind& kind : layer_kinds()) {
    if (kind.schema.name == name) return kind;
  }
  throw InternalError(
      fmt::format("no kind of layer is called '{}'", name));  // config/ accepts registered kinds only
}

/// Faults of the layer list, gathered so that the user sees all of them.
class Faults {
 public:
  void add(const KindConfig& layer, size_t index, const std::string& message) {
    const std::string where = layer.where.empty() ? "" : layer.where + ": ";
    text_ += fmt::format("{}{}model.layers[{}] ({}): {}", text_.empty() ? "" : "\n", where, index, layer.kind,
                         message);
  }
  void throw_if_any() const {
    if (!text_.empty()) throw UsageError(text_);
  }

 private:
  std::string text_;
};

/// Takes a final sigmoid off where the loss works on probabilities: loss and exporter apply the one sigmoid.
bool take_final_sigmoid(std::vector<KindConfig>& layers, LossConfig::Mode loss, Faults& faults) {
  if (layers.back().kind != "sigmoid") return false;
  if (trains_on_logits(loss)) {
    faults.add(layers.back(), layers.size() - 1,
               "a sigmoid ends a model that is trained on logits, so it would be applied twice (remove it: "
               "the exported file applies the sigmoid; "
               "or train on probabilities with loss.mode: sigmoid_bce)");
  }
  layers.pop_back();
  return true;
}

void check_output(const std::vector<KindConfig>& layers, const ModelPlan& plan, Faults& faults) {
  const size_t last = layers.size() - 1;
  const Shape& output = plan.layers.back().plan.output;
  if (find_kind(layers[last].kind).activation) {
    faults.add(layers[last], last,
               "an activation ends the model, which must end in logits (put a linear layer after it)");
  } else if (output.layout != Layout::kVector || output.features != plan.num_outputs) {
    const std::string advice = output.layout == Layout::kVector
                                   ? fmt::format("end with linear: {}", plan.num_outputs)
                                   : "put a pool, such as mean_pool, before the last linear layer";
    faults.add(layers[last], last,
               fmt::format("the model ends in {}, expected [B, {}]: one logit a label ({})", describe(output),
                           plan.num_outputs, advice));
  }
}

int64_t count_trainable(const LayerPlan& plan) {
  int64_t total = 0;
  for (const ParameterSpec& parameter : plan.parameters)
    total += parameter.trainable ? num_numbers(parameter) : 0;
  return total;
}

}  // namespace

int64_t ModelPlan::num_parameters() const {
  int64_t total = 0;
  for (const NamedLayer& layer : layers) total += count_trainable(layer.plan);
  return total;
}

bool ModelPlan::reads_lengths() const {
  return std::any_of(layers.begin(), layers.end(), [](const NamedLayer& layer) {
    return !layer.plan.training_only && layer.plan.script.find("lengths") != std::string::npos;
  });
}

ModelPlan plan_model(const ModelConfig& model, const TextConfig& text, LossConfig::Mode loss, int64_t num_ids,
                     int64_t num_outputs) {
  if (model.layers.empty())
    throw UsageError("model.layers: is empty (expected at least an embedding and a linear layer)");
  Faults faults;
  std::vector<KindConfig> layers = model.layers;
  ModelPlan plan;
  plan.num_outputs = num_outputs;
  plan.explicit_sigmoid = take_final_sigmoid(layers, loss, faults);
  plan.ragged_input = !layers.empty() && layers.front().kind == "embedding_bag";

  Shape shape{plan.ragged_input ? Layout::kRaggedIds : Layout::kPaddedIds, 0,
              plan.ragged_input ? std::nullopt : text.sequence_length};
  for (size_t i = 0; i < layers.size(); ++i) {
    const KindConfig& config = layers[i];
    try {
      LayerPlan layer = find_kind(config.kind).plan(config.args, {shape, num_ids, model.initializer});
      plan.layers.push_back({fmt::format("{}_{}", config.kind, i), config.kind, config.args, shape, layer});
      shape = layer.output;
    } catch (const ShapeError& error) {
      faults.add(config, i, error.message);
      faults.throw_if_any();  // what follows a layer without an output cannot be judged
    }
  }
  if (layers.empty()) {
    faults.add(model.layers.front(), 0, "the model holds nothing but a sigmoid");
  } else {
    check_output(layers, plan, faults);
  }
  faults.throw_if_any();
  try {
    plan.naive_bayes = find_naive_bayes(plan.layers, num_outputs);
    plan.pretrained = find_pretrained(plan.layers.front(), text);
    if (plan.num_parameters() == 0)
      throw ShapeError{
          "no layer has anything to train (put a linear layer at the end, or leave trainable: false out)"};
  } catch (const ShapeError& error) {
    faults.add(layers.front(), 0, error.message);
    faults.throw_if_any();
  }
  return plan;
}

std::optional<size_t> max_pool_behind(const ModelPlan& plan, size_t first) {
  size_t next = first + 1;
  while (next < plan.layers.size() && plan.layers[next].plan.monotone) ++next;
  const bool is_pool = next < plan.layers.size() && plan.layers[next].plan.rest_of_pool;
  return is_pool ? std::optional(next) : std::nullopt;
}

std::string summary(const ModelPlan& plan) {
  std::string table = fmt::format("{:<22} {:<18} {:>12}\n", "layer", "output", "parameters");
  for (const NamedLayer& layer : plan.layers) {
    table += fmt::format("{:<22} {:<18} {:>12}\n", layer.name, describe(layer.plan.output),
                         count_trainable(layer.plan));
  }
  table +=
      fmt::format("{:<22} {:<18} {:>12}", "total",
                  plan.explicit_sigmoid ? "logits (sigmoid in the loss)" : "logits", plan.num_parameters());
  return table;
}

}  // namespace bernoulli::layers
