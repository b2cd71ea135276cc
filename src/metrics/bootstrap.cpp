#include "metrics/bootstrap.h"

#include <algorithm>

#include "core/random.h"

namespace bernoulli {
namespace {

/// Between order statistics, linearly. @param sorted not empty
double quantile(const std::vector<double>& sorted, double q) {
  const double place = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace

std::vector<uint32_t> draw_resample(size_t num_examples, uint64_t seed, int64_t index) {
  Random random(mix_seed(seed, static_cast<uint64_t>(index)));
  std::vector<uint32_t> times(num_examples, 0);
  for (size_t i = 0; i < num_examples; ++i) ++times[random.below(num_examples)];
  return times;
}

Interval percentile_interval(std::vector<double> resampled) {
  if (static_cast<int64_t>(resampled.size()) * 100 < kNumResamples * 95)
    return {{}, {}, "too few examples: more than 5 % of the resamples lack the metric"};
  std::sort(resampled.begin(), resampled.end());
  return {quantile(resampled, 0.025), quantile(resampled, 0.975), ""};
}

}  // namespace bernoulli
