#include "text/tokenizer.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "core/error.h"
#include "core/utf8.h"

namespace bernoulli {
namespace {

bool splits_characters(const TextConfig& config) {
  if (config.split == "character") return true;
  if (config.split == "whitespace") return false;
  throw UsageError(
      fmt::format("text.split: unknown value '{}' (expected whitespace or character)", config.split));
}

std::vector<size_t> checked_widths(const TextConfig& config) {
  if (config.ngrams.empty())
    throw UsageError("text.ngrams: an empty list gives no tokens (expected widths from 1)");
  std::vector<size_t> widths;
  for (const int64_t width : config.ngrams) {
    if (width < 1) throw UsageError(fmt::format("text.ngrams: {} is no width (expected 1 or more)", width));
    widths.push_back(static_cast<size_t>(width));
  }
  return widths;
}

/// Copies the characters with a space between them.
void split_characters(std::string_view text, size_t limit, TokenSpans& tokens) {
  if (text.size() > std::numeric_limits<uint32_t>::max() / 2 - TokenSpans::kReadable)
    throw DataError(fmt::format("a text of {} bytes; texts of 2 GiB or more can't be split into characters",
                                text.size()));
  char* const bytes = tokens.bytes_for(2 * text.size() + TokenSpans::kReadable);
  uint32_t* const edges = tokens.edges_for(2 * std::min(text.size(), limit));
  size_t count = 0;
  uint32_t end = 0;
  for (size_t i = 0; i < text.size() && count < limit; ++count) {
    const size_t length = std::max<size_t>(1, utf8_sequence_length(text.substr(i)));
    if (i > 0) bytes[end++] = ' ';
    edges[2 * count] = end;
    std::copy_n(text.data() + i, length, bytes + end);
    end += static_cast<uint32_t>(length);
    edges[2 * count + 1] = end;
    i += length;
  }
  std::fill_n(bytes + end, TokenSpans::kReadable, ' ');
  tokens.set_size(count);
}

}  // namespace

Tokenizer::Tokenizer(const TextConfig& config, ScanKernel kernel)
    : characters_(splits_characters(config)),
      widths_(checked_widths(config)),
      before_(standardize_steps(config)),
      kernel_(kernel) {
  if (characters_) return;
  CompiledSteps compiled = compile_steps(before_);
  before_ = std::move(compiled.before);
  plan_ = std::move(compiled.plan);
  only_maps_before_ = compiled.only_maps_before;
}

const TokenSpans& Tokenizer::tokens(std::string_view text, size_t limit, TokenBuffers& buffers) const {
  const bool nothing_before =
      before_.empty() || (only_maps_before_ && next_wide_byte(text, 0) == text.size());
  if (!nothing_before) {
    buffers.text.assign(text);
    standardize(before_, buffers.text, buffers.scratch);
    text = buffers.text;
  }
  if (characters_) {
    split_characters(text, limit, buffers.tokens);
  } else {
    scan_bytes(plan_, text, limit, kernel_, buffers.tokens);
  }
  return buffers.tokens;
}

}  // namespace bernoulli
