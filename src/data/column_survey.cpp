#include "data/column_survey.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/ascii.h"
#include "core/error.h"
#include "core/parse_number.h"
#include "core/spill.h"
#include "core/stop.h"
#include "data/data_file.h"
#include "data/flags.h"
#include "data/json_lines.h"
#include "data/raw_example.h"
#include "data/table.h"
#include "data/table_cut.h"
#include "text/standardize.h"

namespace bernoulli {
namespace {

constexpr size_t kMostColumns = 256;

/// A number with a decimal comma, "-12,50", in parts.
struct CommaNumber {
  std::string_view whole, fraction;
  bool negative = false;
};

std::optional<CommaNumber> comma_number(std::string_view value) {
  CommaNumber number;
  number.negative = value.starts_with('-');
  if (number.negative || value.starts_with('+')) value.remove_prefix(1);
  const size_t comma = value.find(',');
  if (comma == std::string_view::npos) return std::nullopt;
  number.whole = value.substr(0, comma);
  number.fraction = value.substr(comma + 1);
  for (const std::string_view digits : {number.whole, number.fraction}) {
    if (digits.empty() || !std::ranges::all_of(digits, is_digit)) return std::nullopt;
  }
  return number;
}

bool is_padded(std::string_view digits) { return digits.size() > 1 && digits.front() == '0'; }

bool knows(const std::vector<std::vector<std::string_view>>& tiers, const std::string& name) {
  return std::ranges::any_of(tiers,
                             [&](const auto& tier) { return std::ranges::find(tier, name) != tier.end(); });
}

/// Whether the first row names the columns, whose other rows are counted already; and how that shows.
std::pair<bool, std::string> is_header(const std::vector<std::string>& first,
                                       const std::vector<ColumnSurvey>& columns, int64_t rows) {
  for (size_t i = 0; i < first.size(); ++i) {
    const std::string_view cell = without_outer_space(first[i]);
    const std::string name = lower_case(cell);
    if (columns[i].counts.contains(cell)) break;
    if (knows(text_column_names(), name) || knows(label_column_names(), name))
      return {true, fmt::format("the first row holds '{}'", cell)};
  }
  std::optional<std::string_view> apart;
  for (size_t i = 0; i < first.size(); ++i) {
    const ColumnSurvey& column = columns[i];
    const std::string_view cell = without_outer_space(first[i]);
    if (cell.empty()) return {false, "a field of the first row is empty"};
    if (column.counts.contains(cell))
      return {false, fmt::format("'{}' of the first row stands in other rows, too", cell)};
    const bool few = !column.more_distinct && static_cast<int64_t>(column.counts.size()) * 4 <= rows;
    const bool is_number = parse_number<double>(cell) || comma_number(cell);
    if (!is_number && (few || column.all_numbers())) apart = cell;
  }
  if (!apart) return {false, "nothing sets the first row apart from the others"};
  return {true, fmt::format("'{}' of the first row is not like the values below it", *apart)};
}

void add_rows(RowReader& reader, TableSurvey& survey) {
  while (reader.next() == RowReader::Step::kRow) {
    throw_if_stopped();
    const TableRow& row = reader.row();
    if (is_blank(row)) continue;
    ++survey.rows;
    // A row of another width is for the reader of examples to tell, with all others.
    for (size_t i = 0; i < std::min(row.cells.size(), survey.columns.size()); ++i)
      survey.columns[i].add(row.cells[i]);
  }
}

void add_json(const nlohmann::json& value, ColumnSurvey& column) {
  if (value.is_string()) {
    column.add(value.get_ref<const std::string&>());
  } else if (value.is_number() || value.is_boolean()) {
    column.add(value.dump());
  } else if (value.is_array() && std::ranges::all_of(value, [](const auto& item) {
               return item.is_string() || item.is_number() || item.is_boolean();
             })) {
    ++column.values;
    ++column.lists;
    for (const auto& item : value)
      column.count(without_outer_space(item.is_string() ? item.get<std::string>() : item.dump()));
  } else if (!value.is_null()) {
    ++column.values;
    ++column.others;
  }
}

ColumnSurvey& column_named(TableSurvey& survey, std::map<std::string, size_t>& places,
                           const std::string& name, const std::string& file) {
  const auto [place, is_new] = places.emplace(name, survey.columns.size());
  if (is_new) survey.columns.emplace_back().name = name;
  if (survey.columns.size() > kMostColumns)
    throw DataError(fmt::format("'{}': the objects have more than {} different keys", file, kMostColumns));
  return survey.columns[place->second];
}

}  // namespace

const std::vector<std::vector<std::string_view>>& text_column_names() {
  static const std::vector<std::vector<std::string_view>> names = {
      {"text",          "texts",   "review", "review_text", "reviewtext", "sentence", "comment",
       "comment_text",  "content", "body",   "message",     "tweet",      "document", "question",
       "question_text", "article", "post",   "utterance",   "phrase",     "sms"},
      {"title", "headline", "subject", "description", "summary", "abstract"}};
  return names;
}

const std::vector<std::vector<std::string_view>>& label_column_names() {
  static const std::vector<std::vector<std::string_view>> names = {
      {"label", "labels", "class", "category", "categories", "target", "sentiment", "tag", "tags", "topic",
       "topics", "intent", "polarity", "verdict"},
      {"y", "rating", "score", "stars"}};
  return names;
}

void ColumnSurvey::add(std::string_view cell) {
  const std::string_view value = without_outer_space(cell);
  if (value.empty()) return;
  if (const std::optional<double> number = parse_number<double>(value)) {
    lowest = numbers == 0 ? *number : std::min(lowest, *number);
    highest = numbers == 0 ? *number : std::max(highest, *number);
    ++numbers;
    fractions += std::floor(*number) != *number ? 1 : 0;
  } else if (comma_number(value)) {
    ++comma_numbers;
  }
  ++values;
  flags += flag_value(value) ? 1 : 0;
  bytes += static_cast<int64_t>(value.size());
  words += count_words(value);
  count(value);
}

void ColumnSurvey::count(std::string_view value) {
  if (const auto known = counts.find(value); known != counts.end()) {
    ++known->second;
  } else if (value.size() > kLongest || counts.size() >= kMostDistinct) {
    more_distinct = true;
  } else {
    counts.emplace(value, 1);
  }
}

bool ColumnSurvey::may_be_group() const {
  constexpr size_t kFewest = 10;  // of fewer, no tenth could be cut off in whole groups
  if (name.empty() || lists > 0 || others > 0 || fractions > 0 || counts.size() < kFewest) return false;
  int64_t again = 0;
  for (const auto& [value, count] : counts) again += count - 1;
  return again * 100 >= values;
}

std::string ColumnSurvey::maybe_decimal_comma() const {
  if (comma_numbers == 0 || numbers + comma_numbers != values) return "";
  const auto found =
      std::ranges::find_if(counts, [](const auto& value) { return comma_number(value.first).has_value(); });
  return found == counts.end() ? "" : found->first;
}

std::string ColumnSurvey::decimal_comma() const {
  const std::string example = maybe_decimal_comma();
  if (example.empty() || counts.size() <= 2) return "";
  std::set<std::string_view> fractions_seen, wholes;
  bool negative = false, padded_fraction = false, padded_whole = false;
  for (const auto& [value, count] : counts) {
    const std::optional<CommaNumber> number = comma_number(value);
    const std::string_view whole = number ? number->whole : std::string_view(value);
    wholes.insert(whole);
    padded_whole |= is_padded(whole);
    if (!number) continue;
    fractions_seen.insert(number->fraction);
    negative |= number->negative;
    padded_fraction |= is_padded(number->fraction);
  }
  const auto comes_again = std::ranges::count_if(
      fractions_seen, [&](const std::string_view fraction) { return wholes.contains(fraction); });
  const bool are_labels = static_cast<size_t>(comes_again) * 2 >= fractions_seen.size();
  return negative || (padded_fraction && !padded_whole) || !are_labels ? example : "";
}

TableSurvey survey_table(const std::filesystem::path& file, char usual_delimiter,
                         std::optional<bool> header) {
  const std::string name = file.string();
  const DataFile source(file, std::make_shared<SpillSpace>());
  const TableCut cut = find_table_cut(source.bytes(), name, usual_delimiter);
  if (cut.width > kMostColumns)
    throw DataError(
        fmt::format("'{}' has {} columns; leave those out that are neither text nor label (at most {})", name,
                    cut.width, kMostColumns));
  TableSurvey survey;
  if (cut.format.delimiter != usual_delimiter) {
    survey.written.delimiter = cut.format.delimiter;
    survey.delimiter_evidence = fmt::format("it cuts every row into {} fields", cut.width);
  }
  if (cut.format.quote == '\0') {
    survey.written.quote = "";
    survey.quote_evidence = "read as quotes they would not close, or run over rows";
  }
  survey.columns.resize(cut.width);
  RowReader reader(name, cut.format, "the file is broken there");
  reader.feed(source.bytes(), true);
  while (reader.next() == RowReader::Step::kRow && is_blank(reader.row())) {
  }
  const std::vector<std::string> first(reader.row().cells.begin(), reader.row().cells.end());
  add_rows(reader, survey);
  std::tie(survey.written.header, survey.header_evidence) =
      header ? std::pair(*header, std::string("--header")) : is_header(first, survey.columns, survey.rows);
  for (size_t i = 0; i < first.size(); ++i) {
    survey.columns[i].name = survey.written.header ? first[i] : std::to_string(i + 1);
    if (!survey.written.header) survey.columns[i].add(first[i]);
  }
  if (!survey.written.header) ++survey.rows;
  return survey;
}

TableSurvey survey_jsonl(const std::filesystem::path& file) {
  const DataFile source(file, std::make_shared<SpillSpace>());
  TableSurvey survey;
  std::map<std::string, size_t> places;
  each_json_line(source.bytes(), file, [&](const nlohmann::json& row, const std::string&) {
    ++survey.rows;
    for (const auto& [key, value] : row.items())
      add_json(value, column_named(survey, places, key, file.string()));
    return std::string();
  });
  return survey;
}

}  // namespace bernoulli
