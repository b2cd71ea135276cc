#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "sweep/axis.h"

namespace bernoulli::sweep {

/// More are refused: a mistyped axis shall not fill a disk.
inline constexpr int64_t kMaxTrials = 10'000;

/// One key of one trial, its value in YAML.
struct Setting {
  std::string key;
  std::string value;

  bool operator==(const Setting&) const = default;
};

/// kPaused: trained to the end of its rung; kLeftBehind: others were better there, or it was never begun.
enum class TrialState { kWaiting, kRunning, kFinished, kStopped, kFailed, kPaused, kLeftBehind };

/// One training of a sweep.
struct Trial {
  int64_t number = 0;             ///< from 1
  std::vector<Setting> settings;  ///< one an axis, in their order
  TrialState state = TrialState::kWaiting;
  int exit_code = 0;         ///< of a failed one
  std::string reason;        ///< why it failed, or was left behind
  int64_t num_warnings = 0;  ///< in its log
  int64_t rung = 0;    ///< of a sweep with halving, from 1: that it is in, or got to; 0: it was never begun
  int64_t epochs = 0;  ///< to which this rung trains it; 0 without halving

  /// "001": its run folder below the folder of the sweep; with .yaml its configuration, with .log what it
  /// said.
  std::string folder() const;
  /// Whether --resume leaves it alone: a training that diverged would diverge again.
  bool is_settled() const;
};

/// What --random N --seed S ask for.
struct RandomSearch {
  int64_t count = 0;
  uint64_t seed = 0;

  bool operator==(const RandomSearch&) const = default;
};

/// What --halving asks for (sweep/halving.h).
struct Halving {
  int64_t factor = 3;     ///< one row of so many goes on to the next rung
  int64_t num_rungs = 1;  ///< the last one trains to the end
};

/// What sweep.json records.
struct Sweep {
  std::vector<Axis> axes;
  std::optional<RandomSearch> random;  ///< absent: every combination
  std::optional<std::string> rank_by;  ///< absent: training.monitor
  std::vector<Trial> trials;
  std::optional<Halving> halving = std::nullopt;  ///< absent: every trial is trained to its end
};

/// The trials of these axes: every combination, the last axis changing first; or `random->count` draws, no
/// two alike, each a function of the seed, its number and the axes, so that a larger count begins with the
/// same.
/// @throws UsageError if there are more than kMaxTrials, or fewer different ones than are to be drawn.
Sweep make_sweep(std::vector<Axis> axes, std::optional<RandomSearch> random);

nlohmann::ordered_json to_json(const Sweep& sweep);

/// @param name  of the file, for messages. @throws ArtifactError where it is not what to_json gives
Sweep sweep_from_json(const nlohmann::ordered_json& json, const std::string& name);

/// What differs between a sweep and the one that is now asked for, one a line; empty where that goes on with
/// it: the same axes, seed and factor of halving, and no fewer draws; with halving as many.
std::string sweep_differences(const Sweep& before, const Sweep& now);

}  // namespace bernoulli::sweep
