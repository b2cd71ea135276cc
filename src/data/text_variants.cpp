#include "data/text_variants.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <string>

#include "core/ascii.h"
#include "core/hash.h"
#include "text/standardize.h"

namespace bernoulli {
namespace {

constexpr std::ptrdiff_t kMostLookedAt = 8;

/// Small letters, single spaces between words, no punctuation.
std::string normal_form(std::string_view text) {
  std::string form;
  bool after_space = false;
  for (const char c : text) {
    if (is_punctuation(c)) continue;
    if (is_whitespace(c)) {
      after_space = !form.empty();
      continue;
    }
    if (after_space) form += ' ';
    after_space = false;
    form += lowered(c);
  }
  return form;
}

}  // namespace

bool are_variants(std::string_view one, std::string_view other) {
  const std::string form = normal_form(one);
  return !form.empty() && form == normal_form(other);
}

TextVariants::TextVariants(const std::vector<std::string_view>& texts, const TokenView& rows)
    : texts_(texts) {
  by_ids_.reserve(texts.size());
  for (int64_t i = 0; i < rows.size(); ++i) {
    if (rows.row_size(i) > 0) by_ids_.emplace_back(hash_of_row(rows, i), static_cast<size_t>(i));
  }
  std::sort(by_ids_.begin(), by_ids_.end());
}

std::optional<size_t> TextVariants::find(std::string_view text, const TokenView& rows, int64_t index) {
  if (rows.row_size(index) == 0) return std::nullopt;
  const std::pair wanted(hash_of_row(rows, index), size_t{0});
  const auto first = std::lower_bound(by_ids_.begin(), by_ids_.end(), wanted);
  for (auto it = first; it != by_ids_.end() && it->first == wanted.first && it - first < kMostLookedAt;
       ++it) {
    if (are_variants(texts_[it->second], text)) return it->second;
  }
  return std::nullopt;
}

uint64_t TextVariants::hash_of_row(const TokenView& rows, int64_t index) {
  room_.resize(std::max(room_.size(), static_cast<size_t>(rows.row_size(index))));
  const std::span<const int32_t> ids = rows.row(index, room_.data());
  return hash64({reinterpret_cast<const char*>(ids.data()), ids.size_bytes()});
}

}  // namespace bernoulli
