#pragma once

#include <optional>
#include <string>

#include <c10/core/ScalarType.h>

#include "config/run_config.h"

namespace bernoulli::stability {

/// Where the formats alone put an event of thresholds.h: a bound in real numbers, from the digits and the
/// range of the dtype and the constants in the formulas (1e-12, 100, 1e-7), rounded to the next number of the
/// dtype away from 0. Nothing here evaluates a loss or a sigmoid of a tensor; docs/numerics.md derives every
/// line.
/// @return nothing where the event is not expected, or begins as a flicker of rounding without a closed form.
std::optional<double> predicted_threshold(at::ScalarType dtype, LossConfig::Mode mode, double target,
                                          const std::string& event, const std::string& side);

}  // namespace bernoulli::stability
