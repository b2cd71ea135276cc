#include "loss/loss.h"

#include <fmt/format.h>

#include <ATen/TensorOperators.h>
#include <ATen/ops/tensor.h>
#include <c10/util/Exception.h>

#include "core/error.h"
#include "loss/modes.h"

namespace bernoulli {
namespace {

at::Tensor pos_weight_tensor(const std::vector<double>& pos_weight, c10::Device device) {
  if (pos_weight.empty()) return {};
  return at::tensor(at::ArrayRef<double>(pos_weight), at::kDouble).to(device);
}

}  // namespace

at::Tensor Loss::operator()(const at::Tensor& logits, const at::Tensor& targets,
                            const at::Tensor& weights) const {
  const at::Tensor losses = elementwise(logits, targets);
  if (!weights.defined()) return losses.sum();
  TORCH_CHECK(weights.dim() == 1 && weights.size(0) == logits.size(0), "weights must be [B] beside logits ",
              logits.sizes(), ", got ", weights.sizes());
  return (losses * weights.unsqueeze(1)).sum();
}

std::vector<double> one_a_label(const std::vector<double>& pos_weight, int64_t num_labels) {
  if (pos_weight.empty() || static_cast<int64_t>(pos_weight.size()) == num_labels) return pos_weight;
  if (pos_weight.size() != 1)
    throw UsageError(
        fmt::format("loss.pos_weight: {} numbers for {} labels (expected one for all, or one a label)",
                    pos_weight.size(), num_labels));
  return std::vector<double>(static_cast<size_t>(num_labels), pos_weight.front());
}

std::unique_ptr<Loss> make_loss(const LossConfig& config, const std::vector<double>& pos_weight,
                                int64_t num_labels, c10::Device device) {
  const LossSettings settings{pos_weight_tensor(one_a_label(pos_weight, num_labels), device),
                              config.label_smoothing, config.gamma, config.alpha};
  switch (config.mode) {
    case LossConfig::Mode::kBceWithLogits:
      return make_bce_with_logits(settings);
    case LossConfig::Mode::kSigmoidBce:
      return make_sigmoid_bce(settings);
    case LossConfig::Mode::kSigmoidBceClipped:
      return make_sigmoid_bce_clipped(settings);
    case LossConfig::Mode::kFocalWithLogits:
      return make_focal_with_logits(settings);
  }
  throw InternalError("unknown loss mode");
}

std::vector<double> balanced_pos_weight(const std::vector<float>& targets, const std::vector<float>& weights,
                                        const std::vector<std::string>& label_names) {
  const size_t num_labels = label_names.size();
  std::vector<double> positive(num_labels, 0.0), negative(num_labels, 0.0);
  for (size_t i = 0; i < targets.size(); ++i) {
    const double weight = weights.empty() ? 1.0 : double{weights[i / num_labels]};
    (targets[i] > 0.5f ? positive : negative)[i % num_labels] += weight;
  }
  std::vector<double> ratio(num_labels);
  for (size_t label = 0; label < num_labels; ++label) {
    if (positive[label] == 0 || negative[label] == 0) {
      throw DataError(
          fmt::format("loss.pos_weight: auto is the ratio of negative to positive examples, but every "
                      "training example of '{}' is {} (give numbers, or "
                      "leave the label out)",
                      label_names[label], positive[label] == 0 ? "negative" : "positive"));
    }
    ratio[label] = negative[label] / positive[label];
  }
  return ratio;
}

}  // namespace bernoulli
