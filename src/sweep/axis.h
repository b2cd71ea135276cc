#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/random.h"

namespace bernoulli::sweep {

/// Numbers from low to high, both included, of which a random search draws.
struct Range {
  double low = 0;
  double high = 0;
  bool logarithmic = false;  ///< uniform in the logarithm
  bool whole = false;        ///< both ends are whole numbers, and so is what is drawn

  /// In YAML, of at most 6 significant digits where it is no whole number.
  std::string draw(Random& random) const;
};

/// "lo..hi" or "log:lo..hi" with numbers; absent for any other text.
/// @throws UsageError for a range that holds nothing, or that has no logarithm.
std::optional<Range> parse_range(std::string_view text);

/// One key of a configuration and what it is set to, trial by trial.
struct Axis {
  std::string key;
  std::vector<std::string> values;  ///< in YAML; of a range its text alone
  std::optional<Range> range;

  /// As it was typed: "key=a,b".
  std::string text() const;
};

/// True for a word of the command line that is an axis, unless it names a configuration file.
inline bool is_axis(std::string_view word) { return word.find('=') != std::string_view::npos; }

/// Reads "key=a,b,c" words: the key ends at the first '=', values at commas outside brackets and quotes.
/// @param overrides  of --set: none of them may be overwritten by an axis.
/// @param random  whether values are drawn: only then an axis may be a range.
/// @throws UsageError with every fault of every word, one a line.
std::vector<Axis> parse_axes(const std::vector<std::string>& words, const std::vector<std::string>& overrides,
                             bool random);

}  // namespace bernoulli::sweep
