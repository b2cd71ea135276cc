#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "infer/classifier.h"
#include "infer/kept_value.h"

namespace bernoulli {

enum class RecordFormat { kJsonl, kTsv };

/// What answers have that is not the classifier's own.
struct RecordOptions {
  std::optional<DecisionRule> rule;  ///< instead of the classifier's
  std::optional<size_t> top;         ///< multi-label: so many labels, the most probable first; up to L
};

/// Binary {"label", "probability" (of the positive class), "logit"}; multi-label {"labels", "probabilities",
/// "logits"}, with `top` {"labels", "top": [{"label", "probability", "logit"}, ...]}, of equal ones in the
/// order of the labels.
/// @param logits L of them, one text.
nlohmann::ordered_json prediction_record(const ClassifierInfo& classifier, std::span<const float> logits,
                                         const RecordOptions& options = {});
inline nlohmann::ordered_json prediction_record(const Classifier& classifier, std::span<const float> logits,
                                                const RecordOptions& options = {}) {
  return prediction_record(classifier.info(), logits, options);
}

/// Writes what prediction_record has as JSON on one line, the same bytes without the objects: sound where
/// memory runs out, which in the library's destructors ends the process.
class RecordWriter {
 public:
  /// @param classifier  outlives it
  explicit RecordWriter(const ClassifierInfo& classifier, RecordOptions options = {});
  /// Appends the record of one text, without a line end. @param logits  L of them
  void append(std::string& out, std::span<const float> logits) const;

 private:
  void append_top(std::string& out, std::span<const float> logits) const;

  const ClassifierInfo& classifier_;
  const DecisionRule& rule() const { return options_.rule ? *options_.rule : classifier_.rule; }

  RecordOptions options_;
  std::vector<std::string> labels_;  ///< in quotes
};

/// A number as JSON has it, null where it is not finite.
void append_number(std::string& out, double value);

/// Of an example whose labels are known: {"origin", "target" (multi-label "targets": its labels), "weight"
/// where examples have one}, then what prediction_record gives.
/// @param logits  L of them, of example `index`
nlohmann::ordered_json answer_record(const Classifier& classifier, const Dataset& dataset, size_t index,
                                     std::span<const float> logits);

/// One line with its newline. tsv: label(s), probability or probabilities, logit or logits, with `top` label,
/// probability and logit of each; tabs, line ends
/// and backslashes of labels as \xHH.
/// @param keep, kept  the columns of the input to copy and their values: in jsonl under "input", first; in
/// tsv before the label, escaped as labels are.
std::string format_record(const nlohmann::ordered_json& record, RecordFormat format,
                          std::span<const std::string> keep = {}, std::span<const KeptValue> kept = {});

/// The names of the columns of tsv. One of `keep` that an answer has too is "input NAME".
std::string tsv_header(const Classifier& classifier, std::span<const std::string> keep = {},
                       const RecordOptions& options = {});

}  // namespace bernoulli
