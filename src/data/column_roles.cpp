#include "data/column_roles.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/ascii.h"
#include "core/error.h"
#include "core/name_list.h"
#include "core/text_distance.h"

namespace bernoulli {
namespace {

using Columns = std::vector<const ColumnSurvey*>;

std::string distinct_values(const ColumnSurvey& column) {
  if (!column.more_distinct) return fmt::format("{} different values", column.counts.size());
  // Long ones are not counted.
  return column.counts.size() < ColumnSurvey::kMostDistinct
             ? "long values"
             : fmt::format("more than {} different values", ColumnSurvey::kMostDistinct);
}

std::string described(const ColumnSurvey& column) {
  if (column.lists > 0) return fmt::format("lists of {}", distinct_values(column));
  return fmt::format("{} in {} rows, {:.0f} bytes on average", distinct_values(column), column.values,
                     column.mean_bytes());
}

std::string candidate_list(const Columns& columns) {
  std::vector<std::string> items;
  for (const ColumnSurvey* column : columns)
    items.push_back(fmt::format("'{}' ({})", column->name, described(*column)));
  return item_list(items);
}

const ColumnSurvey& given_column(const TableSurvey& survey, const std::string& name, const char* option,
                                 const std::string& file) {
  std::vector<std::string> names;
  for (const ColumnSurvey& column : survey.columns) {
    if (column.name == name) return column;
    names.push_back(column.name);
  }
  throw UsageError(fmt::format("{} '{}': '{}' has no such column{} (it has {})", option, name, file,
                               did_you_mean(name, names), name_list(names)));
}

/// Those of the first tier of names that any has.
Columns named_columns(const Columns& columns, const std::vector<std::vector<std::string_view>>& tiers) {
  for (const auto& tier : tiers) {
    Columns found;
    for (const ColumnSurvey* column : columns) {
      const std::string name = lower_case(without_outer_space(column->name));
      if (std::ranges::find(tier, name) != tier.end()) found.push_back(column);
    }
    if (!found.empty()) return found;
  }
  return {};
}

/// A configuration cannot name a column without a name, such as that of row numbers.
bool may_be_text(const ColumnSurvey& column) {
  return !column.name.empty() && column.values > 0 && column.lists == 0 && column.others == 0 &&
         !column.all_numbers();
}

/// Long, and seldom twice the same.
bool is_like_text(const ColumnSurvey& column) {
  const bool varies = column.more_distinct || static_cast<int64_t>(column.counts.size()) * 2 > column.values;
  return may_be_text(column) && varies && (column.mean_bytes() >= 20 || column.words >= 3 * column.values);
}

bool may_be_label(const ColumnSurvey& column) {
  return !column.name.empty() && column.values > 0 && column.others == 0 &&
         (column.lists == 0 || column.lists == column.values);
}

/// Short, and often the same; or numbers to compare.
bool is_like_label(const ColumnSurvey& column) {
  if (!may_be_label(column)) return false;
  if (column.is_measure() || !column.decimal_comma().empty()) return true;
  const size_t distinct = column.counts.size();
  return !column.more_distinct && distinct >= 2 && distinct <= kMostLabels &&
         (column.lists > 0 || static_cast<int64_t>(distinct) * 2 <= column.values);
}

[[noreturn]] void ask_for(const char* what, const char* option, const Columns& candidates,
                          const std::string& file) {
  const bool flags = std::ranges::count_if(candidates, [](const auto* c) { return c->all_flags(); }) > 1;
  throw UsageError(fmt::format("'{}': several columns may be the {}: {}; say which with {} NAME{}", file,
                               what, candidate_list(candidates), option,
                               flags ? ", which repeats for columns of 0 and 1, one a label" : ""));
}

[[noreturn]] void refuse_columns(const char* what, const char* expected, const char* option,
                                 const TableSurvey& survey, const std::string& file) {
  Columns all;
  for (const ColumnSurvey& column : survey.columns) all.push_back(&column);
  throw DataError(
      fmt::format("'{}': no column is like a {} (expected {}); it has {}; {} NAME takes one all the same",
                  file, what, expected, candidate_list(all), option));
}

void find_text(const TableSurvey& survey, const GivenColumns& given, const std::string& file,
               ColumnRoles& roles) {
  if (!given.text.empty()) {
    roles.text = given_column(survey, given.text, "--text-column", file).name;
    roles.text_evidence = "--text-column";
    return;
  }
  Columns open, like;
  for (const ColumnSurvey& column : survey.columns) {
    if (std::ranges::find(given.labels, column.name) != given.labels.end()) continue;
    if (may_be_text(column)) open.push_back(&column);
    if (is_like_text(column)) like.push_back(&column);
  }
  const Columns named = named_columns(open, text_column_names());
  if (named.size() > 1) ask_for("text", "--text-column", named, file);
  if (named.size() == 1) {
    roles.text = named.front()->name;
    roles.text_evidence = fmt::format("its name; {}", described(*named.front()));
    return;
  }
  if (like.empty())
    refuse_columns("text", "strings of 20 bytes or 3 words on average, more than half of them different",
                   "--text-column", survey, file);
  Columns longest = like;
  std::ranges::stable_sort(longest,
                           [](const auto* a, const auto* b) { return a->mean_bytes() > b->mean_bytes(); });
  if (like.size() > 1 && longest[0]->mean_bytes() < 3 * longest[1]->mean_bytes())
    ask_for("text", "--text-column", like, file);
  roles.text = longest.front()->name;
  roles.text_evidence =
      fmt::format("the {} with long values that differ: {}",
                  like.size() > 1 ? "longest column" : "only column", described(*longest.front()));
}

void take_label(const ColumnSurvey& column, const std::string& reason, ColumnRoles& roles) {
  roles.label = column.name;
  roles.label_evidence = fmt::format("{}; {}", reason, described(column));
}

void take_flags(const Columns& flags, const std::string& reason, ColumnRoles& roles) {
  for (const ColumnSurvey* column : flags) roles.label_columns.push_back(column->name);
  roles.label_evidence = reason;
}

void take_given_labels(const TableSurvey& survey, const GivenColumns& given, const std::string& file,
                       ColumnRoles& roles) {
  Columns columns;
  for (const std::string& name : given.labels)
    columns.push_back(&given_column(survey, name, "--label-column", file));
  if (columns.size() == 1) return take_label(*columns.front(), "--label-column", roles);
  take_flags(columns, "--label-column", roles);
}

void find_label(const TableSurvey& survey, const GivenColumns& given, const std::string& file,
                ColumnRoles& roles) {
  if (!given.labels.empty()) return take_given_labels(survey, given, file, roles);
  Columns open, like, flags;
  size_t varied = 0;  // of the flags: not the same in all rows
  for (const ColumnSurvey& column : survey.columns) {
    if (column.name == roles.text) continue;
    if (may_be_label(column)) open.push_back(&column);
    if (is_like_label(column)) like.push_back(&column);
    if (may_be_label(column) && column.all_flags()) {
      flags.push_back(&column);
      varied += column.is_constant() ? 0 : 1;
    }
  }
  const Columns named = named_columns(open, label_column_names());
  if (named.size() > 1) ask_for("label", "--label-column", named, file);
  if (named.size() == 1) return take_label(*named.front(), "its name", roles);
  if (varied > 1 && std::ranges::all_of(like, [](const auto* column) { return column->all_flags(); }))
    return take_flags(flags, fmt::format("the {} columns of 0 and 1", flags.size()), roles);
  if (like.size() > 1) ask_for("label", "--label-column", like, file);
  if (like.empty())
    refuse_columns("label", "2 to 1000 different values, each in two rows on average or more",
                   "--label-column", survey, file);
  take_label(*like.front(),
             like.front()->is_measure() ? "the only column of numbers with fractions"
                                        : "the only column with few different values",
             roles);
}

}  // namespace

ColumnRoles find_roles(const TableSurvey& survey, const GivenColumns& given, const std::string& file) {
  if (survey.rows == 0) throw DataError(fmt::format("'{}' holds no row of data", file));
  ColumnRoles roles;
  find_text(survey, given, file, roles);
  find_label(survey, given, file, roles);
  return roles;
}

}  // namespace bernoulli
