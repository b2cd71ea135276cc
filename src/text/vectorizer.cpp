#include "text/vectorizer.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "core/error.h"
#include "core/memory_advice.h"
#include "core/stop.h"
#include "text/hash_words.h"
#include "text/parallel_chunks.h"
#include "text/token_packer.h"

namespace bernoulli {
namespace {

size_t checked_length(const TextConfig& config) {
  if (!config.sequence_length) return Tokenizer::kNoLimit;
  if (*config.sequence_length < 1) {
    throw UsageError(fmt::format("text.sequence_length: {} (expected 1 or more)", *config.sequence_length));
  }
  return static_cast<size_t>(*config.sequence_length);
}

/// Few languages have shorter words; where it is too low or too high, `ids` grows or has room to spare.
size_t likely_ids(const TextList& texts, size_t begin, size_t end, size_t num_widths, size_t max_ids) {
  constexpr size_t kBytesAWord = 5;
  size_t count = 0;
  for (size_t i = begin; i < end; ++i) count += std::min(texts[i].size() / kBytesAWord * num_widths, max_ids);
  return count;
}

/// The end of a block of texts that begins at `begin`.
size_t block_end(const TextList& texts, size_t begin, size_t block_bytes) {
  size_t end = begin, bytes = 0;
  while (end < texts.size() && bytes < block_bytes) bytes += texts[end++].size();
  return end;
}

/// Appends the ids of the first `max_ids` n-grams. @param fill(width, count, out) writes those of n-grams
/// 0 .. count - 1 of a width
template <typename Fill>
void append_ngrams(const std::vector<size_t>& widths, size_t num_tokens, size_t max_ids,
                   std::vector<int32_t>& ids, const Fill& fill) {
  size_t room = max_ids;
  for (const size_t width : widths) {
    const size_t count = std::min(num_tokens < width ? 0 : num_tokens - width + 1, room);
    const size_t before = ids.size();
    ids.resize(before + count);
    fill(width, count, ids.data() + before);
    room -= count;
  }
}

}  // namespace

Vectorizer::Vectorizer(TextConfig config, std::shared_ptr<const Vocabulary> vocabulary, ScanKernel kernel)
    : config_(std::move(config)),
      tokenizer_(config_, kernel),
      max_ids_(checked_length(config_)),
      // n-grams of the first width come first: with this many tokens they alone fill the row.
      max_tokens_(max_ids_ == Tokenizer::kNoLimit ? Tokenizer::kNoLimit
                                                  : max_ids_ + tokenizer_.widths().front() - 1),
      kernel_(kernel),
      buckets_(std::max<int64_t>(1, config_.hash_buckets.value_or(1))),  // a wrong number is refused later
      vocabulary_(std::move(vocabulary)) {}

Vectorizer::Vectorizer(TextConfig config, Vocabulary vocabulary, ScanKernel kernel)
    : Vectorizer(std::move(config), std::make_shared<const Vocabulary>(std::move(vocabulary)), kernel) {
  if (config_.hash_buckets) throw UsageError("text.hashing: a vectorizer that hashes takes no vocabulary");
  if (config_.max_tokens && vocabulary_->num_ids() > *config_.max_tokens) {
    throw UsageError(fmt::format(
        "text.vocabulary.max_tokens: the vocabulary has {} ids with the two reserved ones, allowed are {}",
        vocabulary_->num_ids(), *config_.max_tokens));
  }
}

Vectorizer::Vectorizer(TextConfig config, ScanKernel kernel)
    : Vectorizer(std::move(config), std::shared_ptr<const Vocabulary>(), kernel) {
  if (!config_.hash_buckets) throw UsageError("text: a vectorizer needs a vocabulary or hashing");
  if (*config_.hash_buckets < 1 || *config_.hash_buckets > std::numeric_limits<int32_t>::max() - 1) {
    throw UsageError(
        fmt::format("text.hashing.buckets: {} (expected 1 to 2147483646)", *config_.hash_buckets));
  }
}

int64_t Vectorizer::num_ids() const {
  return vocabulary_ ? vocabulary_->num_ids() : 1 + *config_.hash_buckets;
}

std::string Vectorizer::ids_fingerprint() const {
  return vocabulary_ ? vocabulary_->fingerprint() : fmt::format("hashing-{}", num_ids());
}

void Vectorizer::append_looked_up(const TokenSpans& tokens, std::vector<int32_t>& ids) const {
  append_ngrams(tokenizer_.widths(), tokens.size(), max_ids_, ids,
                [&](size_t width, size_t count, int32_t* out) {
                  vocabulary_->look_up_readable(
                      count, [&](size_t i) { return tokens.join(i, width); }, out);
                });
}

void Vectorizer::append_hashed(const TokenSpans& tokens, Buffers& buffers, std::vector<int32_t>& ids) const {
  uint32_t* const words = buffers.word_hashes.at_least(tokens.size());
  hash_words(tokens, kernel_, words);
  append_ngrams(tokenizer_.widths(), tokens.size(), max_ids_, ids,
                [&](size_t width, size_t count, int32_t* out) {
                  for (size_t i = 0; i < count; ++i) {
                    uint32_t hash = words[i];
                    for (size_t k = 1; k < width; ++k) hash = hash_append(hash, words[i + k]);
                    out[i] = buckets_.id(hash);
                  }
                });
}

void Vectorizer::append_ids(std::string_view text, Buffers& buffers, std::vector<int32_t>& ids) const {
  const TokenSpans& tokens = tokenizer_.tokens(text, max_tokens_, buffers.tokens);
  vocabulary_ ? append_looked_up(tokens, ids) : append_hashed(tokens, buffers, ids);
}

void Vectorizer::append_ids(std::string_view text, std::vector<int32_t>& ids) const {
  Buffers buffers;
  append_ids(text, buffers, ids);
}

std::vector<std::string> Vectorizer::tokens(std::string_view text) const {
  Buffers buffers;
  const TokenSpans& spans = tokenizer_.tokens(text, max_tokens_, buffers.tokens);
  std::vector<std::string> names;
  std::vector<int32_t> places;
  append_ngrams(tokenizer_.widths(), spans.size(), max_ids_, places,
                [&](size_t width, size_t count, int32_t* out) {
                  for (size_t i = 0; i < count; ++i) names.emplace_back(spans.join(i, width));
                  std::fill_n(out, count, 0);
                });
  return names;
}

std::vector<std::string> Vectorizer::tokens_at(std::string_view text, std::span<const size_t> places,
                                               Buffers& buffers) const {
  const TokenSpans& spans = tokenizer_.tokens(text, max_tokens_, buffers.tokens);
  std::vector<std::string> names;
  names.reserve(places.size());
  size_t begin = 0;  // of the n-grams of a width, which follow those of the width before
  for (const size_t width : tokenizer_.widths()) {
    const size_t count = std::min(spans.size() < width ? 0 : spans.size() - width + 1, max_ids_ - begin);
    while (names.size() < places.size() && places[names.size()] < begin + count)
      names.emplace_back(spans.join(places[names.size()] - begin, width));
    begin += count;
  }
  return names;
}

void Vectorizer::append_rows(const TextList& texts, size_t begin, size_t end, Buffers& buffers,
                             TokenRows& rows) const {
  const size_t capacity = rows.ids.capacity();
  rows.ids.reserve(rows.ids.size() + likely_ids(texts, begin, end, tokenizer_.widths().size(), max_ids_));
  if (rows.ids.capacity() > capacity)
    advise_huge_pages(rows.ids.data() + rows.ids.size(),
                      (rows.ids.capacity() - rows.ids.size()) * sizeof(int32_t));
  for (size_t i = begin; i < end; ++i) {
    throw_if_stopped();
    texts.fetch_early(i + 1);
    append_ids(texts[i], buffers, rows.ids);
    rows.end_row();
  }
}

TokenRows Vectorizer::transform(const TextList& texts, int threads) const {
  const size_t num_chunks = num_text_chunks(texts.size(), threads);
  std::vector<TokenRows> chunks(num_chunks);
  for_each_chunk(texts.size(), num_chunks, [&](size_t chunk, size_t begin, size_t end) {
    Buffers buffers;
    TokenRows rows;
    append_rows(texts, begin, end, buffers, rows);
    chunks[chunk] = std::move(rows);
  });

  TokenRows all = std::move(chunks[0]);
  for (const TokenRows& chunk : std::span(chunks).subspan(1)) {
    const int64_t before = all.offsets.back();
    for (const int64_t offset : std::span(chunk.offsets).subspan(1)) all.offsets.push_back(before + offset);
    all.ids.insert(all.ids.end(), chunk.ids.begin(), chunk.ids.end());
  }
  return all;
}

TokenView Vectorizer::transform_packed(const TextList& texts, int threads,
                                       const std::shared_ptr<SpillSpace>& space, size_t block_bytes) const {
  struct Chunk {
    Buffers buffers;
    TokenRows rows;
  };
  std::vector<Chunk> chunks(static_cast<size_t>(std::max(threads, 1)));
  TokenPacker packer(num_ids(), space);
  for (size_t begin = 0; begin < texts.size();) {
    const size_t end = block_end(texts, begin, block_bytes);
    const size_t num_chunks = num_text_chunks(end - begin, threads);
    for_each_chunk(end - begin, num_chunks, [&](size_t chunk, size_t first, size_t last) {
      Chunk& own = chunks[chunk];
      own.rows.ids.clear();
      own.rows.offsets.resize(1);
      append_rows(texts, begin + first, begin + last, own.buffers, own.rows);
    });
    for (const Chunk& chunk : std::span(chunks).first(num_chunks)) packer.append(chunk.rows);
    begin = end;
  }
  return packer.finish();
}

}  // namespace bernoulli
