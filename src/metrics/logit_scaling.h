#pragma once

#include <span>
#include <string>
#include <vector>

#include "config/run_config.h"
#include "metrics/predictions.h"

namespace bernoulli {

/// What makes calibrated logits of a network's: z / temperature + shift.
struct LogitScaling {
  std::vector<double> temperatures = {};  ///< L, above 0; empty: nothing is divided
  std::vector<double> shifts = {};        ///< L; empty: nothing is added
  bool empty() const { return temperatures.empty() && shifts.empty(); }
  bool operator==(const LogitScaling&) const = default;
};

struct FittedScaling {
  LogitScaling scaling;                 ///< values that float32 has
  std::vector<std::string> left_alone;  ///< why, a sentence for each label that cannot be fitted in full
};

/// What metrics.temperature and metrics.shift ask for, of each label on its own.
/// A temperature alone is the T in (.01, 10000) that makes the weighted log loss of sigmoid(z / T) smallest
/// (Guo et al. 2017, "On Calibration of Modern Neural Networks"). With a shift b, T (or 1) and b make the
/// cross-entropy of sigmoid(z / T + b) smallest against Platt's targets, (N1 + 1) / (N1 + 2) for the N1
/// positive examples and 1 / (N0 + 2) for the N0 negative ones (weights summed; Platt 1999, "Probabilistic
/// Outputs for Support Vector Machines", section 2.2), which keep the fit of few examples in bounds.
/// @param names  of the labels, for messages; empty: they are numbered
/// @throws NonFiniteError if a logit is not finite; InternalError as compute_metrics.
FittedScaling fit_scaling(const Predictions& validation, const MetricsConfig& metrics,
                          const std::vector<std::string>& names = {});

/// Each logit by the numbers of its label, in float32: one correctly rounded division, then one addition, as
/// exported files do it. @param logits  N*L row-major
void scale_logits(std::span<float> logits, const LogitScaling& scaling);

}  // namespace bernoulli
