#pragma once

namespace bernoulli {

/// 1 / (1 + exp(-z)) without overflow, float64: what metrics are computed from.
double sigmoid(double logit);

/// The probability that decisions are made on and that outputs show: 1 / (1 + exp(-z)) in float32, the
/// formula and the precision of LibTorch's sigmoid in exported files. 1 from z = 24 ln 2 = 16.64 upwards, 0
/// from -88.73 downwards.
float probability(float logit);

/// The one rule for decisions: probability(logit), compared in float64, is strictly above the threshold, as
/// in Keras' BinaryAccuracy. False for NaN.
bool is_positive(float logit, double threshold);

}  // namespace bernoulli
