#include "text/byte_plan.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <span>

#include "core/ascii.h"
#include "core/utf8.h"

namespace bernoulli {
namespace {

using Kind = StandardizeStep::Kind;

constexpr int kGone = -1;

bool has_whitespace(std::string_view text) {
  return text.find_first_of(kWhitespace) != std::string_view::npos;
}

/// Composes steps. Each `add` returns false where the plan can't express the step after those before it.
class Compiler {
 public:
  Compiler() {
    for (size_t i = 0; i < map_.size(); ++i) map_[i] = static_cast<int>(i);
  }

  bool add(const StandardizeStep& step) {
    switch (step.kind) {
      case Kind::kLowercase:
        for (int& output : map_) {
          if (output != kGone) output = static_cast<uint8_t>(lowered(static_cast<char>(output)));
        }
        std::transform(replacement_.begin(), replacement_.end(), replacement_.begin(), lowered);
        return true;
      case Kind::kStripPunctuation:
        for (int& output : map_) {
          if (output != kGone && is_punctuation(static_cast<char>(output))) output = kGone;
        }
        std::erase_if(replacement_, is_punctuation);
        return true;
      case Kind::kCollapseWhitespace:  // changes no token, but what a later step finds between tokens
        collapsed_ = true;
        return true;
      case Kind::kReplace:
        return add_replace(step);
      default:  // strip_html and the masks look at more than a byte, maps at characters
        return false;
    }
  }

  BytePlan plan() const {
    BytePlan plan;
    for (size_t i = 0; i < map_.size(); ++i) {
      const char output = static_cast<char>(map_[i]);
      plan.map[i] = map_[i] == kGone ? BytePlan::kDeleted : static_cast<uint8_t>(visible(output));
    }
    for (size_t i = 0; i < map_.size(); ++i)
      plan.entries[i] = plan.map[i] == BytePlan::kDeleted ? plan.map[i] : plan.map[i] | BytePlan::kKept;
    if (!literal_.empty()) {
      for (const uint8_t start : starts_) plan.entries[start] |= BytePlan::kStartsLiteral;
    }
    plan.literal = literal_;
    plan.literal_starts = starts_;
    plan.replacement = replacement_;
    std::transform(plan.replacement.begin(), plan.replacement.end(), plan.replacement.begin(), visible);
    return plan;
  }

 private:
  static char visible(char c) { return is_whitespace(c) ? static_cast<char>(BytePlan::kSpace) : c; }

  bool add_replace(const StandardizeStep& step) {
    if (collapsed_ && has_whitespace(step.from)) return false;
    if (step.from.size() == 1 && step.to.size() <= 1) {
      replace_byte(step.from[0], step.to);
      return true;
    }
    // A second literal could match what the first one put in.
    return literal_.empty() && add_literal(step);
  }

  void replace_byte(char from, const std::string& to) {
    const int output = to.empty() ? kGone : static_cast<uint8_t>(to[0]);
    std::replace(map_.begin(), map_.end(), static_cast<int>(static_cast<uint8_t>(from)), output);
    if (to.empty()) {
      std::erase(replacement_, from);
    } else {
      std::replace(replacement_.begin(), replacement_.end(), from, to[0]);
    }
  }

  bool add_literal(const StandardizeStep& step) {
    std::vector<std::bitset<256>> literal(step.from.size());
    for (size_t position = 0; position < literal.size(); ++position) {
      for (size_t byte = 0; byte < map_.size(); ++byte)
        literal[position][byte] = map_[byte] == static_cast<uint8_t>(step.from[position]);
      if (literal[position].none()) return true;  // no byte is left that could match
    }
    // Where bytes were deleted before, the literal could stand in the text with some of them in between.
    const bool deletes = std::find(map_.begin(), map_.end(), kGone) != map_.end();
    if ((deletes && literal.size() > 1) || literal[0].count() > starts_.size()) return false;
    size_t num_starts = 0;
    for (size_t byte = 0; byte < map_.size(); ++byte) {
      if (literal[0][byte])
        std::fill(starts_.begin() + static_cast<int>(num_starts++), starts_.end(),
                  static_cast<uint8_t>(byte));
    }
    literal_ = std::move(literal);
    replacement_ = step.to;
    return true;
  }

  std::array<int, 256> map_{};
  bool collapsed_ = false;
  std::vector<std::bitset<256>> literal_;
  std::array<uint8_t, 2> starts_{};
  std::string replacement_;
};

bool is_ascii(std::string_view text) { return next_wide_byte(text, 0) == text.size(); }

/// Whether it gives the same tokens to map characters before `step` as after it, broken UTF-8 included: the
/// step neither looks for what the map may put in, nor gives what the map changes, nor deletes bytes between
/// others.
bool may_go_before(const CharacterMap& characters, const StandardizeStep& step) {
  const std::string& targets = characters.ascii_targets();
  switch (step.kind) {
    case Kind::kLowercase:           // no map puts in an upper-case letter
    case Kind::kMapCharacters:       // goes ahead itself, and stays before
    case Kind::kCollapseWhitespace:  // changes no token; replacing white space after it does not compile
      return true;
    case Kind::kReplace:
      return is_ascii(step.from) && is_ascii(step.to) && !step.to.empty() &&
             step.from.find_first_of(targets) == std::string::npos;
    default:
      return false;
  }
}

std::optional<CompiledSteps> compile_all(std::span<const StandardizeStep> steps) {
  Compiler compiler;
  CompiledSteps compiled;
  for (size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].kind == Kind::kMapCharacters) {
      const auto goes_before = [&](const StandardizeStep& step) {
        return may_go_before(*steps[i].characters, step);
      };
      if (!std::all_of(steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(i), goes_before))
        return std::nullopt;
      compiled.before.push_back(steps[i]);
    } else if (!compiler.add(steps[i])) {
      return std::nullopt;
    }
  }
  compiled.plan = compiler.plan();
  return compiled;
}

}  // namespace

bool BytePlan::matches(std::string_view text, size_t position) const {
  if (text.size() - position < literal.size()) return false;
  for (size_t i = 0; i < literal.size(); ++i) {
    if (!literal[i][static_cast<uint8_t>(text[position + i])]) return false;
  }
  return true;
}

size_t BytePlan::first_match(std::string_view text, size_t begin, uint64_t candidates) const {
  for (; candidates != 0; candidates &= candidates - 1) {
    const auto at = static_cast<size_t>(std::countr_zero(candidates));
    if (matches(text, begin + at)) return at;
  }
  return 64;
}

size_t BytePlan::max_output(size_t size) const {
  if (literal.empty() || replacement.size() <= literal.size()) return size;
  return size + size / literal.size() * (replacement.size() - literal.size());
}

CompiledSteps compile_steps(const std::vector<StandardizeStep>& steps) {
  for (size_t first = 0;; ++first) {  // no steps at all compile
    if (std::optional<CompiledSteps> compiled = compile_all(std::span(steps).subspan(first))) {
      compiled->before.insert(compiled->before.begin(), steps.begin(),
                              steps.begin() + static_cast<std::ptrdiff_t>(first));
      compiled->only_maps_before = first == 0;
      return *std::move(compiled);
    }
  }
}

}  // namespace bernoulli
