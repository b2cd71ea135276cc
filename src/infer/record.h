#pragma once

#include <span>
#include <string>

#include <nlohmann/json.hpp>

#include "infer/classifier.h"
#include "infer/kept_value.h"

namespace bernoulli {

enum class RecordFormat { kJsonl, kTsv };

/// Binary {"label", "probability" (of the positive class), "logit"}; multi-label {"labels", "probabilities",
/// "logits"}.
/// @param logits L of them, one text.
nlohmann::ordered_json prediction_record(const Classifier& classifier, std::span<const float> logits);

/// Of an example whose labels are known: {"origin", "target" (multi-label "targets": its labels), "weight"
/// where examples have one}, then what prediction_record gives.
/// @param logits  L of them, of example `index`
nlohmann::ordered_json answer_record(const Classifier& classifier, const Dataset& dataset, size_t index,
                                     std::span<const float> logits);

/// One line with its newline. tsv: label(s), probability or probabilities, logit or logits; tabs, line ends
/// and backslashes of labels as \xHH.
/// @param keep, kept  the columns of the input to copy and their values: in jsonl under "input", first; in
/// tsv before the label, escaped as labels are.
std::string format_record(const nlohmann::ordered_json& record, RecordFormat format,
                          std::span<const std::string> keep = {}, std::span<const KeptValue> kept = {});

/// The names of the columns of tsv. One of `keep` that an answer has too is "input NAME".
std::string tsv_header(const Classifier& classifier, std::span<const std::string> keep = {});

}  // namespace bernoulli
