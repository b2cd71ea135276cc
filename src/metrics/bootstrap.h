#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bernoulli {

/// Resamples of a bootstrap over whole examples.
inline constexpr int64_t kNumResamples = 1000;

/// Resamples of fewer answers of the rarer kind hardly vary, so that percentile intervals hold the truth less
/// often than they say.
inline constexpr int64_t kFewestForInterval = 20;

/// How often each of N examples is drawn into resample `index`: N draws with replacement, a function of the
/// seed alone. @param num_examples  above 0
std::vector<uint32_t> draw_resample(size_t num_examples, uint64_t seed, int64_t index);

/// Between the 2.5 and the 97.5 percent quantile of a figure over the resamples (between order statistics,
/// linearly).
struct Interval {
  std::optional<double> low, high;
  std::string undefined_reason;  ///< why there is none
};

/// @param resampled  the figure of each resample that has it; with fewer than 95 of 100 there is no interval
Interval percentile_interval(std::vector<double> resampled);

}  // namespace bernoulli
