#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace bernoulli {

/// Examples with a label, and without it.
struct TargetCounts {
  int64_t positive = 0;
  int64_t negative = 0;
  bool has_both() const { return positive > 0 && negative > 0; }
};

/// One a label. @param targets  N*L row-major, 0 or 1
std::vector<TargetCounts> count_targets(std::span<const float> targets, int64_t num_labels);

/// Whether each example has exactly one of three labels or more: the task is then a choice among classes, and
/// precision_at_1 what is called its accuracy. Examples without weight do not count; false without any.
/// @param targets  N*L row-major, 0 or 1  @param weights  N, or empty: all 1
bool has_one_label_each(std::span<const float> targets, std::span<const float> weights, int64_t num_labels);

/// What the targets lack for a metric to tell one set of predictions from another, "no positive example": the
/// metric then has no value, or only ever the same one. Empty where nothing is missing.
/// @param metric  a name of metric_names(); micro_ is of all decisions, macro_ of the labels that
/// have a value
std::string missing_for(const std::string& metric, const std::vector<TargetCounts>& counts);

}  // namespace bernoulli
