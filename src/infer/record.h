#pragma once

#include <span>
#include <string>

#include <nlohmann/json.hpp>

#include "infer/classifier.h"

namespace bernoulli {

enum class RecordFormat { kJsonl, kTsv };

/// Binary {"label", "probability" (of the positive class), "logit"}; multi-label {"labels", "probabilities",
/// "logits"}.
/// @param logits L of them, one text.
nlohmann::ordered_json prediction_record(const Classifier& classifier, std::span<const float> logits);

/// One line with its newline. tsv: label(s), probability or probabilities, logit or logits; tabs, line ends
/// and backslashes of labels as \xHH.
std::string format_record(const nlohmann::ordered_json& record, RecordFormat format);

/// The names of the columns of tsv.
std::string tsv_header(const Classifier& classifier);

}  // namespace bernoulli
