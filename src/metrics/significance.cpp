#include "metrics/significance.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace bernoulli {
namespace {

/// The continued fraction of A&S 26.5.8, which converges fast where x < (a + 1) / (a + b + 2).
double beta_fraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300, kEnough = 1e-16;
  const auto away_from_zero = [](double value) { return std::fabs(value) < kTiny ? kTiny : value; };
  double c = 1, d = 1 / away_from_zero(1 - (a + b) * x / (a + 1));
  double fraction = d;
  for (int i = 1; i <= 10000; ++i) {
    const double m = i;
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    double change = 1;
    for (const double term : {even, odd}) {
      d = 1 / away_from_zero(1 + term * d);
      c = away_from_zero(1 + term / c);
      change = c * d;
      fraction *= change;
    }
    if (std::fabs(change - 1) < kEnough) break;
  }
  return fraction;
}

}  // namespace

Spread spread_of(const std::vector<double>& values) {
  Spread spread;
  const auto count = static_cast<double>(values.size());
  for (const double value : values) spread.mean += value / count;
  if (values.size() < 2) return spread;
  double variance = 0;
  for (const double value : values) variance += (value - spread.mean) * (value - spread.mean) / (count - 1);
  spread.deviation = std::sqrt(variance);
  return spread;
}

PairedTTest paired_t_test(const std::vector<double>& baseline, const std::vector<double>& values) {
  if (baseline.size() != values.size() || values.empty())
    throw InternalError("a paired test needs as many values as baselines");
  constexpr double kRounding = 1e-12;  // what differs by less of the largest value is the same number
  std::vector<double> differences;
  double largest = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    differences.push_back(values[i] - baseline[i]);
    largest = std::max({largest, std::fabs(values[i]), std::fabs(baseline[i])});
  }
  const Spread spread = spread_of(differences);
  const auto [least, most] = std::minmax_element(differences.begin(), differences.end());
  if (values.size() < 2 || *most - *least <= kRounding * largest)
    return {spread.mean, std::nullopt, std::nullopt};
  const auto count = static_cast<double>(differences.size());
  const double t = spread.mean / (*spread.deviation / std::sqrt(count));
  const double freedom = count - 1;
  return {spread.mean, t, incomplete_beta(freedom / 2, 0.5, freedom / (freedom + t * t))};
}

double mcnemar_p(int64_t only_first_right, int64_t only_second_right) {
  const double fewer = static_cast<double>(std::min(only_first_right, only_second_right));
  const double all = static_cast<double>(only_first_right + only_second_right);
  if (2 * fewer == all) return 1;
  // P(X <= k) for n fair coins is I_1/2(n - k, k + 1).
  return std::min(1.0, 2 * incomplete_beta(all - fewer, fewer + 1, 0.5));
}

double share_lower_bound(int64_t hits, int64_t trials, double confidence) {
  if (hits == 0) return 0;
  // P(X >= hits) is I_p(hits, misses + 1), which grows with p.
  const auto a = static_cast<double>(hits), b = static_cast<double>(trials - hits + 1);
  double low = 0, high = 1;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (incomplete_beta(a, b, middle) < 1 - confidence ? low : high) = middle;
  }
  return (low + high) / 2;
}

double incomplete_beta(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double log_front =
      std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log1p(-x);
  const double front = std::exp(log_front);
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
  return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

}  // namespace bernoulli
