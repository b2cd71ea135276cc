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
/// training and another split, with counts and a few origins. Rows are the vectorised texts of the same
/// split, in order, cut to `sequence_length` where there is one.
nlohmann::ordered_json audit_data(const DataSplits& splits, const TokenView& train,
                                  const TokenView* validation, const TokenView* test,
                                  std::optional<int64_t> sequence_length);

/// The findings that a user should see at once (leakage, empty texts, one class only), as sentences.
std::vector<std::string> audit_warnings(const nlohmann::ordered_json& audit);

}  // namespace bernoulli
