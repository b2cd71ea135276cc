#include "train/logit_telemetry.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/full.h>

namespace bernoulli {
namespace {

/// Far outside what any mode keeps a gradient for, if it loses it at all.
constexpr float kFarLogit = 1e4f;

bool has_gradient(const Loss& loss, float logit, float target, int64_t num_labels, c10::Device device) {
  const auto options = at::TensorOptions().dtype(at::kFloat).device(device);
  at::Tensor logits = at::full({1, num_labels}, logit, options);
  logits.requires_grad_(true);
  loss.elementwise(logits, at::full({1, num_labels}, target, options)).sum().backward();
  return logits.grad()[0][0].item<float>() != 0;
}

/// The magnitude from which a logit on the wrong side of `target` has no gradient; infinite: nowhere.
/// Positive floats are ordered as their bits are, so that halving an interval of bits ends at neighbours.
float dead_from(const Loss& loss, float target, int64_t num_labels, c10::Device device) {
  const float side = target > 0.5f ? -1.0f : 1.0f;
  if (has_gradient(loss, side * kFarLogit, target, num_labels, device))
    return std::numeric_limits<float>::infinity();
  uint32_t alive = std::bit_cast<uint32_t>(1e-3f), dead = std::bit_cast<uint32_t>(kFarLogit);
  while (dead - alive > 1) {
    const uint32_t middle = alive + (dead - alive) / 2;
    const bool has = has_gradient(loss, side * std::bit_cast<float>(middle), target, num_labels, device);
    (has ? alive : dead) = middle;
  }
  return std::bit_cast<float>(dead);
}

}  // namespace

LogitTelemetry& LogitTelemetry::operator+=(const LogitTelemetry& other) {
  entries += other.entries;
  saturated += other.saturated;
  wrong_and_dead += other.wrong_and_dead;
  max_abs_logit = std::max(max_abs_logit, other.max_abs_logit);
  return *this;
}

DeadRange find_dead_range(const Loss& loss, int64_t num_labels, c10::Device device) {
  return {dead_from(loss, 0, num_labels, device), -dead_from(loss, 1, num_labels, device)};
}

LogitTelemetry observe_logits(std::span<const int64_t> examples, const float* logits, int64_t stride,
                              const EncodedDataset& data, const DeadRange& dead) {
  LogitTelemetry seen;
  for (const int64_t example : examples) {
    const float* target = data.targets.data() + example * data.num_labels;
    for (int64_t label = 0; label < data.num_labels; ++label) {
      const float z = logits[label];
      seen.saturated += z >= kProbabilityOneFrom || z <= kProbabilityZeroUntil;
      seen.wrong_and_dead += target[label] > 0.5f ? z <= dead.positives_until : z >= dead.negatives_from;
      seen.max_abs_logit = std::max(seen.max_abs_logit, static_cast<double>(std::fabs(z)));
    }
    logits += stride;
  }
  seen.entries = static_cast<int64_t>(examples.size()) * data.num_labels;
  return seen;
}

}  // namespace bernoulli
