#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bernoulli {

struct CodePointRange;  // text/unicode_tables.h

/// Some code points above ASCII, and the code point that each becomes: the half of a Unicode step that bytes
/// of ASCII have no part in. What stands for a code point is never empty, so that no neighbours of it come
/// together: bytes that were no valid UTF-8 stay broken.
class CharacterMap {
 public:
  // What the steps are made of. Immutable, and made when first asked for.
  static const CharacterMap& lowercase();    ///< Unicode's simple lower-case mapping
  static const CharacterMap& punctuation();  ///< general category P*; becomes kMark
  static const CharacterMap& white_space();  ///< property White_Space; becomes a space
  static const CharacterMap& digits();       ///< general category Nd; becomes a zero

  /// What stands for punctuation until strip_punctuation deletes it.
  static constexpr char kMark = '!';

  /// For an attribute of an exported file.
  const std::string& name() const { return name_; }
  /// As UTF-8, ascending.
  std::vector<std::pair<std::string, std::string>> pairs() const;
  /// The bytes of ASCII that something becomes.
  const std::string& ascii_targets() const { return ascii_targets_; }

  /// Maps every valid UTF-8 sequence of `text`, in place; `scratch` keeps its memory from call to call.
  void apply(std::string& text, std::string& scratch) const;

 private:
  static constexpr size_t kPageSize = 64;  ///< the code points that differ in their last byte only
  static constexpr char32_t kEnd = 0x20000;

  /// What is mapped: `size` bytes of the text become `target`; 0 where the text begins with nothing that is.
  struct Match {
    size_t size;
    char32_t target;
  };

  explicit CharacterMap(std::string name) : name_(std::move(name)) {}
  /// Every code point of the ranges becomes `to`.
  CharacterMap(std::string name, std::span<const CodePointRange> ranges, char32_t to);
  void add(char32_t from, char32_t to);
  /// 0 where it stays what it is.
  char32_t find(char32_t code_point) const {
    return code_point < kEnd ? pages_[page_of_[code_point / kPageSize]][code_point % kPageSize] : 0;
  }
  Match match(std::string_view text) const;
  size_t next_begin(std::string_view text, size_t begin) const;

  std::string name_;
  std::string ascii_targets_;
  std::array<bool, 256> begins_{};  ///< by byte: whether some mapped code point begins with it
  std::array<uint8_t, kEnd / kPageSize> page_of_{};  ///< page 0 maps nothing
  std::vector<std::array<char32_t, kPageSize>> pages_ = {{}};
};

}  // namespace bernoulli
