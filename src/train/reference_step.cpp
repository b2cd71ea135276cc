#include "train/reference_step.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <utility>

#include <ATen/TensorOperators.h>

#include "core/out_of_memory.h"
#include "model/generator.h"
#include "optim/gradients.h"
#include "tensor/autocast.h"
#include "tensor/matmul_precision.h"
#include "train/batch_memory.h"
#include "train/non_finite.h"

namespace bernoulli {
namespace {

std::optional<at::ScalarType> autocast_dtype(const TrainingConfig& training) {
  if (training.precision == "bfloat16") return at::kBFloat16;
  return std::nullopt;
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
      autocast_(autocast_dtype(config.training)),
      dead_range_(find_dead_range(loss, train.num_labels, device)),
      shared_(config, plan, device),
      feed_(train, shared_.shape(), device, upload ? std::move(upload) : make_upload(device)) {}

void ReferenceStep::announce(std::span<const int64_t> examples) {
  if (feed_.sends_early()) announced_.assign(examples.begin(), examples.end());
}

StepResult ReferenceStep::update(std::span<const int64_t> examples, int64_t step, double lr) {
  std::optional<MatmulPrecision> products;
  if (shared_.device().is_cuda()) products.emplace(training_.float32_matmul_precision);
  StepResult result;
  result.weight = train_.weight(examples);

  const NamedTensors& parameters = shared_.parameters();
  for (const auto& [name, parameter] : parameters) parameter.mutable_grad().reset();
  shared_.model().train(true);
  const auto batch_size = static_cast<size_t>(training_.batch_size);
  const auto batch_at = [&](std::span<const int64_t> of, size_t begin) {
    return of.subspan(begin, std::min(batch_size, of.size() - begin));
  };
  for (size_t begin = 0; begin < examples.size(); begin += batch_size) {
    const std::span<const int64_t> batch = batch_at(examples, begin);
    try {
      accumulate_gradient(batch, dropout_seed(training_.seed, step, begin), step, result);
    } catch (const std::exception& error) {
      if (is_out_of_memory(error)) throw out_of_memory_in_batch(step, batch, train_);
      throw;
    }
    const size_t end = begin + batch_size;  // the device still computes the gradient
    if (end < examples.size()) {
      feed_.announce(batch_at(examples, end));
    } else if (!announced_.empty()) {
      feed_.announce(batch_at(announced_, 0));
      announced_.clear();
    }
  }
  result.gradient_norm = checked_gradient_norm(step);

  if (clip_value_) clip_gradient_value(parameters, *clip_value_);
  if (clip_norm_)
    clip_gradient_norm(parameters, clip_value_ ? gradient_norm(parameters) : result.gradient_norm,
                       *clip_norm_);
  shared_.optimizer().step(lr);
  if (shared_.average()) shared_.average()->update();
  return result;
}

at::Tensor ReferenceStep::training_logits(const Features& features) {
  if (!autocast_) return shared_.model().forward(features);
  const Autocast autocast(shared_.device().type(), autocast_);
  return shared_.model().forward(features).to(at::kFloat);
}

void ReferenceStep::accumulate_gradient(std::span<const int64_t> examples, uint64_t dropout_seed,
                                        int64_t step, StepResult& result) {
  const Batch batch = feed_.take(examples);
  seed_generator(shared_.device(), dropout_seed);
  const at::Tensor logits = training_logits(batch.features);
  const LossValue loss = loss_(logits, batch.targets, batch.weights);
  const double loss_sum = loss.sum.item<double>();
  if (!std::isfinite(loss_sum)) {
    throw non_finite_loss(step, loss_sum, not_finite_examples(logits.detach(), examples),
                          static_cast<int64_t>(examples.size()), train_);
  }
  result.loss_sum += loss_sum;
  const at::Tensor seen = logits.detach().to(at::kCPU).contiguous();
  result.telemetry += observe_logits({seen.const_data_ptr<float>(), static_cast<size_t>(seen.numel())},
                                     examples, train_, dead_range_);
  (loss.sum / result.weight).backward();
}

double ReferenceStep::checked_gradient_norm(int64_t step) const {
  const double norm = gradient_norm(shared_.parameters());
  if (std::isfinite(norm)) return norm;
  throw non_finite_gradient(step, shared_.not_finite_gradients());
}

}  // namespace bernoulli
