#pragma once

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "metrics/compute.h"

namespace bernoulli::testing {

inline constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
inline constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Predictions that own their numbers.
struct Scored {
  std::vector<float> targets;
  std::vector<float> logits;
  std::vector<float> weights = {};
  int64_t num_labels = 1;

  Predictions view() const { return {logits, targets, weights, num_labels}; }
};

inline MetricReport binary_report(const Scored& scored, double threshold = 0.5, double loss = 0.25) {
  return compute_metrics(scored.view(), {threshold}, {}, {"neg", "pos"}, TaskConfig::Kind::kBinary, loss);
}

inline const MetricValue& metric(const MetricReport& report, const std::string& name) {
  const MetricValue* found = report.find(name);
  if (found == nullptr) throw std::runtime_error("the report lacks " + name);
  return *found;
}

inline double value(const MetricReport& report, const std::string& name) {
  const MetricValue& found = metric(report, name);
  return found.value ? *found.value : throw std::runtime_error(name + ": " + found.undefined_reason);
}

inline void expect_undefined(const MetricReport& report, const std::string& name, const std::string& reason) {
  EXPECT_FALSE(metric(report, name).value.has_value()) << name;
  EXPECT_EQ(metric(report, name).undefined_reason, reason) << name;
}

/// The logit whose float32 sigmoid is nearest to `p`.
inline float logit_of(double p) { return static_cast<float>(std::log(p) - std::log1p(-p)); }

}  // namespace bernoulli::testing
