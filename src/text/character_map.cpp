#include "text/character_map.h"

#include <cstring>

#include "core/utf8.h"
#include "text/unicode_tables.h"

namespace bernoulli {
namespace {

/// @param sequence valid UTF-8 of one code point above ASCII
char32_t decode(std::string_view sequence) {
  auto code_point = static_cast<char32_t>(static_cast<uint8_t>(sequence[0]) & (0x7Fu >> sequence.size()));
  for (const char c : sequence.substr(1)) code_point = code_point << 6 | (static_cast<uint8_t>(c) & 0x3Fu);
  return code_point;
}

void append_utf8(char32_t code_point, std::string& out) {
  const auto trail = [&](int shift) {
    out.push_back(static_cast<char>(0x80u | ((code_point >> shift) & 0x3Fu)));
  };
  if (code_point < 0x80) {
    out.push_back(static_cast<char>(code_point));
  } else if (code_point < 0x800) {
    out.push_back(static_cast<char>(0xC0u | (code_point >> 6)));
    trail(0);
  } else if (code_point < 0x10000) {
    out.push_back(static_cast<char>(0xE0u | (code_point >> 12)));
    trail(6);
    trail(0);
  } else {
    out.push_back(static_cast<char>(0xF0u | (code_point >> 18)));
    trail(12);
    trail(6);
    trail(0);
  }
}

}  // namespace

size_t next_wide_byte(std::string_view text, size_t begin) {
  constexpr size_t kBlock = 32;
  constexpr uint64_t kHighBits = 0x8080808080808080u;
  while (begin + kBlock <= text.size()) {
    uint64_t words[kBlock / sizeof(uint64_t)];
    std::memcpy(words, text.data() + begin, kBlock);
    if (((words[0] | words[1] | words[2] | words[3]) & kHighBits) != 0) break;
    begin += kBlock;
  }
  while (begin < text.size() && static_cast<uint8_t>(text[begin]) < 0x80) ++begin;
  return begin;
}

void CharacterMap::add(char32_t from, char32_t to) {
  uint8_t& page = page_of_[from / kPageSize];
  if (page == 0) {
    page = static_cast<uint8_t>(pages_.size());
    pages_.emplace_back();
  }
  pages_[page][from % kPageSize] = to;
  const bool is_new = to < 0x80 && ascii_targets_.find(static_cast<char>(to)) == std::string::npos;
  if (is_new) ascii_targets_.push_back(static_cast<char>(to));
}

const CharacterMap& CharacterMap::lowercase() {
  static const CharacterMap kMap = [] {
    CharacterMap map("lowercase");
    for (const CaseRange& range : lowercase_ranges()) {
      for (char32_t c = range.first; c <= range.last; c += range.stride)
        map.add(c, static_cast<char32_t>(static_cast<int32_t>(c) + range.offset));
    }
    return map;
  }();
  return kMap;
}

const CharacterMap& CharacterMap::punctuation() {
  static const CharacterMap kMap = [] {
    CharacterMap map("punctuation");
    for (const auto& [first, last] : punctuation_ranges()) {
      for (char32_t c = first; c <= last; ++c) map.add(c, kMark);
    }
    return map;
  }();
  return kMap;
}

const CharacterMap& CharacterMap::white_space() {
  static const CharacterMap kMap = [] {
    CharacterMap map("white_space");
    for (const auto& [first, last] : white_space_ranges()) {
      for (char32_t c = first; c <= last; ++c) map.add(c, U' ');
    }
    return map;
  }();
  return kMap;
}

const CharacterMap& CharacterMap::digits() {
  static const CharacterMap kMap = [] {
    CharacterMap map("digits");
    for (const auto& [first, last] : digit_ranges()) {
      for (char32_t c = first; c <= last; ++c) map.add(c, U'0');
    }
    return map;
  }();
  return kMap;
}

std::vector<std::pair<std::string, std::string>> CharacterMap::pairs() const {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (char32_t c = 0; c < kEnd; ++c) {
    if (const char32_t target = find(c)) {
      auto& [from, to] = pairs.emplace_back();
      append_utf8(c, from);
      append_utf8(target, to);
    }
  }
  return pairs;
}

void CharacterMap::apply(std::string& text, std::string& scratch) const {
  size_t copied = 0;  // of the text, with what stands for it
  scratch.clear();
  for (size_t i = next_wide_byte(text, 0); i < text.size();) {
    const std::string_view rest = std::string_view(text).substr(i);
    const size_t length = utf8_sequence_length(rest);
    if (length == 0) {
      i = next_wide_byte(text, i + 1);
      continue;
    }
    if (const char32_t target = find(decode(rest.substr(0, length)))) {
      scratch.append(text, copied, i - copied);
      append_utf8(target, scratch);
      copied = i + length;
    }
    i = next_wide_byte(text, i + length);
  }
  if (copied == 0) return;
  scratch.append(text, copied);
  text.swap(scratch);
}

}  // namespace bernoulli
