#include "train/reference_step.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <exception>
#include <utility>

#include <ATen/TensorOperators.h>

#include "core/divide_up.h"
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

ReferenceStep::ReferenceStep(const EngineParts& parts, c10::Device device, std::unique_ptr<Upload> upload,
                             Communicator* processes)
    : train_(parts.train),
      loss_(parts.loss),
      training_(parts.config.training),
      clip_norm_(parts.config.optimizer.clip_norm),
      clip_value_(parts.config.optimizer.clip_value),
      autocast_(autocast_dtype(parts.config.training)),
      dead_range_(find_dead_range(loss_, train_.num_labels, device)),
      shared_(parts.config, parts.plan, device),
      feed_(train_, shared_.shape(), device, upload ? std::move(upload) : make_upload(device)),
      processes_(processes) {
  if (processes_ != nullptr) exchange_.emplace(*processes_, shared_.parameters());
}

void ReferenceStep::announce(std::span<const int64_t> examples) {
  if (feed_.sends_early()) announced_.assign(examples.begin(), examples.end());
}

size_t ReferenceStep::stride() const {
  return static_cast<size_t>(training_.batch_size * (processes_ != nullptr ? processes_->size() : 1));
}

size_t ReferenceStep::first_batch() const {
  return static_cast<size_t>(training_.batch_size * (processes_ != nullptr ? processes_->rank() : 0));
}

StepResult ReferenceStep::update(std::span<const int64_t> examples, int64_t step, double lr) {
  std::optional<MatmulPrecision> products;
  if (shared_.device().is_cuda()) products.emplace(training_.float32_matmul_precision);
  StepResult result;
  result.weight = train_.weight(examples);

  const NamedTensors& parameters = shared_.parameters();
  for (const auto& [name, parameter] : parameters) parameter.mutable_grad().reset();
  shared_.model().train(true);
  std::vector<BatchResult> batches;
  for (size_t round = 0; round < examples.size(); round += stride()) {
    const size_t begin = round + first_batch();
    if (begin < examples.size()) batches.push_back(compute_batch(examples, begin, step, result.weight));
    if (exchange_) exchange_->add(batches_in(std::min(examples.size() - round, stride())));
  }
  if (exchange_) {
    exchange_->finish();
    batches = collect(batches);
  }
  for (const BatchResult& batch : batches) {
    result.loss_sum += batch.loss_sum;
    result.telemetry += batch.telemetry;
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

int ReferenceStep::batches_in(size_t num_examples) const {
  return static_cast<int>(divide_up(static_cast<int64_t>(num_examples), training_.batch_size));
}

ReferenceStep::BatchResult ReferenceStep::compute_batch(std::span<const int64_t> examples, size_t begin,
                                                        int64_t step, double weight) {
  const auto batch_size = static_cast<size_t>(training_.batch_size);
  const auto batch_at = [&](std::span<const int64_t> of, size_t at) {
    return of.subspan(at, std::min(batch_size, of.size() - at));
  };
  const std::span<const int64_t> batch = batch_at(examples, begin);
  BatchResult result;
  try {
    result = accumulate_gradient(batch, dropout_seed(training_.seed, step, begin), step, weight);
  } catch (const std::exception& error) {
    if (is_out_of_memory(error)) throw out_of_memory_in_batch(step, batch, train_);
    throw;
  }
  const size_t next = begin + stride();  // the device still computes the gradient
  if (next < examples.size()) {
    feed_.announce(batch_at(examples, next));
  } else if (first_batch() < announced_.size()) {
    feed_.announce(batch_at(announced_, first_batch()));
    announced_.clear();
  }
  return result;
}

std::vector<ReferenceStep::BatchResult> ReferenceStep::collect(const std::vector<BatchResult>& own) const {
  const std::vector<std::string> all =
      processes_->gather({reinterpret_cast<const char*>(own.data()), own.size() * sizeof(BatchResult)});
  std::vector<BatchResult> in_order;
  for (size_t round = 0, came = 1; came > 0; ++round) {
    came = 0;
    for (const std::string& of_one : all) {
      if (of_one.size() < (round + 1) * sizeof(BatchResult)) continue;
      ++came;
      std::memcpy(&in_order.emplace_back(), of_one.data() + round * sizeof(BatchResult), sizeof(BatchResult));
    }
  }
  return in_order;
}

at::Tensor ReferenceStep::training_logits(const Features& features) {
  if (!autocast_) return shared_.model().forward(features);
  const Autocast autocast(shared_.device().type(), autocast_);
  return shared_.model().forward(features).to(at::kFloat);
}

ReferenceStep::BatchResult ReferenceStep::accumulate_gradient(std::span<const int64_t> examples,
                                                              uint64_t dropout_seed, int64_t step,
                                                              double weight) {
  const Batch batch = feed_.take(examples);
  seed_generator(shared_.device(), dropout_seed);
  const at::Tensor logits = training_logits(batch.features);
  const at::Tensor loss = loss_(logits, batch.targets, batch.weights);
  const auto loss_sum = loss.item<double>();
  const at::Tensor seen = logits.detach().to(at::kCPU).contiguous();
  if (!std::isfinite(loss_sum))
    throw non_finite_loss(step, loss_sum, examples, seen.const_data_ptr<float>(), train_.num_labels, train_);
  BatchResult result{.loss_sum = loss_sum};
  result.telemetry =
      observe_logits(examples, seen.const_data_ptr<float>(), train_.num_labels, train_, dead_range_);
  (loss / weight).backward();
  return result;
}

double ReferenceStep::checked_gradient_norm(int64_t step) const {
  const double norm = gradient_norm(shared_.parameters());
  if (std::isfinite(norm)) return norm;
  throw non_finite_gradient(step, shared_.not_finite_gradients());
}

}  // namespace bernoulli
