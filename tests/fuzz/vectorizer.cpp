// Text bytes to ids, four ways that must agree: the one-pass scan with the processor's best instructions,
// that with AVX2, the plain C++ one, and the specification (docs/text.md) step by step below. Two bytes
// choose the configuration.
#include "text/vectorizer.h"

#include <array>
#include <map>
#include <memory>

#include "fuzz/fuzz_target.h"
#include "text/hashing.h"
#include "text/plain_steps.h"
#include "text/text_config.h"

namespace bernoulli {
namespace {

using testing::mask_step;
using testing::replace_step;
using testing::step;

const std::vector<std::vector<KindConfig>>& step_lists() {
  static const std::vector<std::vector<KindConfig>> kLists = {
      {},
      {step("lowercase"), replace_step("<br />", " "), step("strip_punctuation")},
      {step("lowercase")},
      {step("strip_punctuation")},
      {step("collapse_whitespace")},
      {step("strip_html")},
      {step("lowercase"), step("strip_html"), step("strip_punctuation")},
      {replace_step("a", "aa"), replace_step("aa", "b"), replace_step("\u00E9", "e")},
      {replace_step(std::string(1, '\0'), "\\\"'\n\t "), replace_step("\xFF", "\xC3\xA9")},
      {replace_step(" ", ""), step("lowercase")},
      {replace_step("b ", "xyz"), step("strip_punctuation")},
      {step("strip_punctuation"), replace_step("ab", "")},
      {step("strip_html"), step("collapse_whitespace"), step("lowercase"), replace_step("<br />", " ")},
      {replace_step("B", "ba a a a a a a a a a a"), step("collapse_whitespace")},
      {step("collapse_whitespace"), replace_step("a b", "\t")},
      {replace_step("\n", "b"), replace_step("'", "")},
      {step("unicode_lowercase"), replace_step("<br />", " "), step("strip_unicode_punctuation")},
      {step("unicode_whitespace"), step("unicode_lowercase"), step("collapse_whitespace")},
      {step("strip_unicode_punctuation"), step("unicode_lowercase"), step("unicode_whitespace")},
      {replace_step("k", "\u00C9"), step("unicode_lowercase"), replace_step("\xC3", "b")},
      {mask_step("mask_urls", "a b")},
      {mask_step("mask_emails", "ab"), mask_step("mask_mentions", "b")},
      {mask_step("mask_numbers", "a1 b")},
      {step("unicode_whitespace"), step("strip_html"), step("unicode_lowercase"),
       mask_step("mask_urls", "The"), mask_step("mask_emails", "\u00E9"), mask_step("mask_mentions", "xyz"),
       mask_step("mask_numbers", " a "), step("strip_unicode_punctuation")}};
  return kLists;
}

/// Bits: character split, n-grams (2), hashing, length (2).
TextConfig config_of(size_t list, unsigned bits) {
  static const std::array<std::vector<int64_t>, 4> kWidths = {{{1}, {1, 2}, {2, 3}, {1, 3}}};
  TextConfig config;
  config.standardize = step_lists()[list];
  if ((bits & 1u) != 0) config.split = "character";
  config.ngrams = kWidths[(bits >> 1) & 3u];
  if ((bits & 8u) != 0) config.hash_buckets = 1000003;
  const unsigned length = (bits >> 4) & 3u;
  if (length != 0) config.sequence_length = std::array<int64_t, 4>{0, 1, 5, 30}[length];
  return config;
}

std::vector<std::string> known_tokens() {
  std::vector<std::string> tokens = {"a",     "b",
                                     "ab",    "the",
                                     "The",   "\u00E9",
                                     "a b",   "b a",
                                     "a a",   "a b a",
                                     " ",     "< b r",
                                     "<",     "br",
                                     "/>",    "\xFF",
                                     "\xC3",  "!",
                                     "xyz",   "aab",
                                     "\n",    "\t",
                                     "\\",    "\u4F60",
                                     "e b e", std::string(1, '\0'),
                                     "a   b"};
  for (const size_t size : {7, 8, 9, 15, 16, 17, 31, 64, 65}) tokens.emplace_back(size, 'a');
  return tokens;
}

std::vector<std::string> plain_tokens(const TextConfig& config, std::string_view input) {
  const std::string text = testing::plain_standardize(config, std::string(input));
  std::vector<std::string> tokens;
  if (config.split == "character") {
    for (size_t at = 0; at < text.size(); at += tokens.back().size())
      tokens.push_back(text.substr(at, testing::character_size(text, at)));
    return tokens;
  }
  bool inside = false;
  for (const char c : text) {
    const bool space = c == ' ' || (c >= '\t' && c <= '\r');
    if (!space && !inside) tokens.emplace_back();
    if (!space) tokens.back().push_back(c);
    inside = !space;
  }
  return tokens;
}

/// Calls visit(first token, width) for all n-grams in order.
template <class Visit>
void for_each_ngram(const TextConfig& config, size_t num_tokens, const Visit& visit) {
  for (const int64_t width : config.ngrams) {
    const auto size = static_cast<size_t>(width);
    for (size_t i = 0; i + size <= num_tokens; ++i) visit(i, size);
  }
}

std::string joined(const std::vector<std::string>& tokens, size_t first, size_t width) {
  std::string ngram = tokens[first];
  for (size_t i = first + 1; i < first + width; ++i) ngram += " " + tokens[i];
  return ngram;
}

std::vector<int32_t> plain_ids(const TextConfig& config, const std::map<std::string, int32_t>& ids_by_token,
                               std::string_view text) {
  const std::vector<std::string> tokens = plain_tokens(config, text);
  std::vector<int32_t> ids;
  for_each_ngram(config, tokens.size(), [&](size_t first, size_t width) {
    if (config.hash_buckets) {
      uint32_t hash = hash_word(tokens[first]);
      for (size_t i = first + 1; i < first + width; ++i) hash = hash_append(hash, hash_word(tokens[i]));
      ids.push_back(Buckets(*config.hash_buckets).id(hash));
      return;
    }
    const auto found = ids_by_token.find(joined(tokens, first, width));
    ids.push_back(found == ids_by_token.end() ? kUnknownId : found->second);
  });
  if (config.sequence_length) ids.resize(std::min(ids.size(), static_cast<size_t>(*config.sequence_length)));
  return ids;
}

/// A configuration with its vectorizers, made once.
struct Case {
  TextConfig config;
  std::map<std::string, int32_t> ids;
  std::unique_ptr<Vectorizer> best, avx2, portable;

