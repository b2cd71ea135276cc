#include "export/script_writer.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "export/script_steps.h"
#include "text/masks.h"
#include "text/standardize.h"
#include "text/tokenizer.h"

namespace bernoulli {
namespace {

using Kind = StandardizeStep::Kind;

// The end of spaced(): white space is spaces by now. Runs of them become one before the split, because a loop
// over the words that drops empty ones costs as much as looking them up. And words(): after `limit` words the
// rest of the text follows as one piece; -1 is no limit.
constexpr const char* kWords = R"(    while text.find("  ") >= 0:
        if len(text) > {long}:
            text = " ".join(text.split("  "))
        else:
            text = text.replace("  ", " ")
    return text.strip(" ")

def words(self, text: str, limit: int) -> List[str]:
    text = self.spaced(text)
    words: List[str] = []
    if len(text) > 0:
        words = text.split(" ", limit)
    return words
)";

// Unicode 15, table 3-7; the same table as core/utf8.h.
constexpr const char* kCharacters = R"(
def character_length(self, pieces: List[str], at: int) -> int:
    lead = ord(pieces[at])
    if lead < 194 or lead > 244:
        return 1
    length = 2
    low = 128
    high = 191
    if lead >= 240:
        length = 4
        if lead == 240:
            low = 144
        if lead == 244:
            high = 143
    elif lead >= 224:
        length = 3
        if lead == 224:
            low = 160
        if lead == 237:
            high = 159
    if at + length > len(pieces):
        return 1
    second = ord(pieces[at + 1])
    if second < low or second > high:
        return 1
    for i in range(at + 2, at + length):
        next = ord(pieces[i])
        if next < 128 or next > 191:
            return 1
    return length

def characters(self, text: str) -> List[str]:
    pieces = list(text)
    characters: List[str] = []
    at = 0
    while at < len(pieces):
        length = self.character_length(pieces, at)
        characters.append("".join(pieces[at:at + length]))
        at += length
    return characters
)";

// A loop over bytes is what the interpreter is slowest at: a word is hashed once for all texts of a call, and
// not by a method of its own.
constexpr const char* kWordHashes = R"(
def word_hashes(self, tokens: List[str], known: Dict[str, int]) -> List[int]:
    hashes: List[int] = []
    for token in tokens:
        h = known.get(token, -1)
        if h < 0:
            h = 2166136261
            for byte in list(token):
                h = ((h ^ ord(byte)) * 16777619) & 4294967295
            known[token] = h
        hashes.append(h)
    return hashes
)";

// Hashes of n-grams of one width more, as text/hashing.h has them: below 2^59 before they wrap at 32 bits.
constexpr const char* kLongerGrams = R"(
def longer_grams(self, grams: Tensor, words: Tensor, width: int) -> Tensor:
    count = max(words.size(0) - width + 1, 0)
    begins = torch.narrow(grams, 0, 0, count)
    ends = torch.narrow(words, 0, words.size(0) - count, count)
    return torch.bitwise_and(torch.add(torch.mul(begins, 116049371), ends), 4294967295)
)";

/// Up to so many bytes str.replace with something shorter, which moves the rest of the text at every match,
/// takes no longer than split and join, whatever the text is.
constexpr int kLongText = 4096;

/// So many tokens are taken from the list, looked up and appended by one instruction each: the interpreter
/// needs more time for an element of a loop than for looking it up.
constexpr size_t kTokensAtOnce = 25;

// The end of pad(): `length` is T. dtype 4 is int64; define() does not know torch.int64.
constexpr const char* kPad = R"(    if len(rows) == 0:
        return torch.zeros([0, length], dtype=4)
    padded: List[List[int]] = []
    for row in rows:
        padded.append(row + [0] * (length - len(row)))
    return torch.tensor(padded, dtype=4)
)";

constexpr const char* kEncode = R"(
def encode(self, texts: List[str]) -> List[List[int]]:
    rows: List[List[int]] = []
    known: Dict[str, int] = {}
    for text in texts:
        rows.append(self.token_ids(text, known))
    return rows

def vectorize(self, texts: List[str]) -> Tensor:
    return self.pad(self.encode(texts))
)";

/// Puts the methods together line by line.
class Writer {
 public:
  explicit Writer(const TextConfig& config)
      : config_(config), tokenizer_(config), steps_(standardize_steps(config)) {}

  VectorizerScript write() {
    if (config_.split == "whitespace" || has_step(Kind::kCollapseWhitespace)) add_words();
    if (config_.split == "character") script_.methods += kCharacters;
    add_step_methods();
    if (config_.hash_buckets) script_.methods += kWordHashes;
    if (config_.hash_buckets && tokenizer_.widths().back() > 1) script_.methods += kLongerGrams;
    add_token_ids();
    add_pad();
    script_.methods += kEncode;
    return std::move(script_);
  }

 private:
  bool has_step(Kind kind) const {
    return std::any_of(steps_.begin(), steps_.end(),
                       [&](const StandardizeStep& step) { return step.kind == kind; });
  }

