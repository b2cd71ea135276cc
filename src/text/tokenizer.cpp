#include "text/tokenizer.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/error.h"
#include "text/utf8.h"

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

/// Moves the words of buffers.text together, one space between them.
void split_words(size_t limit, TokenBuffers& buffers) {
  char* const data = buffers.text.data();
  const size_t size = buffers.text.size();
  size_t kept = 0;
  for (size_t i = 0; i < size && buffers.tokens.size() < limit;) {
    while (i < size && is_whitespace(data[i])) ++i;
    if (i == size) break;
    const size_t begin = i;
    while (i < size && !is_whitespace(data[i])) ++i;
    if (kept > 0) data[kept++] = ' ';
    if (kept != begin) std::copy(data + begin, data + i, data + kept);
    buffers.tokens.emplace_back(data + kept, i - begin);
    kept += i - begin;
  }
}

/// Copies buffers.text to buffers.scratch with a space between its characters.
void split_characters(size_t limit, TokenBuffers& buffers) {
  const std::string_view text = buffers.text;
  buffers.scratch.clear();
  buffers.scratch.reserve(2 * text.size());  // views into it stay valid: at most one space a byte
  for (size_t i = 0; i < text.size() && buffers.tokens.size() < limit;) {
    const size_t length = std::max<size_t>(1, utf8_sequence_length(text.substr(i)));
    if (i > 0) buffers.scratch.push_back(' ');
    const char* const begin = buffers.scratch.data() + buffers.scratch.size();
    buffers.scratch.append(text.substr(i, length));
    buffers.tokens.emplace_back(begin, length);
    i += length;
  }
}

}  // namespace

Tokenizer::Tokenizer(const TextConfig& config)
    : steps_(standardize_steps(config)),
      characters_(splits_characters(config)),
      widths_(checked_widths(config)) {}

std::span<const std::string_view> Tokenizer::tokens(std::string_view text, size_t limit,
                                                    TokenBuffers& buffers) const {
  buffers.text.assign(text);
  buffers.tokens.clear();
  standardize(steps_, buffers.text, buffers.scratch);
  characters_ ? split_characters(limit, buffers) : split_words(limit, buffers);
  return buffers.tokens;
}

}  // namespace bernoulli
