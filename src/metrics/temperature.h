#pragma once

#include <span>
#include <string>
#include <vector>

#include "metrics/predictions.h"

namespace bernoulli {

/// One temperature a label.
struct FittedTemperatures {
  std::vector<double> temperatures;  ///< L, above 0, values that float32 has
  std::vector<std::string>
      left_at_one;  ///< why, a sentence for each label whose temperature cannot be fitted
};

/// The temperature T in (.01, 10000) of each label that makes the weighted log loss of sigmoid(z / T) on
/// validation predictions smallest. Source: Guo et al. 2017, "On Calibration of Modern Neural Networks".
/// @param names  of the labels, for messages; empty: they are numbered
/// @throws NonFiniteError if a logit is not finite; InternalError as compute_metrics.
FittedTemperatures fit_temperatures(const Predictions& validation,
                                    const std::vector<std::string>& names = {});

/// Each logit by the temperature of its label, in float32: one correctly rounded division, as exported files
/// do it. @param logits  N*L row-major.  @param temperatures  L, or empty: nothing is done.
void divide_by_temperature(std::span<float> logits, const std::vector<double>& temperatures);

}  // namespace bernoulli