  bool has_width(size_t width) const {
    const auto& widths = tokenizer_.widths();
    return std::find(widths.begin(), widths.end(), width) != widths.end();
  }

  void add(int depth, std::string_view line) {
    script_.methods.append(4 * static_cast<size_t>(depth), ' ').append(line).push_back('\n');
  }

  /// A literal where LibTorch can read what it prints, which holds for printable ASCII only (it prints "\v"
  /// and refuses to read it).
  std::string expression(std::string_view bytes) {
    if (!std::all_of(bytes.begin(), bytes.end(), [](char c) { return c >= ' ' && c <= '~'; })) {
      script_.byte_strings.emplace_back(bytes);
      return fmt::format("self.{}[{}]", kByteStringsAttribute, script_.byte_strings.size() - 1);
    }
    std::string literal = "\"";
    for (const char c : bytes) literal += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
    return literal + "\"";
  }

  /// str.replace is quadratic where the lengths differ; split and join are linear.
  void add_replace(std::string_view from, std::string_view to) {
    const std::string old_bytes = expression(from);
    const std::string new_bytes = expression(to);
    const std::string replace = fmt::format("text = text.replace({}, {})", old_bytes, new_bytes);
    const std::string join = fmt::format("text = {}.join(text.split({}))", new_bytes, old_bytes);
    if (from.size() == to.size()) {
      add(1, replace);
    } else if (to.size() > from.size()) {
      add(1, fmt::format("if text.find({}) >= 0:", old_bytes));
      add(2, join);
    } else {
      add(1, fmt::format("if len(text) > {}:", kLongText));
      add(2, join);
      add(1, "else:");
      add(2, replace);
    }
  }

  /// One character at a time at the same length, so that there is only one to remove.
  void add_removal_of_punctuation() {
    const std::string first(1, kPunctuation[0]);
    for (const char c : kPunctuation.substr(1)) add_replace(std::string(1, c), first);
    add_replace(first, "");
  }

  void add_step(const StandardizeStep& step) {
    switch (step.kind) {
      case Kind::kLowercase:  // not str.lower(): a host program's locale changes what it does
        for (char c = 'A'; c <= 'Z'; ++c)
          add_replace(std::string(1, c), std::string(1, static_cast<char>(c + ('a' - 'A'))));
        break;
      case Kind::kReplace:
        add_replace(step.from, step.to);
        break;
      case Kind::kStripPunctuation:
        add_removal_of_punctuation();
        break;
      case Kind::kCollapseWhitespace:
        add(1, R"(text = " ".join(self.words(text, -1)))");
        break;
      case Kind::kStripHtml:
        add(1, "text = self.strip_html(text)");
        break;
      case Kind::kMapCharacters:
        add(1, fmt::format("text = self.{}.apply(text)", character_map_module(*step.characters)));
        break;
      default:  // a mask
        add(1, fmt::format("text = self.{}(text, {})", step_method_name(step.kind), expression(step.to)));
    }
  }

  /// Each once, however often its step stands in the list.
  void add_step_methods() {
    std::set<Kind> written;
    for (const StandardizeStep& step : steps_) {
      if (step_method_name(step.kind) != nullptr && written.insert(step.kind).second)
        script_.methods +=
            step_method(step.kind, step.kind == Kind::kMaskUrls ? expression(url_bytes()) : "");
      auto& maps = script_.character_maps;
      if (step.characters != nullptr && std::find(maps.begin(), maps.end(), step.characters) == maps.end())
        maps.push_back(step.characters);
    }
  }

  /// Not str.split(): without a separator it also cuts at bytes that occur inside UTF-8 letters.
  void add_words() {
    script_.methods += "\ndef spaced(self, text: str) -> str:\n";
    for (const char c : kWhitespace) {
      if (c != ' ') add_replace(std::string(1, c), " ");
    }
    script_.methods += fmt::format(kWords, fmt::arg("long", kLongText));
  }

  /// How many tokens can have a say in the first sequence_length ids.
  std::optional<size_t> token_limit() const {
    if (!config_.sequence_length) return std::nullopt;
    return static_cast<size_t>(*config_.sequence_length) + tokenizer_.widths().front() - 1;
  }

  /// Sets `tokens`, of which the first `count` are tokens that can have a say.
  void add_tokens() {
    const std::string limit = token_limit() ? std::to_string(*token_limit()) : "-1";
    add(1, config_.split == "character" ? "tokens = self.characters(text)"
                                        : fmt::format("tokens = self.words(text, {})", limit));
    add(1, token_limit() ? fmt::format("count = min(len(tokens), {})", limit) : "count = len(tokens)");
  }

  /// "t0, t1, ...", kTokensAtOnce names.
  static std::string names_of_some() {
    std::string names;
    for (size_t i = 0; i < kTokensAtOnce; ++i) names += fmt::format("{}t{}", i == 0 ? "" : ", ", i);
    return names;
  }

