#include "train/non_finite.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ATen/ops/isfinite.h>

namespace bernoulli {
namespace {

/// Of any dtype; of float32 without the temporary tensors that at::isfinite makes.
bool all_finite(const at::Tensor& tensor) {
  if (tensor.scalar_type() != at::kFloat || !tensor.is_cpu() || !tensor.is_contiguous())
    return at::isfinite(tensor).all().item<bool>();
  const float* values = tensor.const_data_ptr<float>();
  uint32_t found = 0;
  for (int64_t i = 0; i < tensor.numel(); ++i) {
    constexpr uint32_t kExponent = 0x7f800000u;
    const auto bits = std::bit_cast<uint32_t>(values[i]);
    found |= static_cast<uint32_t>((bits & kExponent) == kExponent);
  }
  return found == 0;
}

/// At most five of them by name.
std::string blame(const std::vector<int64_t>& bad, size_t num_examples, const EncodedDataset& data) {
  if (bad.empty()) return "every logit is finite";
  std::string names;
  for (size_t i = 0; i < bad.size() && i < 5; ++i) names += fmt::format(" {}", data.origins[bad[i]]);
  return fmt::format("{} of {} examples have logits that are not finite:{}{}", bad.size(), num_examples,
                     names, bad.size() > 5 ? " ..." : "");
}

}  // namespace

NonFiniteError non_finite_loss(int64_t step, double loss, std::span<const int64_t> examples,
                               const float* logits, int64_t stride, const EncodedDataset& data) {
  std::vector<int64_t> bad;
  for (size_t i = 0; i < examples.size(); ++i, logits += stride) {
    if (!std::all_of(logits, logits + data.num_labels, [](float z) { return std::isfinite(z); }))
      bad.push_back(examples[i]);
  }
  return NonFiniteError(
      fmt::format("step {}: the loss is {}; {}. No weight was changed by this step; checkpoints, if one was "
                  "saved, are good. Lower the learning rate, set optimizer.clip_norm, or look at the named "
                  "examples",
                  step + 1, std::isnan(loss) ? std::fabs(loss) : loss, blame(bad, examples.size(), data)));
}

NonFiniteError non_finite_gradient(int64_t step, const std::vector<std::string>& names) {
  return NonFiniteError(fmt::format(
      "step {}: the gradient is not finite in {}. No weight was changed by this step; checkpoints, if one "
      "was saved, are good. Lower the learning rate or set optimizer.clip_value",
      step + 1, names.empty() ? "its norm only (overflow)" : fmt::format("{}", fmt::join(names, " "))));
}

void refuse_non_finite_state(const Checkpoint& checkpoint, int64_t last_saved) {
  std::vector<std::string> names;
  for (const NamedTensors* tensors : {&checkpoint.weights, &checkpoint.training}) {
    for (const auto& [name, tensor] : *tensors) {
      if (!all_finite(tensor)) names.push_back(name);
    }
  }
  if (names.empty()) return;
  throw NonFiniteError(
      fmt::format("step {}: after this update there are numbers that are not finite in {}. They were not "
                  "saved; {}. Lower the learning rate or set optimizer.clip_norm",
                  checkpoint.step, fmt::join(names, " "),
                  last_saved < 0 ? "there is no earlier checkpoint"
                                 : fmt::format("the last checkpoint, of step {}, is good", last_saved)));
}

}  // namespace bernoulli
