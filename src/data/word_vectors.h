#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "text/vocabulary.h"

namespace bernoulli {

/// Vectors that somebody else trained, of the tokens that a vocabulary has.
struct WordVectors {
  std::vector<int64_t> ids;   ///< in the order of the file, each once
  std::vector<float> values;  ///< [ids, dim]
  int64_t num_vectors = 0;    ///< lines of the file
  std::string fingerprint;    ///< of its content
};

/// Reads the text form of word2vec, fastText (.vec) and GloVe, gzip or not: a line a token, the token and
/// `dim` numbers between single spaces. word2vec and fastText put a line "tokens dim" first. Tokens may hold
/// spaces, as n-grams do. They are compared with those of the vocabulary byte by byte; the first of two equal
/// ones counts.
/// @throws DataError naming file and line: another number of numbers, one that is not finite, fewer lines
/// than the first says, or no token of the vocabulary at all; IoError
WordVectors read_word_vectors(const std::filesystem::path& file, const Vocabulary& vocabulary, int64_t dim);

}  // namespace bernoulli
