#include "cli/starter_task.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "cli/starter_labels.h"
#include "core/ascii.h"
#include "core/error.h"
#include "core/name_list.h"
#include "core/parse_number.h"
#include "core/text_distance.h"

namespace bernoulli::cli {
namespace {

using Counts = std::map<std::string, int64_t, std::less<>>;

/// The character that joins labels in the cells of a column, because its parts come again in other cells.
std::string find_separator(const Counts& cells) {
  for (const char* separator : {",", ";", "|"}) {
    std::set<std::string> parts;
    bool joins = false;
    for (const auto& [cell, count] : cells) {
      const std::vector<std::string> split = split_labels(cell, separator);
      joins |= split.size() > 1;
      parts.insert(split.begin(), split.end());
    }
    if (joins && parts.size() < cells.size()) return separator;
  }
  return "";
}

void require_labels(const StarterData& data) {
  const ExampleFacts& facts = data.facts;
  if (facts.labels.empty())
    throw DataError(fmt::format("{} holds no label in {} examples", place_of_labels(data), facts.examples));
  if (facts.too_many_labels || facts.labels.size() > kMostLabels)
    throw DataError(
        fmt::format("{} holds {}{} different labels in {} examples; each becomes an output of the model, and "
                    "init takes at most "
                    "{}: name another column, or write task.labels by hand (docs/data.md)",
                    place_of_labels(data), facts.too_many_labels ? "more than " : "", facts.labels.size(),
                    facts.examples, kMostLabels));
  if (!facts.odd_label_place.empty())
    throw DataError(
        fmt::format("{}: a label is not UTF-8; save the data in that encoding, or rename the label",
                    facts.odd_label_place));
  if (facts.labels.size() == 1 && facts.without_label == 0)
    throw DataError(
        fmt::format("{} holds one label only, '{}', in all {} examples: there is nothing to tell apart",
                    place_of_labels(data), facts.labels.begin()->first, facts.examples));
}

/// Negative and positive, and why; by what words mean, else the greater number, else the rarer.
struct Polarity {
  std::string negative, positive, why;
};

Polarity find_polarity(const Counts& labels, const std::string& given) {
  const auto& [a, b] = std::pair(*labels.begin(), *std::next(labels.begin()));
  if (!given.empty()) {
    if (given != a.first && given != b.first)
      throw UsageError(fmt::format("--positive '{}': the labels are {}{}", given,
                                   name_list({a.first, b.first}), did_you_mean(given, {a.first, b.first})));
    return {given == a.first ? b.first : a.first, given, "as --positive says"};
  }
  const std::vector<std::string> no = {"neg", "negative", "no", "false", "ham", "bad", "0", "-1", "n", "f"};
  const auto is_no = [&](const std::string& label) {
    const std::string word = lower_case(label);
    return std::ranges::find(no, word) != no.end() || word.starts_with("not ") || word.starts_with("not_") ||
           word.starts_with("non-") || word.starts_with("non_");
  };
  if (is_no(a.first) != is_no(b.first)) {
    const bool first = !is_no(a.first);
    return {first ? b.first : a.first, first ? a.first : b.first, "the other label is a word for no"};
  }
  const auto left = parse_number<double>(a.first), right = parse_number<double>(b.first);
  if (left && right && *left != *right) {
    const bool first = *left > *right;
    return {first ? b.first : a.first, first ? a.first : b.first, "the greater number"};
  }
  const bool first = a.second < b.second;
  return {first ? b.first : a.first, first ? a.first : b.first,
          a.second == b.second ? "neither label is rarer: the last in byte order" : "the rarer label"};
}

TaskConfig binary_task(const InitRequest& request, const StarterData& data, StarterConfig& starter) {
  TaskConfig task;
  const Polarity found = find_polarity(data.facts.labels, std::string(without_outer_space(request.positive)));
  task.positive = found.positive;
  task.labels = {found.negative, found.positive};
  starter.findings.push_back({"task.kind", "binary", "two labels, one an example"});
  const char* const advice = request.positive.empty() ? "; --positive names another" : "";
  starter.findings.push_back({"task.positive", found.positive, found.why + advice});
  return task;
}

TaskConfig measured_task(const InitRequest& request, const ColumnSurvey& column, StarterConfig& starter) {
  TaskConfig task;
  const bool around_zero = column.lowest < 0 && column.highest > 0;
  task.positive_above =
      request.positive_above.value_or(around_zero ? 0 : (column.lowest + column.highest) / 2);
  task.labels = {"negative", "positive"};
  starter.findings.push_back({"task.kind", "binary", "the labels are numbers, which are compared"});
  starter.findings.push_back(
      {"task.positive_above", fmt::format("{}", *task.positive_above),
       request.positive_above
           ? "--positive-above"
           : fmt::format("{} of {} to {}; --positive-above says what counts as positive",
                         around_zero ? "zero" : "the middle", column.lowest, column.highest)});
  return task;
}

void require_numbers(const StarterData& data) {
  if (!data.label_column || !data.label_column->all_numbers())
    throw UsageError(
        fmt::format("--positive-above compares the numbers of a label column, and {} holds others",
                    place_of_labels(data)));
}

/// A character that no label holds, for a column of one label a cell.
std::string unused_separator(const Counts& labels) {
  for (const char* separator : {",", ";", "|", "\t"}) {
    if (std::ranges::none_of(
            labels, [&](const auto& label) { return label.first.find(separator) != std::string::npos; }))
      return separator;
  }
  throw DataError(
      "the labels hold commas, semicolons, | and tabs; rename them, so that one of these can part them");
}

/// Without white space around them, as far as they can be told apart so.
std::vector<std::string> names_of_columns(const std::vector<std::string>& columns) {
  std::vector<std::string> names;
  for (const std::string& column : columns) names.emplace_back(without_outer_space(column));
  const std::set<std::string> distinct(names.begin(), names.end());
  return distinct.size() == names.size() && !distinct.contains("") ? names : columns;
}

TaskConfig multi_label_task(StarterData& data, StarterConfig& starter) {
  TaskConfig task;
  task.kind = TaskConfig::Kind::kMultiLabel;
  for (const auto& [label, count] : data.facts.labels) task.labels.push_back(label);
  if (!data.columns.label_columns.empty()) task.labels = names_of_columns(data.columns.label_columns);
  const bool one_each = data.facts.has_one_label_each();
  const bool numbers = data.label_column && data.label_column->all_numbers();
  starter.findings.push_back(
      {"task.kind", "multi_label",
       one_each ? fmt::format("{} labels, one an example: one yes-or-no output each, of which the most "
                              "probable is the answer{}",
                              task.labels.size(), numbers ? "; of grades, --positive-above makes two" : "")
                : fmt::format("{} labels; {} of {} examples have several, {} none", task.labels.size(),
                              data.facts.with_several, data.facts.examples, data.facts.without_label)});
  return task;
}

}  // namespace

TaskConfig find_task(const InitRequest& request, StarterData& data, StarterConfig& starter) {
  check_label_cells(request, data, starter);
  if (request.positive_above) require_numbers(data);
  ExampleFacts& facts = data.facts;
  const bool one_column = data.label_column && data.label_column->lists == 0;
  const std::string separator = one_column ? find_separator(facts.labels) : "";
  if (one_column && separator.empty() && facts.without_label > 0)
    throw DataError(
        fmt::format("{}: the label is empty, as in {} of {} examples; fill it in, or leave these out",
                    facts.first_without_label, facts.without_label, facts.examples));
  if (one_column && (request.positive_above || data.label_column->is_measure())) {
    facts.labels.clear();
    if (!request.positive.empty())
      throw UsageError("--positive names a label, and the labels are numbers that are compared");
    return measured_task(request, *data.label_column, starter);
  }
  if (!separator.empty()) count_joined_labels(*data.examples, separator, ColumnSurvey::kMostDistinct, facts);
  require_labels(data);
  if (!separator.empty()) {
    data.columns.label_separator = separator;
    starter.findings.push_back(
        {"data.columns.label_separator", separator, "the parts come again in other cells"});
    const std::string number = separator == "," ? data.label_column->maybe_decimal_comma() : "";
    if (!number.empty())
      starter.warnings.push_back(
          fmt::format("{} holds '{}' and the like, which are taken for labels that a comma joins; where they "
                      "are numbers with a decimal comma, write them with a point",
                      place_of_labels(data), number));
  }
  check_label_spellings(data, starter);
  if (facts.labels.size() == 2 && facts.has_one_label_each() && separator.empty() &&
      data.columns.label_columns.empty() && (!data.label_column || data.label_column->lists == 0))
    return binary_task(request, data, starter);
  if (!request.positive.empty())
    throw UsageError("--positive is for two labels, one an example; these data are not like that");
  if (one_column && separator.empty()) data.columns.label_separator = unused_separator(facts.labels);
  return multi_label_task(data, starter);
}

}  // namespace bernoulli::cli
