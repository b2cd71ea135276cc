#include "train/evaluate.h"

#include <span>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/from_blob.h>

#include "config/metric_facts.h"
#include "core/error.h"
#include "metrics/compute.h"
#include "metrics/scored_example.h"
#include "metrics/thresholds.h"

namespace bernoulli {
namespace {

double mean_loss(const Predictions& predictions, const Loss& loss) {
  const at::NoGradGuard no_grad;
  const auto as_tensor = [&](std::span<const float> values, int64_t width) {
    return at::from_blob(const_cast<float*>(values.data()), {predictions.size(), width},
                         at::kFloat);  // only read
  };
  const at::Tensor losses = loss.elementwise(as_tensor(predictions.logits, predictions.num_labels),
                                             as_tensor(predictions.targets, predictions.num_labels))
                                .to(at::kDouble);
  if (predictions.weights.empty()) return losses.mean().item<double>();
  const at::Tensor weights = as_tensor(predictions.weights, 1).to(at::kDouble);
  return ((losses * weights).sum() / (weights.sum() * predictions.num_labels)).item<double>();
}

}  // namespace

Predictions predictions_of(const std::vector<float>& logits, const EncodedDataset& data) {
  return {logits, data.targets, data.weights, data.num_labels};
}

MetricReport evaluate_logits(const Predictions& predictions, const Loss& loss, const RunConfig& config,
                             const std::vector<std::string>& label_names, const DecisionRule& rule) {
  if (predictions.size() == 0) throw DataError("there is no example to evaluate");
  return compute_metrics(predictions, rule, config.metrics, label_names, config.task.kind,
                         mean_loss(predictions, loss));
}

MetricReport evaluate_as_fitted(const Predictions& predictions, const Loss& loss, const RunConfig& config,
                                const std::vector<std::string>& label_names,
                                const ThresholdConfig& threshold) {
  DecisionRule rule = configured_rule(threshold, predictions.num_labels, label_names);
  std::string why_none;
  try {
    if (threshold.is_fitted()) rule = choose_thresholds(predictions, threshold, label_names).thresholds;
  } catch (const DataError& error) {
    why_none = error.what();
  } catch (const NonFiniteError&) {
    // Every metric is undefined then, and says so.
  }
  MetricReport report = evaluate_logits(predictions, loss, config, label_names, rule);
  if (why_none.empty()) return report;
  for (auto& [name, metric] : report.metrics) {
    if (facts_of_metric(name).of_decisions) metric = undefined(why_none);
  }
  return report;
}

}  // namespace bernoulli
