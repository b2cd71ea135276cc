// A vocabulary file. What is accepted is written and read as the same tokens, each of which has its id.
#include "text/vocabulary.h"

#include "fuzz/fuzz_target.h"
#include "text/token_block.h"

namespace bernoulli {
namespace {

void vocabulary(std::string_view input) {
  const Vocabulary first = Vocabulary::parse(input, "vocabulary.txt");
  const std::string text = first.to_text();
  const Vocabulary again =
      fuzz::must_accept("a written vocabulary is read", [&] { return Vocabulary::parse(text, "again"); });
  fuzz::require(again.tokens() == first.tokens(), "tokens keep their bytes and order");
  fuzz::require(again.fingerprint() == first.fingerprint(), "equal vocabularies have one fingerprint");
  for (size_t i = 0; i < first.tokens().size(); ++i) {
    std::string token = first.tokens()[i];
    const auto id = static_cast<int32_t>(i) + kUnknownId + 1;
    fuzz::require(first.id(token) == id, "a token has its place as id");
    const size_t size = token.size();
    token.resize(size + 16, 'x');  // room that id_of_readable may read
    fuzz::require(first.id_of_readable(std::string_view(token).substr(0, size)) == id, "in short tables too");
    token.resize(size);
    fuzz::require(first.id(token + "x") != id, "another token has another id");
  }
  const TokenBlock block = join_tokens(first.tokens());
  fuzz::require(split_tokens(block.joined, block.odd) == first.tokens(), "a block holds its tokens");
}

}  // namespace

BERNOULLI_FUZZ_TARGET(vocabulary)

}  // namespace bernoulli
