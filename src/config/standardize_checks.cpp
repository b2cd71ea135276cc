#include "config/standardize_checks.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "config/faults.h"
#include "core/ascii.h"

namespace bernoulli::config {
namespace {

using Tell = std::function<void(const std::string&, const std::string&)>;

bool lowers(const KindConfig& step) { return step.kind == "lowercase" || step.kind == "unicode_lowercase"; }
bool strips(const KindConfig& step) {
  return step.kind == "strip_punctuation" || step.kind == "strip_unicode_punctuation";
}
bool masks(const KindConfig& step) { return step.kind.starts_with("mask_"); }

bool is_bracket(char c) { return c == '<' || c == '>'; }
bool is_beyond_ascii(char c) { return (static_cast<unsigned char>(c) & 0x80u) != 0; }

/// Whether `step` changes the token of a mask that stands before it, or might: what becomes of characters
/// beyond ASCII is not known here.
bool changes(const KindConfig& step, const std::string& token) {
  const auto has = [&](bool (*is)(char)) { return std::any_of(token.begin(), token.end(), is); };
  const auto holds = [&](const std::string& text) { return token.find(text) != std::string::npos; };
  const bool knows_unicode = step.kind.starts_with("unicode_") || step.kind == "strip_unicode_punctuation" ||
                             step.kind == "mask_numbers";
  return (lowers(step) && has(is_capital)) || (strips(step) && has(is_punctuation)) ||
         (knows_unicode && has(is_beyond_ascii)) || (step.kind == "strip_html" && has(is_bracket)) ||
         (step.kind == "mask_numbers" && has(is_digit)) ||
         (step.kind == "mask_urls" && (holds("://") || holds("www."))) ||
         ((step.kind == "mask_mentions" || step.kind == "mask_emails") && holds("@")) ||
         (step.kind == "replace" && holds(step.args.value("from", " ")));
}

void check_part_of(const std::vector<KindConfig>& steps, std::string_view part, std::string_view whole,
                   const Tell& tell) {
  const auto is_there = [&](std::string_view kind) {
    return std::find_if(steps.begin(), steps.end(),
                        [&](const KindConfig& step) { return step.kind == kind; });
  };
  const auto found = is_there(part);
  if (found == steps.end() || is_there(whole) == steps.end()) return;
  tell(fmt::format("text.standardize[{}].{}", found - steps.begin(), part),
       fmt::format("is part of what {} does, which is in the list too (leave it out)", whole));
}

/// A mask that looks for punctuation, after that was deleted and nothing put in that could be it.
void check_something_is_left(const std::vector<KindConfig>& steps, size_t mask, const Tell& tell) {
  if (steps[mask].kind == "mask_numbers") return;
  for (size_t i = mask; i-- > 0 && steps[i].kind != "replace";) {
    if (!strips(steps[i])) continue;
    tell(fmt::format("text.standardize[{}].{}", mask, steps[mask].kind),
         fmt::format(
             "finds nothing after {}, which has deleted the ':', '.' and '@' that it looks for (put it "
             "before that step)",
             steps[i].kind));
    return;
  }
}

void check_token_stays(const std::vector<KindConfig>& steps, size_t mask, const Tell& tell) {
  const auto token = steps[mask].args.value("token", std::string());
  for (size_t i = mask + 1; i < steps.size(); ++i) {
    if (!changes(steps[i], token)) continue;
    tell(fmt::format("text.standardize[{}].{}.token", mask, steps[mask].kind),
         fmt::format("is {}, which {} would change afterwards (put that step before, or take a token that it "
                     "leaves as it is)",
                     quote(token), steps[i].kind));
    return;
  }
}

}  // namespace

void check_standardize(const std::vector<KindConfig>& steps, const Tell& tell) {
  check_part_of(steps, "lowercase", "unicode_lowercase", tell);
  check_part_of(steps, "strip_punctuation", "strip_unicode_punctuation", tell);
  for (size_t i = 0; i < steps.size(); ++i) {
    if (!masks(steps[i])) continue;
    check_something_is_left(steps, i, tell);
    check_token_stays(steps, i, tell);
  }
}

}  // namespace bernoulli::config
