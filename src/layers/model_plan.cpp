#include "layers/model_plan.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "config/key_path.h"
#include "config/loss_mode.h"
#include "core/error.h"
#include "layers/shape_rules.h"

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
  /// @param path  of the layer, such as "model.layers[2]"
  void add(const KindConfig& layer, const std::string& path, const std::string& message) {
    faults_.push_back({layer.where, fmt::format("{}.{}", path, layer.kind), message});
  }
  void throw_if_any() const {
    if (!faults_.empty()) throw ModelError(faults_);
  }

 private:
  std::vector<LayerFault> faults_;
};

std::vector<std::string> lines_of(const std::vector<LayerFault>& faults) {
  std::vector<std::string> lines;
  for (const LayerFault& fault : faults)
    lines.push_back(
        fmt::format("{}{}{}: {}", fault.where, fault.where.empty() ? "" : ": ", fault.path, fault.message));
  return lines;
}

constexpr const char* kLayersKey = "model.layers";

using config::item_path;

/// Plans lists of layers, those of branches among them, and gathers what is wrong with them.
class Planner {
 public:
  Planner(const ModelConfig& model, int64_t num_ids, Faults& faults)
      : initializer_(model.initializer), num_ids_(num_ids), faults_(faults) {}

  /// @param path   key of the list.
  /// @param place  what stands between a layer's kind and its index: "_", or "_1_0_" in branch 0 of layer 1.
  /// @return as many layers as could be planned: what follows one without an output cannot be judged
  std::vector<NamedLayer> plan(const std::vector<KindConfig>& list, Shape shape, const std::string& path,
                               const std::string& place) {
    std::vector<NamedLayer> layers;
    for (size_t i = 0; i < list.size(); ++i) {
      const std::string own_path = item_path(path, i), name = list[i].kind + place + std::to_string(i);
      NamedLayer layer{name, list[i].kind, list[i].args, shape, {}};
      try {
        PlanContext context{shape, num_ids_, initializer_};
        if (!plan_branches(list[i], own_path, fmt::format("{}{}_", place, i), context, layer)) break;
        layer.plan = find_kind(list[i].kind).plan(list[i].args, context);
      } catch (const ShapeError& error) {
        faults_.add(list[i], own_path, error.message);
        break;
      }
      shape = layer.plan.output;
      layers.push_back(std::move(layer));
    }
    return layers;
  }

 private:
  /// @return whether all of them have an output
  bool plan_branches(const KindConfig& config, const std::string& path, const std::string& place,
                     PlanContext& context, NamedLayer& layer) {
    if (config.branches.empty()) return true;
    require_layout(context, {Layout::kSequence, Layout::kVector});
    bool whole = true;
    for (size_t i = 0; i < config.branches.size(); ++i) {
      const std::vector<KindConfig>& branch = config.branches[i];
      const std::vector<NamedLayer>& planned = layer.branches.emplace_back(
          plan(branch, context.input, fmt::format("{}.{}.branches[{}]", path, config.kind, i),
               fmt::format("{}{}_", place, i)));
      whole = whole && planned.size() == branch.size();
      context.branches.push_back(planned.empty() ? context.input : planned.back().plan.output);
    }
    return whole;
  }

  std::string initializer_;
  int64_t num_ids_;
  Faults& faults_;
};

/// Takes a final sigmoid off where the loss works on probabilities: loss and exporter apply the one sigmoid.
bool take_final_sigmoid(std::vector<KindConfig>& layers, LossConfig::Mode loss, Faults& faults) {
  if (layers.back().kind != "sigmoid") return false;
  if (trains_on_logits(loss)) {
    faults.add(layers.back(), item_path(kLayersKey, layers.size() - 1),
               "a sigmoid ends a model that is trained on logits, so it would be applied twice (remove it: "
               "the exported file applies the sigmoid; "
               "or train on probabilities with loss.mode: sigmoid_bce)");
  }
  layers.pop_back();
  return true;
}

bool reads_ragged(const std::vector<KindConfig>& layers) {
  return !layers.empty() && layers.front().kind == "embedding_bag";
}

/// What the first layer reads.
Shape ids_of(const std::vector<KindConfig>& layers, const TextConfig& text) {
  if (reads_ragged(layers)) return {Layout::kRaggedIds, 0, std::nullopt};
  return {Layout::kPaddedIds, 0, text.sequence_length};
}

Values last_values(const std::vector<KindConfig>& layers, size_t& last);

/// What a layer does to its input, those of its branches taken together: of a sum the freest branch decides,
/// side by side the most bound one.
Values values_of(const KindConfig& layer) {
  if (layer.branches.empty()) return find_kind(layer.kind).values;
  std::vector<Values> each;
  for (const std::vector<KindConfig>& branch : layer.branches) {
    size_t ignored = 0;
    each.push_back(last_values(branch, ignored));
  }
  const auto some = [&](Values values) { return std::ranges::find(each, values) != each.end(); };
  const bool adds = layer.args.at("join") == "sum";
  const Values first = adds ? Values::kNew : Values::kActivated,
               last = adds ? Values::kActivated : Values::kNew;
  return some(first) ? first : some(Values::kPassedOn) ? Values::kPassedOn : last;
}

/// Of the last layer that does not only pass values on, whose index is `last`.
Values last_values(const std::vector<KindConfig>& layers, size_t& last) {
  for (last = layers.size(); last-- > 0;) {
    const Values values = values_of(layers[last]);
    if (values != Values::kPassedOn) return values;
  }
  return Values::kPassedOn;
}

