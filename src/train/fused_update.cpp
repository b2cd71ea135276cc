// FusedStep from the gradient on: norm, refusal, clipping, update, and the state that is saved.
#include <algorithm>
#include <cmath>

#include <ATen/ops/full.h>

#include "core/error.h"
#include "core/stop.h"
#include "train/fused_step.h"
#include "train/non_finite.h"

namespace bernoulli {
namespace {

/// Updates after which every row is brought up to date at the latest, so that the history stays short.
constexpr size_t kLongestHistory = 65536;

}  // namespace

int64_t FusedStep::gradient_size(size_t parameter) const {
  const int64_t rows =
      parameter == 0 ? static_cast<int64_t>(rows_.rows().size()) : parameters_[parameter].rows;
  return rows * parameters_[parameter].stride();
}

double FusedStep::sum_of_squares() const {
  double sum = 0;
  for (size_t i = 0; i < parameters_.size(); ++i)
    sum += kernels_.sum_of_squares(parameters_[i].gradient.data(), gradient_size(i));
  return sum;
}

double FusedStep::checked_gradient_norm(int64_t step) const {
  const double norm = std::sqrt(sum_of_squares());
  if (std::isfinite(norm)) return norm;
  std::vector<std::string> names;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const float* begin = parameters_[i].gradient.data();
    if (!std::all_of(begin, begin + gradient_size(i), [](float g) { return std::isfinite(g); }))
      names.push_back(parameters_[i].name);
  }
  throw non_finite_gradient(step, names);
}

void FusedStep::clip_gradients(double norm) {
  const auto for_each = [&](auto&& change) {
    for (size_t i = 0; i < parameters_.size(); ++i) change(parameters_[i].gradient.data(), gradient_size(i));
  };
  if (clip_value_) {
    const auto limit = static_cast<float>(*clip_value_);
    for_each([&](float* g, int64_t count) { kernels_.clamp(g, count, limit); });
  }
  if (!clip_norm_) return;
  if (clip_value_) norm = std::sqrt(sum_of_squares());
  const double by = *clip_norm_ / (norm + 1e-6);  // torch.nn.utils.clip_grad_norm_
  if (by < 1) for_each([&](float* g, int64_t count) { kernels_.scale(g, count, static_cast<float>(by)); });
}

void FusedStep::apply_update(double lr) {
  ++updates_;
  const kernels::UpdateConstants constants = optimizer_.constants(updates_, lr);
  const std::span<const int32_t> touched = rows_.rows();
  kernels_.update(embedding().rule, constants, embedding().table(), touched.data(),
                  static_cast<int64_t>(touched.size()), embedding().gradient.data());
  for (size_t i = 1; i < parameters_.size(); ++i)
    kernels_.update(parameters_[i].rule, constants, parameters_[i].table(), nullptr, parameters_[i].rows,
                    parameters_[i].gradient.data());
  gradients_are_zero_ = true;
  if (!fused_.trains_table || FusedOptimizer::rests(embedding().rule)) return;
  rows_.set_updated(touched, updates_);
  history_.push_back(constants);
  if (history_.size() >= kLongestHistory) bring_all_up_to_date();
}

void FusedStep::bring_up_to_date(std::span<const int32_t> rows) const {
  if (FusedOptimizer::rests(embedding().rule) || rows.empty()) return;
  rows_.settle(rows, updates_);
  kernels_.catch_up(embedding().rule, history_.data() + history_.size(), embedding().table(),
                    rows_.due().data(), rows_.missed().data(), static_cast<int64_t>(rows_.due().size()));
}

void FusedStep::bring_all_up_to_date() const {
  if (FusedOptimizer::rests(embedding().rule) || history_.empty()) return;
  const kernels::FlushDenormals flush;
  rows_.settle({}, updates_);
  kernels_.catch_up(embedding().rule, history_.data() + history_.size(), embedding().table(),
                    rows_.due().data(), rows_.missed().data(), static_cast<int64_t>(rows_.due().size()));
  history_.clear();
}

std::vector<float> FusedStep::logits(const TokenView& rows) {
  bring_all_up_to_date();
  const int64_t stride = embedding().stride();
  const float* weights = embedding().table().weights;
  std::vector<float> logits;
  logits.reserve(static_cast<size_t>(rows.size() * num_labels_));
  for (int64_t begin = 0; begin < rows.size(); begin += eval_batch_size_) {
    throw_if_stopped();
    const int64_t count = std::min(eval_batch_size_, rows.size() - begin);
    float* pooled = head_.input(count);
    pad_count_.resize(std::max(pad_count_.size(), static_cast<size_t>(stride)));
    for (int64_t i = 0; i < count; ++i) {
      const auto size = static_cast<size_t>(rows.row_size(begin + i));
      if (widened_.size() < size) widened_.resize(size);
      kernels_.pool(pool_input(rows.row(begin + i, widened_.data()), 0), weights, stride, pooled + i * stride,
                    nullptr, pad_count_.data());
    }
    const float* z = head_.forward(nullptr);
    for (int64_t i = 0; i < count; ++i, z += head_.logit_stride())
      logits.insert(logits.end(), z, z + num_labels_);
  }
  return logits;
}

NamedTensors FusedStep::evaluation_weights() const {
  bring_all_up_to_date();
  NamedTensors weights;
  for (const FusedParameter& parameter : parameters_)
    weights.emplace_back(parameter.name, parameter.trimmed(parameter.weights));
  // What is not trained comes last, as in Sequential.
  if (!fused_.trains_table) std::rotate(weights.begin(), weights.begin() + 1, weights.end());
  return weights;
}

NamedTensors FusedStep::training_state() const {
  bring_all_up_to_date();
  NamedTensors state = {{FusedOptimizer::kUpdates, at::full({}, updates_, at::kLong)}};
  for (const FusedParameter& parameter : parameters_) {
    for (size_t slot = 0; slot < parameter.slots.size(); ++slot)
      state.emplace_back(optimizer_.slot_name(parameter.name, slot),
                         parameter.trimmed(parameter.slots[slot]));
  }
  return state;
}

void FusedStep::load(const NamedTensors& evaluation_weights, const NamedTensors& training_state) {
  NamedShapes shapes, trained;
  for (const FusedParameter& parameter : parameters_) {
    shapes.emplace_back(parameter.name, parameter.shape);
    if (!parameter.slots.empty()) trained.push_back(shapes.back());
  }
  check_fit(evaluation_weights, shapes, "weights");
  check_fit(training_state, optimizer_.state_shapes(trained), "training state");
  for (const FusedParameter& parameter : parameters_) {
    parameter.assign(parameter.weights, tensor_of(evaluation_weights, parameter.name));
    for (size_t slot = 0; slot < parameter.slots.size(); ++slot)
      parameter.assign(parameter.slots[slot],
                       tensor_of(training_state, optimizer_.slot_name(parameter.name, slot)));
  }
  updates_ = tensor_of(training_state, FusedOptimizer::kUpdates).item<int64_t>();
  rows_.set_all_updated(updates_);
  history_.clear();
}

}  // namespace bernoulli
