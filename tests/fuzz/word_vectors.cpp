// Vectors of words in text form. The first byte says how many numbers a vector has.
#include "data/word_vectors.h"

#include <fmt/format.h>

#include "fuzz/fuzz_target.h"
#include "fuzz/memory_file.h"

namespace bernoulli {
namespace {

void word_vectors(std::string_view input) {
  static const fuzz::MemoryFile file, copy;
  static const Vocabulary vocabulary({"a", "film", "good film", "2"});
  if (input.empty()) return;
  const int64_t dim = 1 + static_cast<unsigned char>(input.front()) % 4;
  const WordVectors vectors = read_word_vectors(file.holding(input.substr(1)), vocabulary, dim);
  fuzz::require(vectors.values.size() == vectors.ids.size() * static_cast<size_t>(dim),
                "a vector has dim numbers");
  std::string lines = fmt::format("{} {}\n", vectors.ids.size(), dim);
  for (size_t i = 0; i < vectors.ids.size(); ++i) {
    lines += vocabulary.tokens()[static_cast<size_t>(vectors.ids[i]) - 2];
    for (int64_t k = 0; k < dim; ++k)
      lines += fmt::format(" {}", vectors.values[i * static_cast<size_t>(dim) + static_cast<size_t>(k)]);
    lines += '\n';
  }
  const WordVectors again = fuzz::must_accept(
      "written again, it is read", [&] { return read_word_vectors(copy.holding(lines), vocabulary, dim); });
  fuzz::require(again.ids == vectors.ids && again.values == vectors.values,
                "written again, it reads as the same");
}

}  // namespace

BERNOULLI_FUZZ_TARGET(word_vectors)

}  // namespace bernoulli