void check_output(const std::vector<KindConfig>& layers, const ModelPlan& plan, Faults& faults) {
  const std::string path = item_path(kLayersKey, layers.size() - 1);
  const Shape& output = plan.layers.back().plan.output;
  size_t last = 0;
  if (last_values(layers, last) == Values::kActivated) {
    faults.add(layers[last], item_path(kLayersKey, last),
               fmt::format("an activation ends the model, which must end in logits{} (put a linear layer "
                           "after it)",
                           last + 1 < layers.size() ? ": the layers behind it only pass its values on" : ""));
  } else if (output.layout != Layout::kVector || output.features != plan.num_outputs) {
    const std::string advice = output.layout == Layout::kVector
                                   ? fmt::format("end with linear: {}", plan.num_outputs)
                                   : "put a pool, such as mean_pool, before the last linear layer";
    faults.add(layers.back(), path,
               fmt::format("the model ends in {}, expected [B, {}]: one logit a label ({})", describe(output),
                           plan.num_outputs, advice));
  }
}

/// The layer whose bias starts from the labels; adds the fault of any other that is to.
std::optional<size_t> find_label_prior(const std::vector<KindConfig>& layers, const ModelPlan& plan,
                                       Faults& faults) {
  std::optional<size_t> found;
  for (size_t i = 0; i < plan.layers.size(); ++i) {
    try {
      if (starts_from_prior(plan.layers, i)) found = i;
    } catch (const ShapeError& error) {
      faults.add(layers[i], item_path(kLayersKey, i), error.message);
    }
  }
  return found;
}

int64_t count_trainable(const LayerPlan& plan) {
  int64_t total = 0;
  for (const ParameterSpec& parameter : plan.parameters)
    total += parameter.trainable ? num_numbers(parameter) : 0;
  return total;
}

template <typename List, typename Layer>
void add_layers(List& list, std::vector<Layer*>& all) {
  for (auto& layer : list) {
    for (auto& branch : layer.branches) add_layers(branch, all);
    all.push_back(&layer);
  }
}

/// Of a list and of the branches in it, which are indented.
void add_rows(const std::vector<NamedLayer>& list, size_t indent, std::string& table) {
  for (const NamedLayer& layer : list) {
    for (const std::vector<NamedLayer>& branch : layer.branches) add_rows(branch, indent + 2, table);
    table += fmt::format("{:<22} {:<18} {:>12}\n", std::string(indent, ' ') + layer.name,
                         describe(layer.plan.output), count_trainable(layer.plan));
  }
}

}  // namespace

ModelError::ModelError(std::vector<LayerFault> faults)
    : ConfigError(lines_of(faults), faults.size()), faults_(std::move(faults)) {}

std::vector<const NamedLayer*> ModelPlan::all_layers() const {
  std::vector<const NamedLayer*> all;
  add_layers(layers, all);
  return all;
}

std::vector<NamedLayer*> ModelPlan::all_layers() {
  std::vector<NamedLayer*> all;
  add_layers(layers, all);
  return all;
}

int64_t ModelPlan::num_parameters() const {
  int64_t total = 0;
  for (const NamedLayer* layer : all_layers()) total += count_trainable(layer->plan);
  return total;
}

bool ModelPlan::has(std::string_view kind) const {
  return std::ranges::any_of(all_layers(), [&](const NamedLayer* layer) { return layer->kind == kind; });
}

bool ModelPlan::reads_lengths() const {
  return std::ranges::any_of(all_layers(), [](const NamedLayer* layer) {
    return !layer->plan.training_only && layer->plan.script.find("lengths") != std::string::npos;
  });
}

std::optional<int64_t> output_features(const ModelConfig& model, const TextConfig& text, int64_t num_ids) {
  Faults ignored;
  const std::vector<NamedLayer> layers =
      Planner(model, num_ids, ignored).plan(model.layers, ids_of(model.layers, text), kLayersKey, "_");
  if (layers.empty() || layers.size() < model.layers.size()) return std::nullopt;
  const Shape& output = layers.back().plan.output;
  return output.layout == Layout::kVector ? std::optional(output.features) : std::nullopt;
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
  plan.ragged_input = reads_ragged(layers);
  plan.layers = Planner(model, num_ids, faults).plan(layers, ids_of(layers, text), kLayersKey, "_");
  if (plan.layers.size() < layers.size()) faults.throw_if_any();
  if (layers.empty()) {
    faults.add(model.layers.front(), item_path(kLayersKey, 0), "the model holds nothing but a sigmoid");
  } else {
    check_output(layers, plan, faults);
  }
  plan.prior = find_label_prior(layers, plan, faults);
  faults.throw_if_any();
  try {
    plan.naive_bayes = find_naive_bayes(plan.layers, num_outputs);
    plan.pretrained = find_pretrained(plan.layers.front(), text);
    if (plan.num_parameters() == 0)
      throw ShapeError{
          "no layer has anything to train (put a linear layer at the end, or leave trainable: false out)"};
  } catch (const ShapeError& error) {
    faults.add(layers.front(), item_path(kLayersKey, 0), error.message);
    faults.throw_if_any();
  }
  return plan;
}

std::optional<size_t> max_pool_behind(const std::vector<NamedLayer>& layers, size_t first) {
  size_t next = first + 1;
  while (next < layers.size() && layers[next].plan.monotone) ++next;
  const bool is_pool = next < layers.size() && layers[next].plan.rest_of_pool;
  return is_pool ? std::optional(next) : std::nullopt;
}

std::string summary(const ModelPlan& plan) {
  std::string table = fmt::format("{:<22} {:<18} {:>12}\n", "layer", "output", "parameters");
  add_rows(plan.layers, 0, table);
  table +=
      fmt::format("{:<22} {:<18} {:>12}", "total",
                  plan.explicit_sigmoid ? "logits (sigmoid in the loss)" : "logits", plan.num_parameters());
  return table;
}

}  // namespace bernoulli::layers
