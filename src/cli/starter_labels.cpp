#include "cli/starter_labels.h"

#include <algorithm>
#include <array>
#include <map>
#include <span>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/ascii.h"
#include "core/error.h"
#include "core/name_list.h"
#include "core/parse_number.h"
#include "data/flags.h"

namespace bernoulli::cli {
namespace {

constexpr std::array<std::string_view, 5> kMissing = {"nan", "NaN", "NAN", "<NA>", "#N/A"};
constexpr std::array<std::string_view, 7> kMaybeMissing = {"None", "null", "Null", "NULL",
                                                           "NA",   "N/A",  "n/a"};

bool is_one_of(std::span<const std::string_view> words, std::string_view label) {
  return std::ranges::find(words, label) != words.end();
}

/// "['a', 'b']", "[]", "[1, 2]", "('a',)", "{\"a\": 1}"; not "[spam]".
bool is_written_list(std::string_view cell) {
  if (cell.size() < 2) return false;
  const std::string ends = {cell.front(), cell.back()};
  if (ends != "[]" && ends != "()" && ends != "{}") return false;
  const std::string_view inside = without_outer_space(cell.substr(1, cell.size() - 2));
  if (inside.starts_with('\'') || inside.starts_with('"')) return true;
  return ends == "[]" && (inside.empty() || nlohmann::json::accept(cell));
}

void refuse_decimal_commas(const InitRequest& request, const StarterData& data) {
  const ColumnSurvey& column = *data.label_column;
  const std::string example = request.positive_above ? column.maybe_decimal_comma() : column.decimal_comma();
  if (example.empty()) return;
  std::string point = example;
  std::ranges::replace(point, ',', '.');
  throw DataError(
      fmt::format("{} holds numbers with a decimal comma, such as '{}', and training compares numbers with a "
                  "point: write '{}' (pandas: read_csv(..., decimal=',') and to_csv); labels that a comma "
                  "joins are joined by ; or | instead",
                  place_of_labels(data), example, point));
}

void check_lists(const StarterData& data, StarterConfig& starter) {
  int64_t lists = 0, all = 0;
  std::string example;
  for (const auto& [cell, count] : data.facts.labels) {
    all += count;
    if (!is_written_list(cell)) continue;
    lists += count;
    if (example.empty() || (example == "[]" && cell != "[]")) example = cell;
  }
  if (lists == 0) return;
  const std::string fault = fmt::format(
      "{}: {} of {} labels are lists as Python or JSON writes them, such as {}, and each would be one label; "
      "write JSON lines, where a label may be a list (pandas: map(ast.literal_eval), then "
      "to_json('data.jsonl', orient='records', lines=True)), or join the names: a|b",
      place_of_labels(data), lists, all, example);
  if (lists * 2 >= all) throw DataError(fault);
  starter.warnings.push_back(fault);
}

void check_missing(const StarterData& data, StarterConfig& starter) {
  size_t others = 0, numbers = 0;
  for (const auto& [label, count] : data.facts.labels) {
    if (is_one_of(kMissing, label) || is_one_of(kMaybeMissing, label)) continue;
    ++others;
    numbers += parse_number<double>(label) || flag_value(label) ? 1 : 0;
  }
  if (others == 0) return;
  const bool among_numbers = others > 1 && numbers == others;
  for (const auto& [label, count] : data.facts.labels) {
    const bool is_missing = is_one_of(kMissing, label);
    if (!is_missing && !is_one_of(kMaybeMissing, label)) continue;
    const std::string where = fmt::format("{}: '{}' is the label of {} of {} examples", place_of_labels(data),
                                          label, count, data.facts.examples);
    if (is_missing || among_numbers)
      throw DataError(
          fmt::format("{}, a word for a missing value that would be a class; fill it in, or leave these out "
                      "(pandas: dropna)",
                      where));
    starter.warnings.push_back(fmt::format(
        "{}, and is taken for a class; where it stands for a missing value, fill it in, or leave these out",
        where));
  }
}

/// What a label is but for how it is written. @param are_truth  all labels are truth values
std::string meaning_of(const std::string& label, bool are_truth) {
  if (are_truth) return *flag_value(label) ? "true" : "false";
  if (label.ends_with(".0") && parse_number<double>(label)) return label.substr(0, label.size() - 2);
  return lower_case(label);
}

}  // namespace

std::string place_of_labels(const StarterData& data) {
  return data.label_column ? fmt::format("column '{}'", data.label_column->name)
                           : fmt::format("'{}'", data.train.paths.front());
}

void check_label_cells(const InitRequest& request, const StarterData& data, StarterConfig& starter) {
  if (data.label_column && data.label_column->lists == 0) {
    refuse_decimal_commas(request, data);
    check_lists(data, starter);
  }
  if (data.columns.label_columns.empty()) check_missing(data, starter);
}

void check_label_spellings(const StarterData& data, StarterConfig& starter) {
  if (!data.columns.label_columns.empty()) return;
  const auto& labels = data.facts.labels;
  const bool are_truth =
      std::ranges::all_of(labels, [](const auto& label) { return flag_value(label.first).has_value(); });
  std::map<std::string, std::vector<std::string>> meanings;
  for (const auto& [label, count] : labels) meanings[meaning_of(label, are_truth)].push_back(label);
  if (meanings.size() == labels.size()) return;
  std::vector<std::string> groups;
  for (const auto& [meaning, written] : meanings) {
    if (written.size() > 1) groups.push_back(name_list(written));
  }
  std::string list;
  for (size_t i = 0; i < std::min(groups.size(), kMostShown); ++i) list += (i == 0 ? "" : "; ") + groups[i];
  if (groups.size() > kMostShown) list += fmt::format("; ... and {} more", groups.size() - kMostShown);
  const std::string fault = fmt::format(
      "{} holds labels that differ only in how they are written, and each would be a class, "
      "{} instead of {}: {}; write each in one way{}",
      place_of_labels(data), labels.size(), meanings.size(), list,
      are_truth ? ", such as 0 and 1" : " (pandas: str.lower())");
  if (meanings.size() <= 2 || groups.size() * 2 >= meanings.size()) throw DataError(fault);
  starter.warnings.push_back(fault);
}

}  // namespace bernoulli::cli
