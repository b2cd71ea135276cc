#include "metrics/target_counts.h"

#include <algorithm>

#include "config/metric_facts.h"

namespace bernoulli {
namespace {

bool satisfied(const MetricFacts& metric, const TargetCounts& counts) {
  return (!metric.needs_positive || counts.positive > 0) && (!metric.needs_negative || counts.negative > 0);
}

}  // namespace

std::vector<TargetCounts> count_targets(std::span<const float> targets, int64_t num_labels) {
  std::vector<TargetCounts> counts(static_cast<size_t>(num_labels));
  for (size_t i = 0; i < targets.size(); ++i) {
    TargetCounts& label = counts[i % counts.size()];
    ++(targets[i] == 1 ? label.positive : label.negative);
  }
  return counts;
}

bool has_one_label_each(std::span<const float> targets, std::span<const float> weights, int64_t num_labels) {
  if (num_labels < 3) return false;
  const auto width = static_cast<size_t>(num_labels);
  bool any = false;
  for (size_t i = 0; i * width < targets.size(); ++i) {
    if (!weights.empty() && weights[i] == 0) continue;
    if (std::ranges::count(targets.subspan(i * width, width), 1.0f) != 1) return false;
    any = true;
  }
  return any;
}

std::string missing_for(const std::string& metric, const std::vector<TargetCounts>& counts) {
  const MetricFacts facts = facts_of_metric(metric);
  TargetCounts all;
  for (const TargetCounts& label : counts) {
    all.positive += label.positive;
    all.negative += label.negative;
  }
  if (facts.needs_positive && all.positive == 0) return "no positive example";
  if (facts.needs_negative && all.negative == 0) return "no negative example";
  const auto has_what_it_needs = [&](const TargetCounts& label) { return satisfied(facts, label); };
  if (metric.starts_with("macro_") && std::ranges::none_of(counts, has_what_it_needs))
    return "no label with both positive and negative examples";
  return "";
}

}  // namespace bernoulli
