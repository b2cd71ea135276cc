#include "text/vocabulary.h"

#include <utility>

#include <fmt/format.h>

#include "core/error.h"
#include "core/hash.h"
#include "core/utf8.h"
#include "text/token_escape.h"

namespace bernoulli {
namespace {

/// Gives each token its number; the message about a fault starts with what `place(position)` says.
template <typename Place>
TokenTable index_tokens(const std::vector<std::string>& tokens, const Place& place) {
  TokenTable index;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].empty())
      throw DataError(fmt::format("{}: empty token; every id needs a token of at least one byte", place(i)));
    const auto number = static_cast<size_t>(index.add(tokens[i]));
    if (number != i) {
      throw DataError(fmt::format("{}: token '{}' was listed before, at {}; a token has one id", place(i),
                                  escape_token(tokens[i]), place(number)));
    }
  }
  return index;
}

}  // namespace

Vocabulary::Vocabulary(std::vector<std::string> tokens)
    : tokens_(std::move(tokens)), index_(index_tokens(tokens_, [](size_t i) {
        return fmt::format("vocabulary id {}", i + kFirstTokenId);
      })) {
  index_short_tokens();
}

void Vocabulary::index_short_tokens() {
  std::vector<ShortKey> keys;
  keys.reserve(tokens_.size());
  for (const std::string& token : tokens_)
    keys.push_back(token.size() <= ShortKey::kMaxBytes ? ShortKey::of(token) : ShortKey{});
  short_index_ = ShortTokenIndex::build(std::move(keys));
}

std::string Vocabulary::fingerprint() const {
  StreamingHash hash;
  for (const std::string& token : tokens_) hash.update_field(token);
  return hash.hex();
}

std::string Vocabulary::to_text() const {
  std::string text;
  for (const std::string& token : tokens_) text.append(escape_token(token)).push_back('\n');
  return text;
}

Vocabulary Vocabulary::parse(std::string_view text, const std::string& name) {
  const auto place = [&](size_t line) { return fmt::format("{}:{}", name, line + 1); };
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  Vocabulary vocabulary;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line = text.substr(begin, end - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);  // an editor's as well: ours is \x0d
    const EscapeResult token = unescape_token(line);
    if (!token.error.empty())
      throw DataError(fmt::format("{}: {}", place(vocabulary.tokens_.size()), token.error));
    vocabulary.tokens_.push_back(token.bytes);
    begin = end + 1;
  }
  vocabulary.index_ = index_tokens(vocabulary.tokens_, place);
  vocabulary.index_short_tokens();
  return vocabulary;
}

}  // namespace bernoulli
