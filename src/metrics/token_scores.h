#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace bernoulli {

/// A token or n-gram of a model that is linear in its tokens, and what it adds to a logit: the logit of a
/// text of this token alone less that of an empty text.
struct TokenScore {
  std::string token;
  double score = 0;
  int64_t texts = 0;  ///< that it occurs in; 0 where no texts were read
};

/// The tokens that say most about one label; none is in both lists.
struct LabelTokens {
  std::vector<TokenScore> largest;   ///< by descending score, ties in byte order
  std::vector<TokenScore> smallest;  ///< by ascending score, ties in byte order
};

struct DecidingTokens {
  static constexpr size_t kLabels = 12;      ///< most labels that are looked at, the first ones
  static constexpr size_t kTokens = 15;      ///< most tokens of a list
  static constexpr int64_t kLeastTexts = 3;  ///< the scores of rarer tokens are noise

  std::vector<LabelTokens> labels;  ///< binary: one, of the positive label
  bool from_texts = false;  ///< tokens that kLeastTexts held-out texts have; else all of the vocabulary
  bool divided = false;     ///< a text's logit has the sum of its scores over its number of tokens
  bool hashed = false;      ///< the tokens of one bucket have one score
  int64_t left_out = 0;     ///< tokens, or buckets, that the fewest texts have: they would take too long
};

}  // namespace bernoulli
