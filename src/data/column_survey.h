#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/run_config.h"

namespace bernoulli {

/// What the whole of a column, or of a key of JSON objects, shows.
struct ColumnSurvey {
  static constexpr size_t kMostDistinct = 5000;  ///< so many values are told apart
  static constexpr size_t kLongest = 128;        ///< bytes of a value that is told apart

  std::string name;     ///< of the header, or the 1-based number
  int64_t values = 0;   ///< that are there and not empty
  int64_t numbers = 0;  ///< of them
  int64_t fractions = 0;
  int64_t comma_numbers = 0;  ///< such as "0,53", which may be numbers or two labels that a comma joins
  int64_t flags = 0;          ///< 0, 1, true, false
  int64_t lists = 0;          ///< JSON arrays, whose items are counted in `counts`
  int64_t others = 0;         ///< neither strings, numbers, booleans nor such arrays
  int64_t bytes = 0, words = 0;
  double lowest = 0, highest = 0;  ///< of the numbers
  std::map<std::string, int64_t, std::less<>> counts;
  bool more_distinct = false;  ///< `counts` does not hold all values

  /// White space around a value is not part of it.
  void add(std::string_view cell);
  void count(std::string_view value);
  bool all_numbers() const { return values > 0 && numbers == values; }
  bool all_flags() const { return values > 0 && flags == values; }
  bool is_constant() const { return counts.size() == 1 && !more_distinct; }
  /// Of ten values or more, and a hundredth of what is there, or more, stands in other rows, too: they may
  /// say which rows belong together.
  bool may_be_group() const;
  /// Numbers that are no names of classes, but are compared.
  bool is_measure() const { return all_numbers() && fractions > 0 && (more_distinct || counts.size() > 2); }
  /// A value such as "3,5" where all may be numbers, with a decimal comma or without decimals; else empty.
  std::string maybe_decimal_comma() const;
  /// The same where they are no joined labels of digits: of "3,4", "4,5" and "5" at least half of what stands
  /// behind a comma comes again as a label, of "-0,53", "2,05" and "1,99" not.
  std::string decimal_comma() const;
  double mean_bytes() const { return values > 0 ? double(bytes) / double(values) : 0; }
};

/// A table or a file of JSON lines before it is known which column is what.
struct TableSurvey {
  int64_t rows = 0;
  std::vector<ColumnSurvey> columns;
  ColumnsConfig written;  ///< header, quote and delimiter, as they were found
  std::string header_evidence, quote_evidence, delimiter_evidence;  ///< empty: the usual, or no table
};

/// Names that text and label columns often have, best known first in tiers, in lower case.
const std::vector<std::vector<std::string_view>>& text_column_names();
const std::vector<std::vector<std::string_view>>& label_column_names();

/// @param header  what the user says of a first row; absent: found out.
/// @throws DataError where no delimiter cuts all rows alike; IoError, SpillError
TableSurvey survey_table(const std::filesystem::path& file, char usual_delimiter, std::optional<bool> header);
/// @throws DataError with the lines that are no JSON objects
TableSurvey survey_jsonl(const std::filesystem::path& file);

}  // namespace bernoulli
