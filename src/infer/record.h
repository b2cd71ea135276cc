#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "infer/classifier.h"
#include "infer/kept_value.h"

namespace bernoulli {

enum class RecordFormat { kJsonl, kTsv };

/// What answers have that is not the classifier's own.
struct RecordOptions {
  std::optional<DecisionRule> rule;  ///< instead of the classifier's
  std::optional<size_t> top;         ///< multi-label: so many labels, the most probable first; up to L
};

/// Writes what a classifier answers to texts, byte by byte and without objects of JSON: sound where memory
/// runs out, which in the library's destructors ends the process.
///
/// Binary {"label", "probability" (of the positive class), "logit"}; multi-label {"labels", "probabilities",
/// "logits"}, with `top` {"labels", "top": [{"label", "probability", "logit"}, ...]}, of equal ones in the
/// order of the labels. tsv: label(s), probability or probabilities, logit or logits, with `top` label,
/// probability and logit of each; tabs, line ends and backslashes of labels as \xHH.
class RecordWriter {
 public:
  /// @param classifier  outlives it
  explicit RecordWriter(const ClassifierInfo& classifier, RecordOptions options = {});
  /// Appends the record of one text as JSON, without a line end. @param logits  L of them, here and below
  void append(std::string& out, std::span<const float> logits) const;
  /// Appends a line with its newline.
  /// @param keep, kept  the columns of the input to copy and their values: in jsonl under "input", first; in
  /// tsv before the label, escaped as labels are.
  /// @param more  jsonl: members of JSON that stand behind the record's; empty: none
  void append_line(std::string& out, std::span<const float> logits, RecordFormat format,
                   std::span<const std::string> keep = {}, std::span<const KeptValue> kept = {},
                   const std::string& more = "") const;
  /// The line, in jsonl, of an example whose labels are known: {"origin", "target" (multi-label "targets":
  /// its labels), "weight" where examples have one} and the record.
  /// @param logits  of example `index`
  void append_example(std::string& out, const Dataset& dataset, size_t index,
                      std::span<const float> logits) const;
  /// The line of tsv with the names of the columns. One of `keep` that a record has too is "input NAME".
  std::string header(std::span<const std::string> keep = {}) const;

 private:
  void append_members(std::string& out, std::span<const float> logits) const;
  void append_labels(std::string& out, const Decisions& decisions) const;
  void append_top(std::string& out, std::span<const float> logits) const;
  void append_cells(std::string& out, std::span<const float> logits) const;
  bool is_binary() const { return classifier_.labels.kind == TaskConfig::Kind::kBinary; }
  const DecisionRule& rule() const { return options_.rule ? *options_.rule : classifier_.rule; }

  const ClassifierInfo& classifier_;
  RecordOptions options_;
  std::vector<std::string> labels_;  ///< in quotes
};

/// A number as JSON has it, null where it is not finite.
void append_number(std::string& out, double value);

}  // namespace bernoulli
