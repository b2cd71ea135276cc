#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/standardize.h"

namespace bernoulli {

/// What a list of standardisation steps does to a text that is split at white space afterwards, as one
/// look-up a byte and at most one literal that is replaced. Reading a text once with it gives the tokens that
/// the steps, one after the other, and the split would give.
struct BytePlan {
  static constexpr uint8_t kSpace = ' ';
  static constexpr uint8_t kDeleted = '\t';  ///< free to mean this: as an output, every white space is kSpace

  /// Of each byte: kSpace, kDeleted, or the byte of a token that it becomes.
  std::array<uint8_t, 256> map{};
  /// By position, the bytes of the text that the literal matches; empty where there is none.
  std::vector<std::bitset<256>> literal;
  std::array<uint8_t, 2> literal_starts{};  ///< all bytes of literal[0]
  std::string replacement;                  ///< outputs, as in `map`, without kDeleted

  /// `map` for a scan byte by byte: with kKept where the byte is not deleted, kStartsLiteral where it could
  /// be the literal's first.
  static constexpr unsigned kKept = 1u << 8, kStartsLiteral = 1u << 9;
  std::array<uint16_t, 256> entries{};

  /// Whether the literal stands at `position`.
  bool matches(std::string_view text, size_t position) const;
  /// The first position of those in `candidates`, counted from `begin`, where the literal stands; 64: none.
  size_t first_match(std::string_view text, size_t begin, uint64_t candidates) const;
  /// Upper bound of the bytes that reading `size` bytes gives.
  size_t max_output(size_t size) const;
};

struct CompiledSteps {
  std::vector<StandardizeStep> before;  ///< to be applied one by one (`standardize`), then the plan
  BytePlan plan;
  bool only_maps_before = true;  ///< `before` changes no text of ASCII
};

/// Compiles as many of the last steps as a plan can express exactly: all, in most configurations.
CompiledSteps compile_steps(const std::vector<StandardizeStep>& steps);

}  // namespace bernoulli
