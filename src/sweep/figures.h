#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "config/run_config.h"
#include "sweep/trial.h"

namespace bernoulli::sweep {

/// What trials are ranked by, on validation data.
struct Ranking {
  std::string metric;
  bool lower_is_better = false;

  bool better(double a, double b) const { return lower_is_better ? a < b : a > b; }
  bool operator==(const Ranking&) const = default;
};

/// Up to the rounding of float32 logits, which no setting should win by.
bool are_equal(double a, double b);

/// What a trial came to.
struct Figures {
  std::optional<double> validation;
  std::optional<double> test;
  std::string why_none;                          ///< where there is no figure of validation
  std::optional<double> seconds;                 ///< of the whole training, interruptions left out
  std::optional<int64_t> epochs = std::nullopt;  ///< trained
  bool is_final = true;                          ///< of a training that has ended, not of one on its way
  bool was_begun = true;
};

/// Of a trial whose summary.json is there; the metric may be undefined in it. The loss is that of the
/// training, before a fitted temperature or shift took its weights back.
Figures figures_of(const nlohmann::ordered_json& summary, const std::string& metric);

/// Of a training on its way, as of the end of an epoch: the validation that summary.json would be of, were
/// the training over then (the best one by training.monitor where restore_best, else the last one).
/// @param events  the text of metrics.jsonl
Figures figures_after(std::string_view events, int64_t epoch, const TrainingConfig& training,
                      const std::string& metric);

/// Of one that failed, or has not ended.
Figures figures_of(const Trial& trial);

}  // namespace bernoulli::sweep
