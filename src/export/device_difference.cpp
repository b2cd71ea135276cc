#include "export/device_difference.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "metrics/decision.h"

namespace bernoulli {
namespace {

/// Sums of float32 in another order: imdb_lstm on the CPU is within 4e-6 of itself in float64. TF32, of which
/// there should be nothing here, has 11 bits.
constexpr double kOfRounding = 1e-4;

}  // namespace

double device_difference(std::span<const float> logits, std::span<const float> others) {
  double largest = 0;
  for (size_t i = 0; i < logits.size(); ++i)
    largest = std::max(largest, std::abs(sigmoid(double{logits[i]}) - sigmoid(double{others[i]})));
  return largest;
}

std::string device_difference_warning(double difference, const std::string& device,
                                      const std::string& split) {
  if (difference <= kOfRounding) return "";
  return fmt::format(
      "{} and the CPU differ by {:.2g} in a probability of the {} data, more than rounding explains ({} at "
      "most): the exported file answers as the CPU does, so judge it by 'bernoulli evaluate' with --device "
      "cpu",
      device, difference, split, kOfRounding);
}

}  // namespace bernoulli
