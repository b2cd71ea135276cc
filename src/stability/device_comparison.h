#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stability/curves.h"
#include "stability/thresholds.h"

namespace bernoulli::stability {

/// A threshold that is not the same number on the CPU and on another device.
struct ThresholdDifference {
  Threshold cpu, other;  ///< the same mode, dtype, target, event and side
  /// Steps from the one to the other through the numbers of the dtype; nothing where the event happens on one
  /// of the devices only.
  std::optional<uint64_t> numbers_apart;
};

/// The points of a curve where two devices differ most.
struct CurveDifference {
  std::string mode, dtype;
  double target;
  /// In spacings of the dtype at the CPU's value; infinity where one of the two is not finite, or another
  /// infinity.
  double loss_spacings = 0, gradient_spacings = 0;
  double loss_logit = 0, gradient_logit = 0;  ///< where that is
};

/// What was measured on another device beside the same on the CPU.
struct DeviceComparison {
  std::string device;
  int64_t num_thresholds = 0;  ///< looked for on both, whether they happen or not
  std::vector<ThresholdDifference> thresholds;
  std::vector<CurveDifference> curves;  ///< every one that was measured on both
};

/// One entry for each device but the CPU, in the order of their first threshold.
/// @throws InternalError for a threshold or a curve that the CPU lacks.
std::vector<DeviceComparison> compare_devices(const std::vector<Threshold>& thresholds,
                                              const std::vector<Curve>& curves);

/// A sentence or two: how many thresholds are the same numbers, how far the others and the curves are apart.
std::string statement(const DeviceComparison& comparison);

}  // namespace bernoulli::stability
