#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "core/string_rows.h"
#include "data/dataset.h"
#include "data/encoded_dataset.h"
#include "text/vocabulary.h"

namespace bernoulli {

/// All that training needs of a configuration's data, texts turned into ids.
struct TokenizedData {
  Labels labels;
  int64_t num_ids = 0;          ///< ids are below it
  std::string vocabulary_text;  ///< Vocabulary::to_text; empty where ids are hashed
  EncodedDataset train;
  std::optional<EncodedDataset> validation;
  std::optional<EncodedDataset> test;
  std::string test_absent_reason;
  StringRows reference_texts;    ///< raw: what an exported file is checked on
  std::string reference_split;   ///< that they are: "test", else "validation", else "training"
  nlohmann::ordered_json audit;  ///< audit_data
  std::string fingerprint;       ///< of training and validation examples
};

/// The configuration's data: from the token cache where it has them, else from the sources, and then kept
/// there. Without `vocabulary` one is learned from the training texts; a resumed run has one, and the cache
/// must agree with it.
/// @throws DataError, IoError, UsageError, StopRequested
TokenizedData tokenized_data(const RunConfig& config, std::optional<Vocabulary> vocabulary, int threads);

}  // namespace bernoulli