  explicit Case(TextConfig text) : config(std::move(text)) {
    const std::vector<std::string> tokens = known_tokens();
    for (size_t i = 0; i < tokens.size(); ++i) ids[tokens[i]] = static_cast<int32_t>(i) + kUnknownId + 1;
    const auto make = [&](ScanKernel kernel) {
      return config.hash_buckets ? std::make_unique<Vectorizer>(config, kernel)
                                 : std::make_unique<Vectorizer>(config, Vocabulary(tokens), kernel);
    };
    best = make(ScanKernel::kBest);
    avx2 = make(ScanKernel::kAvx2);
    portable = make(ScanKernel::kPortable);
  }
};

const Case& case_of(size_t list, unsigned bits) {
  static std::map<std::pair<size_t, unsigned>, std::unique_ptr<const Case>> cases;
  std::unique_ptr<const Case>& place = cases[{list, bits}];
  if (!place) place = std::make_unique<const Case>(config_of(list, bits));
  return *place;
}

/// The vocabulary of two texts, counted in a map.
void require_same_vocabulary(const TextConfig& config, std::string_view text) {
  const std::vector<std::string> texts = {std::string(text.substr(0, text.size() / 2)),
                                          std::string(text.substr(text.size() / 2))};
  std::map<std::string, int64_t> counts;
  for (const std::string& half : texts) {
    const std::vector<std::string> tokens = plain_tokens(config, half);
    for_each_ngram(config, tokens.size(),
                   [&](size_t first, size_t width) { ++counts[joined(tokens, first, width)]; });
  }
  std::vector<std::pair<int64_t, std::string>> order;
  for (const auto& [token, count] : counts) {
    if (token.size() <= kLongestLearnedToken) order.emplace_back(count, token);
  }
  std::sort(order.rbegin(), order.rend());
  for (const ScanKernel kernel : {ScanKernel::kBest, ScanKernel::kAvx2, ScanKernel::kPortable}) {
    const Vocabulary vocabulary = learn_vocabulary(config, texts, 1, kernel);
    fuzz::require(vocabulary.tokens().size() == order.size(), "every token is learned");
    for (size_t i = 0; i < order.size(); ++i)
      fuzz::require(vocabulary.tokens()[i] == order[i].second, "the order is count, then bytes, descending");
  }
}

void vectorizer(std::string_view input) {
  if (input.size() < 2) return;
  const size_t list = static_cast<uint8_t>(input[0]) % step_lists().size();
  const unsigned bits = static_cast<uint8_t>(input[1]);
  const std::string_view text = input.substr(2);
  const Case& one = case_of(list, bits & 63u);
  const std::vector<int32_t> expected = plain_ids(one.config, one.ids, text);
  for (const auto* fast : {&one.best, &one.avx2, &one.portable}) {
    std::vector<int32_t> ids;
    (*fast)->append_ids(text, ids);
    fuzz::require(ids == expected, fast == &one.best ? "the best scan gives the specification's ids"
                                                     : "every other scan gives the specification's ids");
  }
  if ((bits & 64u) != 0 && !one.config.hash_buckets) require_same_vocabulary(one.config, text);
}

}  // namespace

BERNOULLI_FUZZ_TARGET(vectorizer)

}  // namespace bernoulli
