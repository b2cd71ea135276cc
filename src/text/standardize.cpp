#include "text/standardize.h"

#include <array>
#include <cstdint>

#include <fmt/format.h>

#include "core/error.h"

namespace bernoulli {
namespace {

using Kind = StandardizeStep::Kind;

constexpr std::array<bool, 256> punctuation_table() {
  std::array<bool, 256> table{};
  for (const char c : kPunctuation) table[static_cast<uint8_t>(c)] = true;
  return table;
}

void lowercase(std::string& text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
}

void strip_punctuation(std::string& text) {
  static constexpr std::array<bool, 256> kIsPunctuation = punctuation_table();
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

StandardizeStep make_step(const KindConfig& config) {
  if (config.kind == "lowercase") return {Kind::kLowercase};
  if (config.kind == "strip_punctuation") return {Kind::kStripPunctuation};
  if (config.kind == "collapse_whitespace") return {Kind::kCollapseWhitespace};
  if (config.kind == "strip_html") return {Kind::kStripHtml};
  const std::string place = config.where.empty() ? "text.standardize" : config.where + ": text.standardize";
  if (config.kind != "replace") {
    throw UsageError(
        fmt::format("{}: unknown step '{}' (expected lowercase, replace, strip_punctuation, "
                    "collapse_whitespace or strip_html)",
                    place, config.kind));
  }
  StandardizeStep step{Kind::kReplace, config.args.value("from", ""), config.args.value("to", "")};
  if (step.from.empty())
    throw UsageError(fmt::format("{}: replace looks for an empty string; write replace: [from, to]", place));
  return step;
}

}  // namespace

std::vector<StandardizeStep> standardize_steps(const TextConfig& config) {
  std::vector<StandardizeStep> steps;
  steps.reserve(config.standardize.size());
  for (const KindConfig& step : config.standardize) steps.push_back(make_step(step));
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
    }
  }
}

}  // namespace bernoulli
