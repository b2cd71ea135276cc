#include "sweep/axis.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/key_path.h"
#include "core/error.h"
#include "core/parse_number.h"

namespace bernoulli::sweep {
namespace {

std::string trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return "";
  return std::string(text.substr(begin, text.find_last_not_of(' ') + 1 - begin));
}

bool is_whole(std::string_view text) {
  return text.find_first_not_of("-0123456789") == std::string_view::npos;
}

/// Where a quoted text that begins at `begin` ends: behind its closing quote; npos where there is none.
size_t end_of_quotes(std::string_view text, size_t begin) {
  const char quote = text[begin];
  for (size_t i = begin + 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      const bool doubled = quote == '\'' && i + 1 < text.size() && text[i + 1] == quote;
      if (!doubled) return i + 1;
      ++i;
    }
  }
  return std::string_view::npos;
}

/// Parts between commas that stand outside brackets and quotes; absent where those do not match. Quotes count
/// where a YAML value can begin: it's is a plain text.
std::optional<std::vector<std::string>> split_values(std::string_view text) {
  std::vector<std::string> values;
  std::string awaited;  // the closing brackets, innermost last
  size_t begin = 0;
  bool value_may_begin = true;
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (value_may_begin && (c == '"' || c == '\'')) {
      i = end_of_quotes(text, i);
      if (i == std::string_view::npos) return std::nullopt;
      value_may_begin = false;
      continue;
    }
    if (c == '[' || c == '{') {
      awaited += c == '[' ? ']' : '}';
    } else if (c == ']' || c == '}') {
      if (awaited.empty() || awaited.back() != c) return std::nullopt;
      awaited.pop_back();
    } else if (c == ',' && awaited.empty()) {
      values.push_back(trimmed(text.substr(begin, i - begin)));
      begin = i + 1;
    }
    value_may_begin = (c == ' ' && value_may_begin) || std::string_view("[{,:").find(c) != std::string::npos;
    ++i;
  }
  if (!awaited.empty()) return std::nullopt;
  values.push_back(trimmed(text.substr(begin)));
  return values;
}

/// @throws UsageError for the first fault of this word alone
Axis parse_axis(const std::string& word, bool random) {
  const size_t equals = word.find('=');
  Axis axis{word.substr(0, equals), {}, {}};
  if (axis.key.empty()) throw UsageError("has no key before its '=' (expected key.path=a,b,c)");
  const auto values = split_values(std::string_view(word).substr(equals + 1));
  if (!values) throw UsageError("its brackets or quotes do not match");
  axis.values = *values;
  if (std::find(axis.values.begin(), axis.values.end(), "") != axis.values.end())
    throw UsageError("a value is empty (expected key.path=a,b,c; an empty text is '')");
  for (const std::string& value : axis.values) {
    axis.range = parse_range(value);
    if (!axis.range) continue;
    if (!random)
      throw UsageError(fmt::format("{} is a range, of which only --random N draws (expected values)", value));
    if (axis.values.size() > 1)
      throw UsageError(fmt::format("the range {} stands among other values (expected it alone)", value));
  }
  std::set<std::string> seen;
  for (const std::string& value : axis.values) {
    if (!seen.insert(value).second) throw UsageError(fmt::format("{} is given twice", value));
  }
  return axis;
}

}  // namespace

std::string Range::draw(Random& random) const {
  const double share = random.uniform();
  if (whole && !logarithmic)
    return fmt::format("{:.0f}", std::min(low + std::floor(share * (high - low + 1)), high));
  double value = logarithmic ? std::exp(std::log(low) + share * (std::log(high) - std::log(low)))
                             : low + share * (high - low);
  if (whole) return fmt::format("{:.0f}", std::clamp(std::round(value), low, high));
  // 6 digits: shorter to read and type, and the same where another machine's exp differs in the last bit.
  const std::string text = fmt::format("{:.6g}", value);
  value = parse_number<double>(text).value_or(value);
  return value < low ? fmt::format("{}", low) : value > high ? fmt::format("{}", high) : text;
}

std::optional<Range> parse_range(std::string_view text) {
  constexpr std::string_view kLogarithmic = "log:";
  constexpr double kLargestWhole = 0x1p53;
  std::string_view ends = text;
  Range range;
  if (ends.starts_with(kLogarithmic)) {
    range.logarithmic = true;
    ends.remove_prefix(kLogarithmic.size());
  }
  const size_t dots = ends.find("..");
  if (dots == std::string_view::npos) return std::nullopt;
  const std::string_view first = ends.substr(0, dots), last = ends.substr(dots + 2);
  const auto low = parse_number<double>(first), high = parse_number<double>(last);
  if (!low || !high) return std::nullopt;
  range.low = *low;
  range.high = *high;
  range.whole = is_whole(first) && is_whole(last) && std::abs(*low) < kLargestWhole && *high < kLargestWhole;
  if (*low >= *high)
    throw UsageError(fmt::format("the range {} is empty (expected a smaller number first)", text));
  if (range.logarithmic && *low <= 0)
    throw UsageError(fmt::format("the range {} has no logarithm (expected numbers above 0)", text));
  return range;
}

std::string Axis::text() const { return fmt::format("{}={}", key, fmt::join(values, ",")); }

std::vector<Axis> parse_axes(const std::vector<std::string>& words, const std::vector<std::string>& overrides,
                             bool random) {
  std::vector<Axis> axes;
  std::string faults;
  const auto refuse = [&](const std::string& word, const std::string& why) {
    faults += fmt::format("{}{}: {}", faults.empty() ? "" : "\n", word, why);
  };
  for (const std::string& word : words) {
    try {
      Axis axis = parse_axis(word, random);
      for (const Axis& other : axes) {
        if (axis.key == other.key) {
          refuse(word, fmt::format("the key {} has an axis already", axis.key));
        } else if (config::is_in(other.key, axis.key) || config::is_in(axis.key, other.key)) {
          refuse(word, fmt::format("it and the axis {} set the same keys", other.text()));
        }
      }
      for (const std::string& text : overrides) {
        if (config::is_in(std::string_view(text).substr(0, text.find('=')), axis.key))
          refuse(word, fmt::format("it would overwrite --set {}", text));
      }
      axes.push_back(std::move(axis));
    } catch (const UsageError& error) {
      refuse(word, error.what());
    }
  }
  if (!faults.empty()) throw UsageError(faults);
  return axes;
}

}  // namespace bernoulli::sweep
