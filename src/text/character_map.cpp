#include "text/character_map.h"

#include <algorithm>
#include <utility>

#include "core/utf8.h"
#include "text/unicode_tables.h"

namespace bernoulli {
namespace {

/// Writes 1 to 4 bytes. @return their end
char* write_utf8(char32_t code_point, char* out) {
  const auto put = [&](char32_t byte) { *out++ = static_cast<char>(byte); };
  if (code_point < 0x80) {
    put(code_point);
    return out;
  }
  const int trails = code_point < 0x800 ? 1 : code_point < 0x10000 ? 2 : 3;
  constexpr std::array<char32_t, 4> kLeads = {0, 0xC0, 0xE0, 0xF0};
  put(kLeads[static_cast<size_t>(trails)] | code_point >> (6 * trails));
  for (int i = trails - 1; i >= 0; --i) put(0x80u | ((code_point >> (6 * i)) & 0x3Fu));
  return out;
}

std::string utf8_of(char32_t code_point) {
  std::array<char, 4> bytes;
  return {bytes.data(), write_utf8(code_point, bytes.data())};
}

}  // namespace

void CharacterMap::add(char32_t from, char32_t to) {
  uint8_t& page = page_of_[from / kPageSize];
  if (page == 0) {
    page = static_cast<uint8_t>(pages_.size());
    pages_.emplace_back();
  }
  pages_[page][from % kPageSize] = to;
  begins_[static_cast<uint8_t>(utf8_of(from)[0])] = 1;
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

CharacterMap::CharacterMap(std::string name, std::span<const CodePointRange> ranges, char32_t to)
    : CharacterMap(std::move(name)) {
  for (const auto& [first, last] : ranges) {
    for (char32_t c = first; c <= last; ++c) add(c, to);
  }
}

const CharacterMap& CharacterMap::punctuation() {
  static const CharacterMap kMap("punctuation", punctuation_ranges(), kMark);
  return kMap;
}

const CharacterMap& CharacterMap::white_space() {
  static const CharacterMap kMap("white_space", white_space_ranges(), U' ');
  return kMap;
}

const CharacterMap& CharacterMap::digits() {
  static const CharacterMap kMap("digits", digit_ranges(), U'0');
  return kMap;
}

std::vector<std::pair<std::string, std::string>> CharacterMap::pairs() const {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (char32_t c = 0; c < kEnd; ++c) {
    if (const char32_t target = find(c)) pairs.emplace_back(utf8_of(c), utf8_of(target));
  }
  return pairs;
}

inline CharacterMap::Match CharacterMap::match(std::string_view text) const {
  const size_t size = utf8_sequence_length(text);
  return {size, size == 0 ? 0 : find(utf8_code_point(text, size))};
}

/// The first byte from `begin` that some mapped code point begins with, or the size.
size_t CharacterMap::next_begin(std::string_view text, size_t begin) const {
  constexpr size_t kBlock = 8;
  const auto begins = [&](size_t i) { return begins_[static_cast<uint8_t>(text[i])]; };
  for (begin = next_wide_byte(text, begin); begin + kBlock <= text.size();) {
    unsigned any = 0;  // without a branch a byte: in many languages almost none is ASCII
    for (size_t i = 0; i < kBlock; ++i) any |= begins(begin + i);
    if (any != 0) break;
    begin = next_wide_byte(text, begin + kBlock);
  }
  while (begin < text.size() && begins(begin) == 0) ++begin;
  return begin;
}

void CharacterMap::apply(std::string& text, std::string& scratch) const {
  const std::string_view in = text;
  size_t copied = 0;  // of the text, with what stands for it
  char* out = nullptr;
  const auto copy_up_to = [&](size_t end) {
    out = std::copy_n(in.data() + copied, end - copied, out);
    copied = end;
  };
  for (size_t i = next_begin(in, 0); i < in.size();) {
    if (begins_[static_cast<uint8_t>(in[i])] == 0) {
      i = next_begin(in, i + 1);
      continue;
    }
    const Match found = match({in.data() + i, in.size() - i});
    if (found.target != 0) {
      if (out == nullptr) {
        scratch.resize(in.size() / 2 * 3 + 4);  // two bytes become three at most
        out = scratch.data();
      }
      copy_up_to(i);
      out = write_utf8(found.target, out);
      copied += found.size;
    }
    i += std::max<size_t>(found.size, 1);
  }
  if (out == nullptr) return;
  copy_up_to(in.size());
  scratch.resize(static_cast<size_t>(out - scratch.data()));
  text.swap(scratch);
}

}  // namespace bernoulli
