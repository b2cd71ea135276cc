#include "train/fused_plan.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "kernels/activation_layer.h"
#include "layers/dropout_bits.h"
#include "layers/pooled_table.h"

namespace bernoulli {
namespace {

using kernels::RuleKind;
using layers::Json;
using layers::NamedLayer;

/// Why a layer list or an optimizer is not of the family.
struct Unsupported {
  std::string reason;
};

/// Of a 16-bit draw; 0: nothing is dropped.
uint32_t threshold_of(double rate) {
  if (rate == 0) return 0;
  const std::optional<uint32_t> keep = layers::dropout_keep_of_65536(rate);
  if (!keep) throw Unsupported{fmt::format("a dropout of {}, which 16-bit draws do not meet", rate)};
  return *keep;
}

/// Layers up to and with the pool. Returns how many they are.
size_t read_pooling(const layers::ModelPlan& plan, const TextConfig& text, FusedPlan& fused) {
  const layers::PooledTable table = layers::pooled_table(plan.layers);
  if (table.obstacle != nullptr) throw Unsupported{table.fault()};
  const NamedLayer& first = plan.layers.front();
  fused.dim = first.args.at("dim");
  fused.trains_table = first.plan.parameters.front().trainable;
  fused.mean = table.mean;
  fused.include_padding = table.include_padding;
  if (!plan.ragged_input) fused.sequence_length = text.sequence_length;
  for (size_t i = 1; i + 1 < table.num_layers; ++i) {
    const NamedLayer& layer = plan.layers[i];
    if (layer.kind == "word_dropout") {
      if (fused.word_threshold != 0) throw Unsupported{"two word_dropouts"};
      fused.word_threshold = threshold_of(layer.args.at("rate"));
      continue;
    }
    if (layer.kind != "dropout") throw Unsupported{fmt::format("{} before the pool", layer.kind)};
    if (fused.token_threshold != 0) throw Unsupported{"two dropouts before the pool"};
    fused.token_threshold = threshold_of(layer.args.at("rate"));
  }
  return table.num_layers;
}

FusedLayer read_head_layer(const NamedLayer& layer, size_t& parameters) {
  FusedLayer out;
  out.features_in = layer.input.features;
  out.features_out = layer.plan.output.features;
  if (layer.kind == "dropout") {
    out.kind = FusedLayer::Kind::kDropout;
    out.threshold = threshold_of(layer.args.at("rate"));
  } else if (layer.kind == "linear") {
    out.weight = parameters;
    out.has_bias = layer.plan.parameters.size() == 2;
    parameters += layer.plan.parameters.size();
  } else if (const auto found = kernels::activation_layer(layer.kind, layer.args)) {
    out.kind = FusedLayer::Kind::kActivation;
    out.activation = found->activation;
    out.slope = found->slope;
  } else {
    throw Unsupported{layer.kind};
  }
  return out;
}

void check_optimizer(const OptimizerConfig& config) {
  if (config.ema_decay) throw Unsupported{"optimizer.ema_decay"};
  if (config.kind.kind == "rmsprop") throw Unsupported{"rmsprop"};
  if (config.kind.args.contains("amsgrad") && config.kind.args.at("amsgrad").get<bool>())
    throw Unsupported{"amsgrad"};
}

kernels::LossMode loss_mode(LossConfig::Mode mode) {
  switch (mode) {
    case LossConfig::Mode::kSigmoidBce:
      return kernels::LossMode::kSigmoidBce;
    case LossConfig::Mode::kSigmoidBceClipped:
      return kernels::LossMode::kSigmoidBceClipped;
    case LossConfig::Mode::kFocalWithLogits:
      return kernels::LossMode::kFocalWithLogits;
    case LossConfig::Mode::kBceWithLogits:
      break;
  }
  return kernels::LossMode::kBceWithLogits;
}

}  // namespace

std::vector<double> or_one_each(const std::vector<double>& pos_weight, int64_t num_labels) {
  return pos_weight.empty() ? std::vector<double>(static_cast<size_t>(num_labels), 1.0) : pos_weight;
}

kernels::EntryLoss entry_loss_of(const LossConfig& config) {
  return {loss_mode(config.mode), config.label_smoothing, config.gamma,
          config.alpha.value_or(kernels::EntryLoss::kNoAlpha)};
}

std::optional<FusedPlan> fused_plan(const RunConfig& config, const layers::ModelPlan& plan,
                                    std::string& reason) {
  FusedPlan fused;
  try {
    if (config.training.precision != "float32")
      throw Unsupported{fmt::format("training.precision: {}", config.training.precision)};
    check_optimizer(config.optimizer);
    size_t parameters = 1;
    for (size_t i = read_pooling(plan, config.text, fused); i < plan.layers.size(); ++i) {
      const FusedLayer layer = read_head_layer(plan.layers[i], parameters);
      if (layer.kind != FusedLayer::Kind::kDropout || layer.threshold != 0) fused.head.push_back(layer);
    }
  } catch (const Unsupported& unsupported) {
    reason = fmt::format("the fused engine does not run {}", unsupported.reason);
    return std::nullopt;
  }
  return fused;
}

FusedOptimizer::FusedOptimizer(const OptimizerConfig& config)
    : kind_(config.kind),
      no_decay_(config.no_decay),
      weight_decay_(config.kind.args.at("weight_decay")),
      base_lr_(config.kind.args.at("lr")) {
  const Json& args = kind_.args;
  if (kind_.kind == "adam" || kind_.kind == "adamw") {
    slot_names_ = {"exp_avg", "exp_avg_sq"};
  } else if (kind_.kind == "adagrad") {
    slot_names_ = {"sum"};
    initial_slot_ = args.at("initial_accumulator_value");
  } else if (args.at("momentum").get<double>() != 0) {
    slot_names_ = {"momentum_buffer"};
  }
}

kernels::UpdateRule FusedOptimizer::rule_for(const std::string& parameter) const {
  kernels::UpdateRule rule;
  const Json& args = kind_.args;
  rule.weight_decay = has_no_decay(no_decay_, parameter) ? 0.0f : static_cast<float>(weight_decay_);
  if (kind_.kind == "adam" || kind_.kind == "adamw") {
    rule.kind = kind_.kind == "adam" ? RuleKind::kAdam : RuleKind::kAdamW;
    rule = kernels::with_betas(rule, args.at("beta1"), args.at("beta2"));
    rule.eps = args.at("eps").get<float>();
  } else if (kind_.kind == "adagrad") {
    rule.kind = RuleKind::kAdagrad;
    rule.eps = args.at("eps").get<float>();
  } else if (!slot_names_.empty()) {
    rule.kind = RuleKind::kMomentum;
    rule.beta1 = args.at("momentum").get<float>();
    rule.nesterov = args.at("nesterov").get<bool>();
  }
  return rule;
}

kernels::UpdateConstants FusedOptimizer::constants(int64_t update, double lr) const {
  kernels::UpdateConstants c;
  const Json& args = kind_.args;
  const auto t = static_cast<double>(update);
  c.lr = static_cast<float>(lr);
  if (kind_.kind == "adam" || kind_.kind == "adamw") {
    c.lr = static_cast<float>(lr / (1 - std::pow(args.at("beta1").get<double>(), t)));
    c.root_scale = static_cast<float>(1 / std::sqrt(1 - std::pow(args.at("beta2").get<double>(), t)));
    c.keep = static_cast<float>(1 - lr * weight_decay_);
  } else if (kind_.kind == "adagrad") {
    c.lr = static_cast<float>(lr / (1 + (t - 1) * args.at("lr_decay").get<double>()));
  } else if (update > 1) {
    c.momentum = args.at("momentum").get<float>();
    c.gain = static_cast<float>(1 - args.at("dampening").get<double>());
  }
  return c;
}

std::string FusedOptimizer::slot_name(const std::string& parameter, size_t slot) const {
  return fmt::format("optimizer/{}.{}", parameter, slot_names_[slot]);
}

NamedShapes FusedOptimizer::state_shapes(const NamedShapes& parameters) const {
  NamedShapes shapes = {{kUpdates, {}}};
  for (const auto& [name, shape] : parameters) {
    for (size_t slot = 0; slot < num_slots(); ++slot) shapes.emplace_back(slot_name(name, slot), shape);
  }
  return shapes;
}

bool FusedOptimizer::rests(const kernels::UpdateRule& rule) {
  return rule.weight_decay == 0 && (rule.kind == RuleKind::kSgd || rule.kind == RuleKind::kAdagrad);
}

}  // namespace bernoulli
