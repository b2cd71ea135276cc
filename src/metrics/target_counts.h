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

/// What the targets lack for a metric to tell one set of predictions from another, "no positive example": the
/// metric then has no value, or only ever the same one. Empty where nothing is missing.
/// @param metric  a name of config::metric_names(); micro_ is of all decisions, macro_ of the labels that
/// have a value
std::string missing_for(const std::string& metric, const std::vector<TargetCounts>& counts);

}  // namespace bernoulli
