#include "train/autograd_model.h"

#include <fmt/format.h>

#include <ATen/ops/isfinite.h>

#include "core/random.h"
#include "core/stop.h"

namespace bernoulli {
namespace {

constexpr std::string_view kOptimizer = "optimizer/";
constexpr std::string_view kRawWeight = "raw/";

NamedTensors with_prefix(std::string_view prefix, const NamedTensors& tensors) {
  NamedTensors out;
  for (const auto& [name, tensor] : tensors) out.emplace_back(fmt::format("{}{}", prefix, name), tensor);
  return out;
}

NamedTensors select_prefix(std::string_view prefix, const NamedTensors& tensors) {
  NamedTensors out;
  for (const auto& [name, tensor] : tensors) {
    if (name.starts_with(prefix)) out.emplace_back(name.substr(prefix.size()), tensor);
  }
  return out;
}

}  // namespace

AutogradModel::AutogradModel(const RunConfig& config, const layers::ModelPlan& plan, c10::Device device)
    : shape_{plan.ragged_input, config.text.sequence_length},
      eval_batch_size_(config.training.eval_batch_size),
      device_(device),
      model_(plan, config.training.seed, device),
      parameters_(model_.parameters()),
      optimizer_(make_optimizer(config.optimizer, parameters_)) {
  if (config.optimizer.ema_decay) average_.emplace(*config.optimizer.ema_decay, parameters_);
}

std::vector<float> AutogradModel::logits(const TokenView& rows) {
  if (average_) average_->swap();
  struct SwapBack {
    std::optional<WeightAverage>& average;
    ~SwapBack() {
      if (average) average->swap();
    }
  } swap_back{average_};
  return compute_logits(model_, rows, shape_, eval_batch_size_, device_, throw_if_stopped);
}

NamedTensors AutogradModel::evaluation_weights() const {
  NamedTensors weights = average_ ? average_->averages() : parameters_;
  for (const auto& buffer : model_.buffers()) weights.push_back(buffer);
  return weights;
}

NamedTensors AutogradModel::training_state() const {
  NamedTensors state = with_prefix(kOptimizer, optimizer_->state());
  if (average_) {
    for (auto& raw : with_prefix(kRawWeight, parameters_)) state.push_back(std::move(raw));
  }
  return state;
}

void AutogradModel::load(const NamedTensors& evaluation_weights, const NamedTensors& training_state) {
  set_weights(evaluation_weights);
  optimizer_->load_state(select_prefix(kOptimizer, training_state));
  if (!average_) return;
  NamedTensors raw = select_prefix(kRawWeight, training_state);
  for (const auto& buffer : model_.buffers()) raw.push_back(buffer);
  model_.load(raw);
}

void AutogradModel::set_weights(const NamedTensors& weights) {
  model_.load(weights);
  if (average_) average_->load(parameters_);
}

std::vector<std::string> AutogradModel::not_finite_gradients() const {
  std::vector<std::string> names;
  for (const auto& [name, parameter] : parameters_) {
    if (parameter.grad().defined() && !at::isfinite(parameter.grad()).all().item<bool>())
      names.push_back(name);
  }
  return names;
}

uint64_t dropout_seed(uint64_t seed, int64_t step, size_t begin) {
  const uint64_t of_step = mix_seed(seed, random_stream::kDropout, static_cast<uint64_t>(step));
  return mix_seed(of_step, random_stream::kDropout, begin);
}

}  // namespace bernoulli
