#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "cli/finish.h"

namespace bernoulli::cli {

/// {"accuracy", "log_loss"} on `data` of a model that answers every text with each label's share of the
/// training data. No metric of a trained model means much without them. Where each example has one of three
/// labels or more also "precision_at_1", the share of the most frequent one.
nlohmann::ordered_json baseline_of(const EncodedDataset& train, const EncodedDataset& data);

/// A warning where the model answers worse than that; empty where it does not, or where the loss moves
/// probabilities on purpose. @param summary  with "baseline" and the split that it names
std::string worse_than_baseline(const nlohmann::ordered_json& summary, const FinishedTraining& training);

/// A line for people. Empty where the summary has none.
std::string baseline_text(const nlohmann::ordered_json& summary);

}  // namespace bernoulli::cli
