#include "data/column_survey.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/ascii.h"
#include "core/error.h"
#include "core/parse_number.h"
#include "core/spill.h"
#include "core/stop.h"
#include "data/data_file.h"
#include "data/json_lines.h"
#include "data/raw_example.h"
#include "data/table.h"
#include "data/table_cut.h"
#include "text/standardize.h"

namespace bernoulli {
namespace {

constexpr size_t kMostColumns = 256;

bool is_flag(std::string_view value) {
  const std::string word = lower_case(value);
  return word == "0" || word == "1" || word == "0.0" || word == "1.0" || word == "true" || word == "false";
}

bool knows(const std::vector<std::vector<std::string_view>>& tiers, const std::string& name) {
  return std::ranges::any_of(tiers,
                             [&](const auto& tier) { return std::ranges::find(tier, name) != tier.end(); });
}

/// Whether the first row names the columns, whose other rows are counted already; and how that shows.
std::pair<bool, std::string> is_header(const std::vector<std::string>& first,
                                       const std::vector<ColumnSurvey>& columns, int64_t rows) {
  for (size_t i = 0; i < first.size(); ++i) {
    const std::string &cell = first[i], name = lower_case(cell);
    if (columns[i].counts.contains(cell)) break;
    if (knows(text_column_names(), name) || knows(label_column_names(), name))
      return {true, fmt::format("the first row holds '{}'", cell)};
  }
  std::optional<std::string> apart;
  for (size_t i = 0; i < first.size(); ++i) {
    const ColumnSurvey& column = columns[i];
    if (first[i].empty()) return {false, "a field of the first row is empty"};
    if (column.counts.contains(first[i]))
      return {false, fmt::format("'{}' of the first row stands in other rows, too", first[i])};
    const bool few = !column.more_distinct && static_cast<int64_t>(column.counts.size()) * 4 <= rows;
    const bool is_number = parse_number<double>(first[i]).has_value();
    if (!is_number && (few || column.all_numbers())) apart = first[i];
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
    for (const auto& item : value) column.count(item.is_string() ? item.get<std::string>() : item.dump());
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

void ColumnSurvey::add(std::string_view value) {
  if (value.empty()) return;
  if (const std::optional<double> number = parse_number<double>(value)) {
    lowest = numbers == 0 ? *number : std::min(lowest, *number);
    highest = numbers == 0 ? *number : std::max(highest, *number);
    ++numbers;
    fractions += std::floor(*number) != *number ? 1 : 0;
  }
  ++values;
  flags += value.size() <= 5 && is_flag(value) ? 1 : 0;
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
