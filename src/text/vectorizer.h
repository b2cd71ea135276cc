#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/run_config.h"
#include "core/spill.h"
#include "text/hashing.h"
#include "text/text_list.h"
#include "text/token_rows.h"
#include "text/token_view.h"
#include "text/tokenizer.h"
#include "text/vocabulary.h"

namespace bernoulli {

/// Raw text bytes to token ids. Immutable after construction and safe to share between threads.
/// The exact byte specification (standardise, split, n-grams, look-up or hash, truncate) is docs/text.md;
/// export/ writes the same specification as TorchScript.
class Vectorizer {
 public:
  /// With a vocabulary that was learned (learn_vocabulary) or read from a file.
  /// @throws UsageError where the configuration says hashing, or allows fewer ids than the vocabulary has.
  Vectorizer(TextConfig config, Vocabulary vocabulary, ScanKernel kernel = ScanKernel::kBest);
  /// With hashed buckets. @throws UsageError without config.hash_buckets.
  explicit Vectorizer(TextConfig config, ScanKernel kernel = ScanKernel::kBest);

  /// Appends the ids of `text`, truncated to sequence_length where one is set, never padded.
  /// @throws DataError for a text of 4 GiB or more (split into characters: 2 GiB).
  void append_ids(std::string_view text, std::vector<int32_t>& ids) const;

  /// The tokens and n-grams that append_ids() gives ids to, in the order of the ids.
  std::vector<std::string> tokens(std::string_view text) const;

  /// append_ids() with memory that one thread reuses from text to text.
  struct Buffers {
    TokenBuffers tokens;
    Scratch<uint32_t> word_hashes;

    size_t bytes() const { return tokens.bytes() + word_hashes.bytes(); }
  };
  void append_ids(std::string_view text, Buffers& buffers, std::vector<int32_t>& ids) const;
  /// Some of the tokens. @param places  among the ids, ascending
  std::vector<std::string> tokens_at(std::string_view text, std::span<const size_t> places,
                                     Buffers& buffers) const;

  /// All texts, in order, on `threads` threads; the result does not depend on the number of threads.
  TokenRows transform(const TextList& texts, int threads = 1) const;
  /// The same rows in as few bits as num_ids() needs, made block by block: beside the rows there is never
  /// more than a block of them in memory, and the rows lie in a file where `space` has no memory left.
  /// @throws SpillError
  TokenView transform_packed(const TextList& texts, int threads, const std::shared_ptr<SpillSpace>& space,
                             size_t block_bytes = kBlockBytes) const;
  static constexpr size_t kBlockBytes = size_t{16} << 20;  ///< of text: enough for all threads to be busy

  /// Rows of the embedding table: reserved ids and tokens, or 1 + buckets.
  int64_t num_ids() const;
  /// Changes with the meaning of any id: the vocabulary's fingerprint, or the number of hashed ids.
  std::string ids_fingerprint() const;

  const TextConfig& config() const { return config_; }
  /// Null when hashing.
  const Vocabulary* vocabulary() const { return vocabulary_.get(); }

 private:
  Vectorizer(TextConfig config, std::shared_ptr<const Vocabulary> vocabulary, ScanKernel kernel);
  /// Texts begin .. end, as rows of `rows`.
  void append_rows(const TextList& texts, size_t begin, size_t end, Buffers& buffers, TokenRows& rows) const;
  void append_looked_up(const TokenSpans& tokens, std::vector<int32_t>& ids) const;
  void append_hashed(const TokenSpans& tokens, Buffers& buffers, std::vector<int32_t>& ids) const;

  TextConfig config_;
  Tokenizer tokenizer_;
  size_t max_ids_;     ///< a text
  size_t max_tokens_;  ///< of a text that can have a say in its first max_ids_ ids
  ScanKernel kernel_;
  Buckets buckets_;  ///< of a vectorizer that hashes
  std::shared_ptr<const Vocabulary> vocabulary_;
};

inline constexpr size_t kLongestLearnedToken = 4096;  ///< bytes

/// Counts the tokens of the texts as `config` standardises and splits them, and keeps the most frequent ones:
/// count descending, ties by token bytes descending (Keras' order; see docs/text.md). Longer tokens than
/// kLongestLearnedToken are left out: one of 10 MB would be in every file of the run, and hundreds of times
/// in the self-test of the exported one.
/// @throws UsageError, DataError
Vocabulary learn_vocabulary(const TextConfig& config, const TextList& texts, int threads = 1,
                            ScanKernel kernel = ScanKernel::kBest);

}  // namespace bernoulli
