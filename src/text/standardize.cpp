#include "text/standardize.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "core/ascii.h"
#include "core/error.h"
#include "text/masks.h"

namespace bernoulli {
namespace {

using Kind = StandardizeStep::Kind;

void lowercase(std::string& text) { std::transform(text.begin(), text.end(), text.begin(), lowered); }

/// is_punctuation() as a look-up, which no processor has to guess.
constexpr auto kIsPunctuation = [] {
  std::array<bool, 256> table{};
  for (size_t byte = 0; byte < table.size(); ++byte) table[byte] = is_punctuation(static_cast<char>(byte));
  return table;
}();

void strip_punctuation(std::string& text) {
  size_t kept = 0;
  for (const char c : text) {  // every byte is stored and only kept ones advance: no branch to mispredict
    text[kept] = c;
    kept += kIsPunctuation[static_cast<uint8_t>(c)] ? 0 : 1;
  }
  text.resize(kept);
}

void collapse_whitespace(std::string& text) {
  size_t kept = 0;
  bool pending = false;
  for (const char c : text) {
    if (is_whitespace(c)) {
      pending = kept > 0;
      continue;
    }
    if (pending) text[kept++] = ' ';
    pending = false;
    text[kept++] = c;
  }
  text.resize(kept);
}

/// Every match of <[^<>]*> becomes one space.
void strip_html(std::string& text) {
  size_t kept = 0;
  size_t open =
      std::string::npos;  // where, in the kept bytes, a '<' stands that no other '<' or '>' has followed
  for (const char c : text) {
    if (c == '<') open = kept;
    if (c == '>' && open != std::string::npos) {
      kept = open;
      text[kept++] = ' ';
      open = std::string::npos;
      continue;
    }
    text[kept++] = c;
  }
  text.resize(kept);
}

void replace(const StandardizeStep& step, std::string& text, std::string& scratch) {
  size_t hit = text.find(step.from);
  if (hit == std::string::npos) return;
  scratch.clear();
  size_t begin = 0;
  for (; hit != std::string::npos; hit = text.find(step.from, begin)) {
    scratch.append(text, begin, hit - begin).append(step.to);
    begin = hit + step.from.size();
  }
  scratch.append(text, begin);
  text.swap(scratch);
}

/// Takes a step of the configuration apart.
class StepList {
 public:
  explicit StepList(const KindConfig& config) : config_(config) {}

  std::vector<StandardizeStep> make() {
    const std::string& name = config_.kind;
    if (name == "lowercase") return {{Kind::kLowercase}};
    if (name == "strip_punctuation") return {{Kind::kStripPunctuation}};
    if (name == "collapse_whitespace") return {{Kind::kCollapseWhitespace}};
    if (name == "strip_html") return {{Kind::kStripHtml}};
    if (name == "replace") return {replace()};
    if (name == "unicode_lowercase") return {map(CharacterMap::lowercase()), {Kind::kLowercase}};
    if (name == "strip_unicode_punctuation")
      return {map(CharacterMap::punctuation()), {Kind::kStripPunctuation}};
    if (name == "unicode_whitespace") return unicode_whitespace();
    if (name == "mask_urls") return {mask(Kind::kMaskUrls)};
    if (name == "mask_emails") return {mask(Kind::kMaskEmails)};
    if (name == "mask_mentions") return {mask(Kind::kMaskMentions)};
    // All digits are masked, so that which of them stood there need not be kept.
    if (name == "mask_numbers") return {map(CharacterMap::digits()), mask(Kind::kMaskNumbers)};
    throw UsageError(fmt::format(
        "{}: unknown step '{}' (expected lowercase, unicode_lowercase, replace, strip_punctuation, "
        "strip_unicode_punctuation, collapse_whitespace, unicode_whitespace, strip_html, mask_urls, "
        "mask_emails, mask_mentions or mask_numbers)",
        place(), name));
  }

 private:
  std::string place() const {
    return config_.where.empty() ? "text.standardize" : config_.where + ": text.standardize";
  }

  StandardizeStep replace() const {
    StandardizeStep step{Kind::kReplace, config_.args.value("from", ""), config_.args.value("to", "")};
    if (step.from.empty())
      throw UsageError(
          fmt::format("{}: replace looks for an empty string; write replace: [from, to]", place()));
    return step;
  }

  StandardizeStep mask(Kind kind) const {
    StandardizeStep step{kind, "", config_.args.value("token", "")};
    if (step.to.empty())
      throw UsageError(fmt::format("{0}: {1} has no token; write {1}: TOKEN", place(), config_.kind));
    return step;
  }

  static StandardizeStep map(const CharacterMap& characters) {
    return {Kind::kMapCharacters, "", "", &characters};
  }

  static std::vector<StandardizeStep> unicode_whitespace() {
    std::vector<StandardizeStep> steps = {map(CharacterMap::white_space())};
    for (const char c : kWhitespace.substr(1)) steps.push_back({Kind::kReplace, std::string(1, c), " "});
    return steps;
  }

  const KindConfig& config_;
};

}  // namespace

int64_t count_words(std::string_view text) {
  int64_t words = 0;
  bool inside = false;
  for (const char c : text) {
    const bool space = is_whitespace(c);
    words += !space && !inside ? 1 : 0;
    inside = !space;
  }
  return words;
}

std::vector<StandardizeStep> standardize_steps(const TextConfig& config) {
  std::vector<StandardizeStep> steps;
  for (const KindConfig& step : config.standardize) {
    for (StandardizeStep& part : StepList(step).make()) steps.push_back(std::move(part));
  }
  return steps;
}

void standardize(const std::vector<StandardizeStep>& steps, std::string& text, std::string& scratch) {
  for (const StandardizeStep& step : steps) {
    switch (step.kind) {
      case Kind::kLowercase:
        lowercase(text);
        break;
      case Kind::kReplace:
        replace(step, text, scratch);
        break;
      case Kind::kStripPunctuation:
        strip_punctuation(text);
        break;
      case Kind::kCollapseWhitespace:
        collapse_whitespace(text);
        break;
      case Kind::kStripHtml:
        strip_html(text);
        break;
      case Kind::kMapCharacters:
        step.characters->apply(text, scratch);
        break;
      case Kind::kMaskUrls:
        mask_urls(step.to, text, scratch);
        break;
      case Kind::kMaskEmails:
        mask_emails(step.to, text, scratch);
        break;
      case Kind::kMaskMentions:
        mask_mentions(step.to, text, scratch);
        break;
      case Kind::kMaskNumbers:
        mask_numbers(step.to, text, scratch);
        break;
    }
  }
}

}  // namespace bernoulli
