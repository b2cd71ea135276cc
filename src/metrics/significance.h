#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace bernoulli {

/// Mean and spread of a figure, over seeds or trials.
struct Spread {
  double mean = 0;
  std::optional<double> deviation;  ///< of the sample; nothing for a single value
};
Spread spread_of(const std::vector<double>& values);

/// Two-sided paired t test of values[i] - baseline[i].
struct PairedTTest {
  double mean_difference = 0;
  std::optional<double> t;  ///< nothing for fewer than two pairs, or where the differences vary by no more
                            ///< than rounding
  std::optional<double> p;
};
/// @throws InternalError if the sizes differ or are 0.
PairedTTest paired_t_test(const std::vector<double>& baseline, const std::vector<double>& values);

/// Exact two-sided McNemar test on the answers that only one of two models got right: a binomial test of
/// their split against one half. 1 where there is none.
double mcnemar_p(int64_t only_first_right, int64_t only_second_right);

/// Lower end of the exact one-sided interval of Clopper & Pearson (1934) of a share: the probability of a hit
/// with which `hits` of `trials` or more come about in 1 - confidence of all cases. The upper end is 1 less
/// that of the misses; a two-sided interval of 95 % has both at confidence .975.
/// @param trials  above 0
double share_lower_bound(int64_t hits, int64_t trials, double confidence);

/// Regularised incomplete beta function I_x(a, b), a, b > 0, 0 <= x <= 1: continued fraction by the modified
/// Lentz method. Source: Abramowitz & Stegun 26.5.8; Thompson & Barnett, "Coulomb and Bessel functions of
/// complex arguments and order", 1986. Within 1e-12 of scipy.special.betainc on the golden values.
double incomplete_beta(double a, double b, double x);

}  // namespace bernoulli
