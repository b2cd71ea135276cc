#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <c10/core/Device.h>

#include "config/run_config.h"
#include "stability/stress.h"
#include "train/prepare.h"

namespace bernoulli::stability {

/// What one mode saw in one weight update.
struct PairedStep {
  int64_t step = 0;          ///< from 1
  double loss = 0;           ///< mean over the batch, in this mode
  LogitTelemetry telemetry;  ///< dead is asked of this mode's loss
  double update_norm = 0;    ///< 2-norm of the change of all parameters
  /// |g - g of the first mode| / |g of the first mode|, after clipping; absent where one of them has ended.
  std::optional<double> gradient_difference;
};

/// A mode's part of a paired training.
struct ModeRun {
  LossConfig::Mode mode{};
  std::vector<PairedStep> series;  ///< about 80: the first, the last, and evenly spaced ones between
  LogitTelemetry total;            ///< over all updates
  std::optional<int64_t>
      first_weight_difference;  ///< update after which a weight differs from the first mode's
  std::optional<int64_t> first_loss_difference;  ///< update whose loss differs by more than 1e-3
  std::optional<int64_t> stopped_at;             ///< update that was refused as not finite
  std::string stop_reason;
  std::vector<float> logits;           ///< of the evaluation set, after the last update
  double accuracy = 0;                 ///< of decisions at probability 1/2
  double log_loss = 0;                 ///< nats, from the logits in float64: one yardstick for all modes
  std::vector<double> label_accuracy;  ///< a label; multi-label only, NaN: not defined
};

/// All modes in lock-step under one seed. The first mode is what the others are compared with.
struct PairedRun {
  uint64_t seed = 0;
  int64_t steps = 0;
  std::vector<ModeRun> modes;
};

struct PairedSettings {
  std::vector<LossConfig::Mode> modes;
  Stress stress;
  uint64_t seed = 0;
  int64_t steps = 0;
  c10::Device device{c10::kCPU};
  /// Called after each update of all modes; may throw to stop.
  std::function<void(int64_t step)> progress = {};
};

/// Trains the modes side by side through ReferenceStep: same initial weights, batches and dropout masks,
/// because all three are functions of (seed, step). Without validation in between: no early stopping, no
/// plateau. A mode whose loss or gradient stops being finite is left where it is; the others go on.
/// @param evaluation  what the final figures are measured on.
/// @throws UsageError naming the stress and why it does not apply to the model.
PairedRun run_paired(const RunConfig& config, const PreparedRun& prepared, const EncodedDataset& evaluation,
                     const PairedSettings& settings);

}  // namespace bernoulli::stability
