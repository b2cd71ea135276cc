#pragma once

// The steps on Unicode and the masks a second time, as docs/text.md has them: character by character and
// match by match, with no thought for speed.

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

#include "text/standardize.h"

namespace bernoulli::testing {

/// Bytes of the character that begins at `at`: the table of the Unicode standard, 3-7, row by row.
inline size_t character_size(std::string_view text, size_t at) {
  struct Row {
    int first[2], second[2];
    size_t size;
  };
  constexpr Row kRows[] = {{{0xC2, 0xDF}, {0x80, 0xBF}, 2}, {{0xE0, 0xE0}, {0xA0, 0xBF}, 3},
                           {{0xE1, 0xEC}, {0x80, 0xBF}, 3}, {{0xED, 0xED}, {0x80, 0x9F}, 3},
                           {{0xEE, 0xEF}, {0x80, 0xBF}, 3}, {{0xF0, 0xF0}, {0x90, 0xBF}, 4},
                           {{0xF1, 0xF3}, {0x80, 0xBF}, 4}, {{0xF4, 0xF4}, {0x80, 0x8F}, 4}};
  const auto byte = [&](size_t i) { return i < text.size() ? int{static_cast<uint8_t>(text[i])} : -1; };
  for (const Row& row : kRows) {
    if (byte(at) < row.first[0] || byte(at) > row.first[1]) continue;
    if (byte(at + 1) < row.second[0] || byte(at + 1) > row.second[1]) return 1;
    for (size_t i = at + 2; i < at + row.size; ++i) {
      if (byte(i) < 0x80 || byte(i) > 0xBF) return 1;
    }
    return row.size;
  }
  return 1;
}

using CharacterPairs = std::map<std::string, std::string, std::less<>>;

inline CharacterPairs pairs_of(const CharacterMap& characters) {
  CharacterPairs pairs;
  for (const auto& [from, to] : characters.pairs()) pairs[from] = to;
  return pairs;
}

/// @param change(character) what becomes of it
template <typename Change>
std::string by_character(std::string_view text, const Change& change) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t size = character_size(text, at);
    out += change(text.substr(at, size));
    at += size;
  }
  return out;
}

inline bool is_one_of(std::string_view text, size_t at, std::string_view bytes) {
  return at < text.size() && bytes.find(text[at]) != std::string_view::npos;
}
inline size_t run_of(std::string_view text, size_t at, const std::string& bytes) {
  const size_t begin = at;
  while (is_one_of(text, at, bytes)) ++at;
  return at - begin;
}

inline const std::string kAlnum = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The bytes of the match that begins just at `at`; 0 where there is none.
inline size_t plain_url(std::string_view text, size_t at) {
  const std::string_view rest = text.substr(at);
  const bool begins = rest.starts_with("http://") || rest.starts_with("https://") ||
                      (rest.starts_with("www.") && (at == 0 || !is_one_of(text, at - 1, kAlnum)));
  size_t size = 0;
  while (begins && size < rest.size()) {
    const auto byte = static_cast<uint8_t>(rest[size]);
    const bool ends = byte == ' ' || (byte >= 9 && byte <= 13) || byte == '"' || byte == '<' || byte == '>' ||
                      (byte >= 0xE3 && byte <= 0xEF);
    if (ends) break;
    ++size;
  }
  return size;
}

inline size_t plain_email(std::string_view text, size_t at) {
  size_t end = at + run_of(text, at, kAlnum + "._%+-");
  if (end == at || !is_one_of(text, end, "@")) return 0;
  ++end;
  size_t label = run_of(text, end, kAlnum + "-");
  if (label == 0) return 0;
  end += label;
  size_t num_labels = 1;
  while (is_one_of(text, end, ".") && (label = run_of(text, end + 1, kAlnum + "-")) > 0) {
    end += 1 + label;
    ++num_labels;
  }
  return num_labels > 1 ? end - at : 0;
}

inline size_t plain_mention(std::string_view text, size_t at) {
  if (text[at] != '@' || (at > 0 && is_one_of(text, at - 1, kAlnum + "_"))) return 0;
  const size_t size = run_of(text, at + 1, kAlnum + "_");
  return size == 0 ? 0 : 1 + size;
}

inline size_t plain_digits(std::string_view text, size_t at) {
  static const CharacterPairs kDigits = pairs_of(CharacterMap::digits());
  const size_t begin = at;
  while (is_one_of(text, at, "0123456789") ||
         (at < text.size() && kDigits.contains(text.substr(at, character_size(text, at)))))
    at += character_size(text, at);
  return at - begin;
}

inline size_t plain_number(std::string_view text, size_t at) {
  size_t size = plain_digits(text, at);
  while (size > 0 && is_one_of(text, at + size, ".,")) {
    const size_t more = plain_digits(text, at + size + 1);
    if (more == 0) break;
    size += 1 + more;
  }
  return size;
}

inline std::string plain_mask(std::string_view text, const std::string& token,
                              size_t (*match)(std::string_view, size_t)) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    if (const size_t size = match(text, at)) {
      out += token;
      at += size;
    } else {
      out += text[at++];
    }
  }
  return out;
}

/// One step of a configuration; those that are neither on Unicode nor masks by standardize().
inline std::string plain_step(const KindConfig& step, std::string text) {
  static const CharacterPairs kLower = pairs_of(CharacterMap::lowercase());
  static const CharacterPairs kMarks = pairs_of(CharacterMap::punctuation());
  static const CharacterPairs kSpaces = pairs_of(CharacterMap::white_space());
  const auto token = step.args.value("token", std::string());
  if (step.kind == "unicode_lowercase") {
    return by_character(text, [](std::string_view c) -> std::string {
      if (c[0] >= 'A' && c[0] <= 'Z') return {static_cast<char>(c[0] + 32)};
      const auto found = kLower.find(c);
      return found == kLower.end() ? std::string(c) : found->second;
    });
  }
  if (step.kind == "strip_unicode_punctuation") {
    return by_character(text, [](std::string_view c) {
      return kMarks.contains(c) || kPunctuation.find(c) != std::string_view::npos ? "" : std::string(c);
    });
  }
  if (step.kind == "unicode_whitespace") {
    return by_character(text, [](std::string_view c) {
      return kSpaces.contains(c) || is_whitespace(c[0]) ? " " : std::string(c);
    });
  }
  if (step.kind == "mask_urls") return plain_mask(text, token, plain_url);
  if (step.kind == "mask_emails") return plain_mask(text, token, plain_email);
  if (step.kind == "mask_mentions") return plain_mask(text, token, plain_mention);
  if (step.kind == "mask_numbers") return plain_mask(text, token, plain_number);
  TextConfig one;
  one.standardize = {step};
  std::string scratch;
  standardize(standardize_steps(one), text, scratch);
  return text;
}

inline std::string plain_standardize(const TextConfig& config, std::string text) {
  for (const KindConfig& step : config.standardize) text = plain_step(step, std::move(text));
  return text;
}

}  // namespace bernoulli::testing