  /// Appends the ids of the tokens with these names.
  void add_ids_of_some() {
    std::string ids;
    for (size_t i = 0; i < kTokensAtOnce; ++i)
      ids += fmt::format("{}vocabulary.get(t{}, 1)", i == 0 ? "" : ", ", i);
    add(2, fmt::format("ids += [{}]", ids));
  }

  void add_ids_of(std::string_view tokens) {
    add(1, fmt::format("for token in {}:", tokens));
    add(2, "ids.append(vocabulary.get(token, 1))");
  }

  /// One id for each of the first `count` tokens.
  void add_looked_up_tokens() {
    add(1, "at = 0");
    add(1, fmt::format("while at + {} <= count:", kTokensAtOnce));
    add(2, fmt::format("{} = tokens[at:at + {}]", names_of_some(), kTokensAtOnce));
    add_ids_of_some();
    add(2, fmt::format("at += {}", kTokensAtOnce));
    add_ids_of("tokens[at:count]");
  }

  /// Whether there are so few single words that cutting them off the text piece by piece, with a copy of the
  /// rest each time, costs less than a list of all.
  bool cuts_off_words() const {
    constexpr int64_t kFew = 500;
    return config_.split == "whitespace" && tokenizer_.widths() == std::vector<size_t>{1} &&
           config_.sequence_length && *config_.sequence_length <= kFew;
  }

  /// One id for each of the first sequence_length words.
  void add_looked_up_words() {
    const std::string cut = fmt::format(R"(text.split(" ", {}))", kTokensAtOnce);
    add(1, "text = self.spaced(text)");
    add(1, "tokens: List[str] = []");
    add(1, "if len(text) > 0:");
    add(2, "tokens = " + cut);
    add(1, fmt::format("while len(tokens) > {} and len(ids) <= {}:", kTokensAtOnce,
                       *config_.sequence_length - static_cast<int64_t>(kTokensAtOnce)));
    add(2, fmt::format("{}, text = tokens", names_of_some()));
    add_ids_of_some();
    add(2, "tokens = " + cut);
    add_ids_of(fmt::format("tokens[:{} - len(ids)]", *config_.sequence_length));
  }

  /// How many n-grams of a width there is room for; may be negative where the text has fewer words.
  std::string room_for(size_t width) const {
    std::string count = fmt::format("count - {}", width - 1);
    if (!config_.sequence_length) return count;
    return fmt::format("min({}, {} - len(ids))", count, *config_.sequence_length);
  }

  void add_all_looked_up() {
    if (cuts_off_words()) {
      add_looked_up_words();
      return;
    }
    add_tokens();
    for (const size_t width : tokenizer_.widths()) {
      if (width == 1) {  // the first width: there is room for `count` ids
        add_looked_up_tokens();
      } else {
        add(1, fmt::format("for begin in range({}):", room_for(width)));
        add(2, fmt::format(R"(ids.append(vocabulary.get(" ".join(tokens[begin:begin + {}]), 1)))", width));
      }
    }
  }

  /// Tensors of all n-grams of the text: a loop over them is what the interpreter is slow at.
  void add_hashed() {
    add_tokens();
    add(1, "words = torch.tensor(self.word_hashes(tokens[:count], known), dtype=4)");
    add(1, "grams = words");
    for (size_t width = 1; width <= tokenizer_.widths().back(); ++width) {
      if (width > 1) add(1, fmt::format("grams = self.longer_grams(grams, words, {})", width));
      if (!has_width(width)) continue;
      add(1, fmt::format("room{} = max({}, 0)", width, room_for(width)));
      add(1,
          fmt::format("ids{}: List[int] = torch.add(torch.remainder(torch.narrow(grams, 0, 0, room{}), {}), "
                      "1).tolist()",
                      width, width, *config_.hash_buckets));
      add(1, fmt::format("ids += ids{}", width));
    }
  }

  void add_token_ids() {
    script_.methods += "\ndef token_ids(self, text: str, known: Dict[str, int]) -> List[int]:\n";
    for (const StandardizeStep& step : steps_) add_step(step);
    add(1, "ids: List[int] = []");
    if (config_.hash_buckets) {
      add_hashed();
    } else {
      add(1, fmt::format("vocabulary = self.{}.ids", kVocabularyModule));
      add_all_looked_up();
    }
    add(1, "return ids");
  }

  void add_pad() {
    script_.methods += "\ndef pad(self, rows: List[List[int]]) -> Tensor:\n";
    add(1, fmt::format("length = {}", config_.sequence_length.value_or(1)));
    if (!config_.sequence_length) {
      add(1, "for row in rows:");
      add(2, "length = max(length, len(row))");
    }
    script_.methods += kPad;
  }

  const TextConfig& config_;
  const Tokenizer tokenizer_;
  const std::vector<StandardizeStep> steps_;
  VectorizerScript script_;
};

}  // namespace

VectorizerScript write_vectorizer_script(const TextConfig& config) { return Writer(config).write(); }

}  // namespace bernoulli
