#pragma once

#include <optional>
#include <string>
#include <vector>

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

namespace bernoulli::stability {

/// Where, walking from 0 towards one side, something happens for the first time.
///
/// There is one entry for each mode, target, event and side, whether the event happens or not. The side is
/// *wrong* where the sign of the logit contradicts the target ("+" for 0, "-" for 1; a soft target has two
/// wrong sides). probability_reaches_one has only "+" and probability_reaches_zero only "-": they describe
/// the sigmoid, which every mode uses (the logits mode in its gradient), before any clipping.
///
/// Events:
///   probability_reaches_one, probability_reaches_zero  sigmoid(logit) is 1, is 0
///   loss_off_1_percent, gradient_off_1_percent  wrong by more than 1 %, and by more than one spacing of the
///                                               dtype, which excuses what the dtype cannot express
///   gradient_exactly_zero  no gradient although the true one is not 0 in the dtype either
///   loss_clamped           from here to +-1024 the loss is one constant other than 0
///   not_finite             loss or gradient is infinite or NaN
struct Threshold {
  std::string mode, dtype, device;
  double target;
  std::string event;
  /// The number of the dtype at which the event holds while it does not at the neighbour nearer to 0; nothing
  /// if it does not happen up to +-1024. Exhaustive for bfloat16 and float16. For float64 and float32 1024
  /// numbers an octave are tried from 1/64 on and the last step refined to the neighbouring number: exact
  /// where an event stays once it has come, and for the two 1 % events, which flicker where rounding begins
  /// to show, the first that the scan meets.
  std::optional<double> logit;
  /// The same number from the format alone (docs/numerics.md has the derivations), nothing where there is no
  /// closed form or the event is expected not to happen.
  std::optional<double> predicted;
  std::string side;  ///< "+" or "-"
};

/// All modes with the default settings, targets 0, 1 and 0.75 (a soft one that every dtype holds exactly).
/// Measured as measure_curve does. @throws as measure_curve.
std::vector<Threshold> find_thresholds(at::ScalarType dtype, c10::Device device);

}  // namespace bernoulli::stability
