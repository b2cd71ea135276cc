#include "train/reference_step.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include <ATen/TensorOperators.h>
#include <ATen/ops/isfinite.h>

#include "core/random.h"
#include "core/stop.h"
#include "model/generator.h"
#include "tensor/autocast.h"
#include "tensor/matmul_precision.h"
#include "train/non_finite.h"

namespace bernoulli {
namespace {

constexpr std::string_view kOptimizer = "optimizer/";
constexpr std::string_view kRawWeight = "raw/";

std::optional<at::ScalarType> autocast_dtype(const TrainingConfig& training) {
  if (training.precision == "bfloat16") return at::kBFloat16;
  return std::nullopt;
}

/// The examples whose logits are not finite.
std::vector<int64_t> not_finite(const at::Tensor& logits, std::span<const int64_t> examples) {
  const at::Tensor finite = at::isfinite(logits).all(1).to(at::kCPU).contiguous();
  const bool* ok = finite.const_data_ptr<bool>();
  std::vector<int64_t> bad;
  for (size_t i = 0; i < examples.size(); ++i) {
    if (!ok[i]) bad.push_back(examples[i]);
  }
  return bad;
}

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

ReferenceStep::ReferenceStep(const RunConfig& config, const layers::ModelPlan& plan,
                             const EncodedDataset& train, const Loss& loss, c10::Device device,
                             std::unique_ptr<Upload> upload)
    : train_(train),
      loss_(loss),
      training_(config.training),
      clip_norm_(config.optimizer.clip_norm),
      clip_value_(config.optimizer.clip_value),
      shape_{plan.ragged_input, config.text.sequence_length},
      device_(device),
      autocast_(autocast_dtype(config.training)),
      dead_range_(find_dead_range(loss, train.num_labels, device)),
      model_(plan, config.training.seed, device),
      parameters_(model_.parameters()),
      optimizer_(make_optimizer(config.optimizer, parameters_)),
      feed_(train, shape_, device, upload ? std::move(upload) : make_upload(device)) {
  if (config.optimizer.ema_decay) average_.emplace(*config.optimizer.ema_decay, parameters_);
}

void ReferenceStep::announce(std::span<const int64_t> examples) {
  if (feed_.sends_early()) announced_.assign(examples.begin(), examples.end());
}

StepResult ReferenceStep::update(std::span<const int64_t> examples, int64_t step, double lr) {
  std::optional<MatmulPrecision> products;
  if (device_.is_cuda()) products.emplace(training_.float32_matmul_precision);
  StepResult result;
  for (const int64_t example : examples) result.weight += train_.weight(example);
  result.weight *= static_cast<double>(train_.num_labels);

  for (const auto& [name, parameter] : parameters_) parameter.mutable_grad().reset();
  model_.train(true);
  const uint64_t step_seed = mix_seed(training_.seed, random_stream::kDropout, static_cast<uint64_t>(step));
  const auto batch_size = static_cast<size_t>(training_.batch_size);
  const auto batch_at = [&](std::span<const int64_t> of, size_t begin) {
    return of.subspan(begin, std::min(batch_size, of.size() - begin));
  };
  for (size_t begin = 0; begin < examples.size(); begin += batch_size) {
    accumulate_gradient(batch_at(examples, begin), mix_seed(step_seed, random_stream::kDropout, begin), step,
                        result);
    const size_t end = begin + batch_size;  // the device still computes the gradient
    if (end < examples.size()) {
      feed_.announce(batch_at(examples, end));
    } else if (!announced_.empty()) {
      feed_.announce(batch_at(announced_, 0));
      announced_.clear();
    }
  }
  result.gradient_norm = checked_gradient_norm(step);

  if (clip_value_) clip_gradient_value(parameters_, *clip_value_);
  if (clip_norm_)
    clip_gradient_norm(parameters_, clip_value_ ? gradient_norm(parameters_) : result.gradient_norm,
                       *clip_norm_);
  optimizer_->step(lr);
  if (average_) average_->update();
  return result;
}

at::Tensor ReferenceStep::training_logits(const Features& features) {
  if (!autocast_) return model_.forward(features);
  const Autocast autocast(device_.type(), autocast_);
  return model_.forward(features).to(at::kFloat);
}

void ReferenceStep::accumulate_gradient(std::span<const int64_t> examples, uint64_t dropout_seed,
                                        int64_t step, StepResult& result) {
  const Batch batch = feed_.take(examples);
  seed_generator(device_, dropout_seed);
  const at::Tensor logits = training_logits(batch.features);
  const LossValue loss = loss_(logits, batch.targets, batch.weights);
  const double loss_sum = loss.sum.item<double>();
  if (!std::isfinite(loss_sum)) {
    throw non_finite_loss(step, loss_sum, not_finite(logits.detach(), examples),
                          static_cast<int64_t>(examples.size()), train_);
  }
  result.loss_sum += loss_sum;
  const at::Tensor seen = logits.detach().to(at::kCPU).contiguous();
  result.telemetry += observe_logits({seen.const_data_ptr<float>(), static_cast<size_t>(seen.numel())},
                                     examples, train_, dead_range_);
  (loss.sum / result.weight).backward();
}

double ReferenceStep::checked_gradient_norm(int64_t step) const {
  const double norm = gradient_norm(parameters_);
  if (std::isfinite(norm)) return norm;
  std::vector<std::string> names;
  for (const auto& [name, parameter] : parameters_) {
    if (parameter.grad().defined() && !at::isfinite(parameter.grad()).all().item<bool>())
      names.push_back(name);
  }
  throw non_finite_gradient(step, names);
}

std::vector<float> ReferenceStep::logits(const TokenView& rows) {
  if (average_) average_->swap();
  struct SwapBack {
    std::optional<WeightAverage>& average;
    ~SwapBack() {
      if (average) average->swap();
    }
  } swap_back{average_};
  return compute_logits(model_, rows, shape_, training_.eval_batch_size, device_, throw_if_stopped);
}

NamedTensors ReferenceStep::evaluation_weights() const {
  NamedTensors weights = average_ ? average_->averages() : parameters_;
  for (const auto& buffer : model_.buffers()) weights.push_back(buffer);
  return weights;
}

NamedTensors ReferenceStep::training_state() const {
  NamedTensors state = with_prefix(kOptimizer, optimizer_->state());
  if (average_) {
    for (auto& raw : with_prefix(kRawWeight, parameters_)) state.push_back(std::move(raw));
  }
  return state;
}

void ReferenceStep::load(const NamedTensors& evaluation_weights, const NamedTensors& training_state) {
  model_.load(evaluation_weights);
  optimizer_->load_state(select_prefix(kOptimizer, training_state));
  if (!average_) return;
  NamedTensors averages;  // without the buffers, which have no average
  for (const auto& [name, tensor] : evaluation_weights) {
    const bool is_parameter =
        std::any_of(parameters_.begin(), parameters_.end(), [&](const auto& p) { return p.first == name; });
    if (is_parameter) averages.emplace_back(name, tensor);
  }
  average_->load(averages);
  NamedTensors raw = select_prefix(kRawWeight, training_state);
  for (const auto& buffer : model_.buffers()) raw.push_back(buffer);
  model_.load(raw);
}

}  // namespace bernoulli
