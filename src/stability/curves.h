#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include "config/run_config.h"

namespace bernoulli::stability {

/// The modes in the order of tables and plots. Thresholds are found of all; the first three, which are one
/// function but for rounding, are drawn and trained side by side.
inline constexpr std::array kModes = {LossConfig::Mode::kBceWithLogits, LossConfig::Mode::kSigmoidBce,
                                      LossConfig::Mode::kSigmoidBceClipped,
                                      LossConfig::Mode::kFocalWithLogits};
inline constexpr auto kComparedModes = std::span(kModes).first<3>();

struct CurvePoint {
  double logit;                    ///< rounded to the dtype
  double loss;                     ///< nats, as the mode computes it in the dtype
  double gradient;                 ///< d loss / d logit by autograd
  double loss_error_ulps;          ///< |loss - reference| in spacings of the dtype at the reference
  double gradient_error_ulps;      ///< the same of the gradient, at ReferenceLoss::gradient_scale
  double loss_relative_error;      ///< |loss - reference| / |reference|; infinity where loss is not finite
  double gradient_relative_error;  ///< |gradient - reference| / ReferenceLoss::gradient_scale
};

struct Curve {
  std::string mode;
  at::ScalarType dtype;
  c10::Device device;
  double target;  ///< rounded to the dtype
  std::vector<CurvePoint> points;
};

/// The logits as a tensor [N', 1] of `dtype` on `device`, with zeros behind them up to a multiple of 64.
///
/// ATen computes long tensors with vector instructions and the last few entries with scalar ones, whose exp
/// and log may differ in the last bit. Padded, on a CPU every entry takes the vectorised way, as nearly all
/// entries of a training batch do, whatever `logits` holds beside it.
at::Tensor padded_logits(const std::vector<double>& logits, at::ScalarType dtype, c10::Device device);

/// Loss and gradient of every logit through make_loss(...)->elementwise and autograd, the code that trains,
/// on padded_logits, against reference_loss.
/// @param base smoothing, gamma and alpha; its mode and pos_weight are not used.
/// @throws InternalError for a dtype other than float64, float32, bfloat16, float16; c10::Error from the
/// device.
Curve measure_curve(const LossConfig& base, LossConfig::Mode mode, at::ScalarType dtype, double target,
                    c10::Device device, const std::vector<double>& logits);

/// -120 to 120 in steps of 1/4, which bfloat16 rounds beyond 32: the points of a curve carry the rounded
/// logits.
std::vector<double> curve_logits();

}  // namespace bernoulli::stability
