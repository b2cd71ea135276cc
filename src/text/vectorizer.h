#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/run_config.h"
#include "text/token_rows.h"
#include "text/vocabulary.h"

namespace bernoulli {

/// Raw text bytes to token ids. Immutable after construction and safe to share between threads.
/// The exact byte specification (standardise, split, n-grams, look-up or hash, truncate) is docs/text.md;
/// export/ writes the same specification as TorchScript.
class Vectorizer {
 public:
  /// With a vocabulary that was learned (learn_vocabulary) or read from a file.
  Vectorizer(TextConfig config, Vocabulary vocabulary);
  /// With hashed buckets: config.hash_buckets must be set.
  explicit Vectorizer(TextConfig config);

  /// Appends the ids of `text`, truncated to sequence_length where one is set, never padded.
  void append_ids(std::string_view text, std::vector<int32_t>& ids) const;

  /// All texts, in order, on `threads` threads; the result does not depend on the number of threads.
  TokenRows transform(std::span<const std::string> texts, int threads = 1) const;

  /// Rows of the embedding table: reserved ids and tokens, or 1 + buckets.
  int64_t num_ids() const;

  const TextConfig& config() const { return config_; }
  /// Null when hashing.
  const Vocabulary* vocabulary() const { return vocabulary_ ? vocabulary_.get() : nullptr; }

 private:
  TextConfig config_;
  std::shared_ptr<const Vocabulary> vocabulary_;
};

/// Counts the tokens of the texts as `config` standardises and splits them, and keeps the most frequent ones:
/// count descending, ties by token bytes descending (Keras' order; see docs/text.md).
Vocabulary learn_vocabulary(const TextConfig& config, std::span<const std::string> texts, int threads = 1);

}  // namespace bernoulli
