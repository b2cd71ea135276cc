#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "config/run_config.h"
#include "optim/schedule.h"
#include "train/logit_telemetry.h"

namespace bernoulli {

/// A validation that is among the best.
struct BestEntry {
  int64_t step = 0;
  double value = 0;
};

/// The trainer's memory between two updates; with the weights, all that a resumed run needs. Holds no clock
/// readings, so that a checkpoint's bytes depend on the run alone; times are in metrics.jsonl.
struct TrainerState {
  int64_t step = 0;             ///< weight updates done
  int64_t validated_step = 0;   ///< last step after which validation and its consequences were completed
  int64_t bad_validations = 0;  ///< validations since one beat value_to_beat
  std::vector<BestEntry> best;  ///< best first, at most training.keep_best
  /// The monitored value that the next must beat by min_delta: of the last validation that did.
  std::optional<double> value_to_beat;
  /// What validations are judged at: metrics.threshold as the run began with it, whatever it is now, for only
  /// values of one kind can be compared. Absent in checkpoints of earlier versions.
  std::optional<ThresholdConfig> threshold;
  PlateauState plateau;
  double loss_sum = 0;  ///< since the last `train` event
  double loss_weight = 0;
  LogitTelemetry telemetry;  ///< since the last `train` event
};

nlohmann::ordered_json to_json(const TrainerState& state);

/// @param f_beta  metrics.f_beta, which a run does not change
/// @throws nlohmann::json::exception when a member is missing or of another type, UsageError for a threshold
/// that the configuration's schema does not take
TrainerState trainer_state_from_json(const nlohmann::ordered_json& json, double f_beta);

}  // namespace bernoulli
