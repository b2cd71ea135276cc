#pragma once

#include <string>

#include "stability/comparison.h"

namespace bernoulli::stability {

/// stability.html: one file that needs neither script nor network. Verdict, curves, training, stress,
/// thresholds, method.
std::string page(const Comparison& comparison);

}  // namespace bernoulli::stability
