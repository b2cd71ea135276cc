#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "config/run_config.h"

namespace bernoulli::cli {

/// {"metric": "precision", "at_least": 0.9}, with "confidence" where it has one: what metrics.threshold
/// demands of the validation data; null where it demands nothing.
nlohmann::ordered_json threshold_demand(const ThresholdConfig& threshold);

/// Lines for people: the demand of a summary, and what validation and test data show at the fitted
/// thresholds. Empty where the summary has none.
std::string demand_text(const nlohmann::ordered_json& summary);

}  // namespace bernoulli::cli
