#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "data/dataset.h"
#include "text/token_view.h"

namespace bernoulli {

/// What data.json holds: per split counts, label balance, text lengths in bytes and tokens, duplicates, empty
/// texts, repeated texts with other labels, unknown-token rate, fingerprint; and texts that stand in both the
/// training and another split, letter for letter or but for case, punctuation and white space, with counts
/// and a few origins; of data with groups how many each split has, and those that stand in both; the files of
/// a source of several, and the labels that task.min_count leaves out. Rows are the vectorised texts of the
/// same split, in order, cut to `sequence_length` where there is one.
nlohmann::ordered_json audit_data(const DataSplits& splits, const TokenView& train,
                                  const TokenView* validation, const TokenView* test,
                                  std::optional<int64_t> sequence_length);

/// Texts of `other` that stand in the training data too, letter for letter, but for empty ones, which teach
/// nothing: {"texts": how many, "examples": [[origin there, origin here], ...]}.
nlohmann::ordered_json overlap(const Dataset& train, const Dataset& other);

/// What an overlap means for figures of `num_examples` texts, as a sentence; empty where there is none.
/// @param name  of their split, such as "test", or empty
std::string overlap_warning(const std::string& name, const nlohmann::ordered_json& overlap,
                            int64_t num_examples);

/// Whether most tokens of the training texts are unknown to the vocabulary, which explains other faults of a
/// model.
bool knows_few_tokens(const nlohmann::ordered_json& audit);

/// The findings that a user should see at once (leakage, empty texts, one class only), as sentences.
std::vector<std::string> audit_warnings(const nlohmann::ordered_json& audit);

}  // namespace bernoulli
