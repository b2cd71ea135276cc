#include "cli/starter_data.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "config/schema.h"
#include "core/ascii.h"
#include "core/error.h"
#include "core/file.h"
#include "core/name_list.h"
#include "core/shell_word.h"
#include "data/column_names.h"
#include "data/flags.h"
#include "data/read_source.h"
#include "data/source_files.h"
#include "data/table_cut.h"

namespace bernoulli::cli {
namespace {

namespace fs = std::filesystem;

/// The entry of a folder that is called so, with any ending or none; empty: there is none.
std::string entry_called(const fs::path& folder, const std::vector<std::string>& names) {
  std::vector<std::string> found;
  for (const fs::path& entry : list_folder(folder)) {
    fs::path stem = entry.filename();
    if (stem.extension() == ".gz") stem = stem.stem();
    const bool is_folder = fs::is_directory(entry);
    if (!is_folder && config::format_by_name(stem).empty()) continue;
    if (std::ranges::find(names, is_folder ? stem.string() : stem.stem().string()) != names.end())
      found.push_back((folder / entry.filename()).string());
  }
  if (found.size() > 1)
    throw UsageError(
        fmt::format("'{}' holds {}: name the file or folder itself", folder.string(), name_list(found)));
  return found.empty() ? "" : found.front();
}

/// @throws DataError, which says of a pattern what it matches
void require_present(const std::string& data) {
  if (data_exists(data)) return;
  if (is_absent("", SourceConfig{{data}})) throw DataError(fmt::format("'{}' does not exist", data));
  const std::vector<fs::path> files = source_files("", SourceConfig{{data}});
  throw DataError(fmt::format(
      "'{}' is a pattern, of {} file{}, and init looks at one: bernoulli init {}; then write "
      "data.train: '{}' into the configuration, which reads all of them",
      data, files.size(), files.size() == 1 ? "" : "s", shell_word(files.front().string()), data));
}

/// A folder of parts, such as train/ and test/, or of classes.
void find_parts(const InitRequest& request, StarterData& data, StarterConfig& starter) {
  data.train.paths = {request.data};
  if (!fs::is_directory(request.data)) return;
  const std::string train = entry_called(request.data, {"train", "training"});
  if (train.empty()) return;
  data.train.paths = {train};
  starter.findings.push_back({"data.train", train, "the folder holds parts, and this one is called so"});
  const std::string validation = entry_called(request.data, {"validation", "valid", "val", "dev"});
  const std::string test = entry_called(request.data, {"test"});
  if (!validation.empty()) data.validation = SourceConfig{{validation}};
  if (!test.empty()) data.test = SourceConfig{{test}};
}

/// Formats are written down where the name leaves them open.
SourceConfig with_format(SourceConfig source, const std::string& format) {
  if (format != "class_folders" && config::format_by_name(source.paths.front()) != format)
    source.format = format;
  return source;
}

std::string find_source_format(StarterData& data, StarterConfig& starter) {
  if (fs::is_directory(data.train.paths.front())) {
    starter.findings.push_back({"format", "class folders", "a folder, whose sub-folders are the labels"});
    return "class_folders";
  }
  const FormatFound found = find_format(data.train.paths.front());
  starter.findings.push_back({"format", found.format, found.evidence});
  return found.format;
}

void add_table_findings(const TableSurvey& survey, StarterConfig& starter) {
  starter.findings.push_back(
      {"data.columns.header", survey.written.header ? "true" : "false", survey.header_evidence});
  if (!survey.quote_evidence.empty())
    starter.findings.push_back({"data.columns.quote", "\"\"", survey.quote_evidence});
  if (!survey.delimiter_evidence.empty())
    starter.findings.push_back({"data.columns.delimiter",
                                survey.written.delimiter == "\t" ? "tab" : survey.written.delimiter,
                                survey.delimiter_evidence});
}

/// A column of words for parts, which train does not look at unasked.
void warn_of_parts(const TableSurvey& survey, StarterConfig& starter) {
  const std::vector<std::string> words = {"train", "validation", "valid", "val", "dev", "test"};
  for (const ColumnSurvey& column : survey.columns) {
    const auto is_word = [&](const auto& value) {
      return std::ranges::find(words, lower_case(value.first)) != words.end();
    };
    if (column.counts.size() < 2 || column.more_distinct || !std::ranges::all_of(column.counts, is_word))
      continue;
    starter.warnings.push_back(fmt::format(
        "the column '{}' names parts, and is not used: parts are drawn from all rows. To take them as it "
        "says, set data.columns.split: {} and method: column (docs/data.md)",
        column.name, column.name));
  }
}

/// Columns that are not used, whose values come again: texts of one author may be on both sides of a split.
void note_groups(const TableSurvey& survey, const ColumnRoles& roles, StarterConfig& starter) {
  std::vector<std::string> columns;
  for (const ColumnSurvey& column : survey.columns) {
    const bool is_label = column.name == roles.label ||
                          std::ranges::find(roles.label_columns, column.name) != roles.label_columns.end();
    if (column.may_be_group() && column.name != roles.text && !is_label) columns.push_back(column.name);
  }
  if (columns.empty()) return;
  starter.findings.push_back(
      {"data.columns.group", "not set",
       fmt::format("{} {} not used, and values come again in other rows: where texts of one value belong "
                   "together, as those of one author, set it to that column, or figures are better than they "
                   "should be",
                   name_list(columns), columns.size() > 1 ? "are" : "is")});
}

/// A column of flags that is the same in all rows, which a model learns nothing of.
void warn_of_constant_labels(const TableSurvey& survey, const std::vector<std::string>& labels,
                             StarterConfig& starter) {
  for (const ColumnSurvey& column : survey.columns) {
    if (!column.is_constant() || std::ranges::find(labels, column.name) == labels.end()) continue;
    const std::string& value = column.counts.begin()->first;
    const bool holds = value.starts_with('1') || lower_case(value) == "true";
    starter.warnings.push_back(fmt::format(
        "the column '{0}' holds {1} in all rows: the label '{0}' {2} holds, and nothing can be learned of "
        "it; --label-column, once for each of the others, leaves it out",
        column.name, value, holds ? "always" : "never"));
  }
}

/// Leaves out a part of the folder that has the text and not the label, as contests hand out their test data.
void leave_out_unlabelled(std::optional<SourceConfig>& part, StarterData& data, StarterConfig& starter) {
  if (!part || !fs::is_regular_file(part->paths.front())) return;
  const std::string& file = part->paths.front();
  const std::string format = config::format_by_name(file);
  if (format != "csv" && format != "tsv" && format != "jsonl") return;
  const std::vector<std::string> present = column_names(file, format, data.columns);
  const auto is_there = [&](const std::string& name) {
    return std::ranges::find(present, name) != present.end();
  };
  const std::vector<std::string> labels =
      data.columns.label_columns.empty() ? std::vector{data.columns.label} : data.columns.label_columns;
  if (!is_there(data.columns.text.front()) || std::ranges::any_of(labels, is_there)) return;
  starter.findings.push_back({file, "left out",
                              fmt::format("it has {} {} (it has: {}): it has no labels, so it is for predict",
                                          labels.size() > 1 ? "none of the columns" : "no column",
                                          name_list(labels), item_list(present))});
  data.without_labels.push_back(file);
  part.reset();
}

void find_columns(const InitRequest& request, const std::string& format, StarterData& data,
                  StarterConfig& starter) {
  data.is_table = format != "jsonl";
  if (request.header && !data.is_table) throw UsageError("--header is of tables, and this is JSONL");
  const TableSurvey survey =
      data.is_table ? survey_table(data.train.paths.front(), format == "csv" ? ',' : '\t', request.header)
                    : survey_jsonl(data.train.paths.front());
  if (data.is_table) add_table_findings(survey, starter);
  warn_of_parts(survey, starter);
  const ColumnRoles roles = find_roles(survey, request.columns, data.train.paths.front());
  note_groups(survey, roles, starter);
  data.columns = survey.written;
  data.columns.text = {roles.text};
  starter.findings.push_back({"data.columns.text", roles.text, roles.text_evidence});
  if (!roles.label_columns.empty()) {
    data.columns.label_columns = roles.label_columns;
    starter.findings.push_back(
        {"data.columns.label_columns", item_list(roles.label_columns), roles.label_evidence});
    warn_of_constant_labels(survey, roles.label_columns, starter);
    return;
  }
  data.columns.label = roles.label;
  starter.findings.push_back({"data.columns.label", roles.label, roles.label_evidence});
  data.label_column = *std::ranges::find(survey.columns, roles.label, &ColumnSurvey::name);
}

}  // namespace

StarterData find_data(const InitRequest& request, StarterConfig& starter) {
  StarterData data;
  require_present(request.data);
  find_parts(request, data, starter);
  if (!fs::is_directory(data.train.paths.front()) && !fs::is_regular_file(data.train.paths.front()))
    throw DataError(fmt::format("'{}' is neither a file nor a folder", data.train.paths.front()));
  const std::string format = find_source_format(data, starter);
  data.train = with_format(data.train, format);
  data.has_columns = format == "csv" || format == "tsv" || format == "jsonl";
  const bool given = request.header || !request.columns.text.empty() || !request.columns.labels.empty();
  if (!data.has_columns && given)
    throw UsageError(
        fmt::format("'{}' has no columns ({}): leave out --text-column, --label-column and --header",
                    data.train.paths.front(), format));
  if (data.has_columns) {
    find_columns(request, format, data, starter);
    leave_out_unlabelled(data.validation, data, starter);
    leave_out_unlabelled(data.test, data, starter);
  }
  // As one label a row, so that each is taken as it stands; lists and columns of flags as they are.
  TaskConfig task;
  if (!data.label_column || data.label_column->lists > 0) task.kind = TaskConfig::Kind::kMultiLabel;
  task.labels = data.columns.label_columns;
  data.examples.emplace(read_source(data.train.paths.front(), data.train.format, data.columns, task));
  if (data.label_column && data.label_column->lists > 0) refuse_flag_lists(*data.examples);
  data.facts = facts_of(*data.examples, ColumnSurvey::kMostDistinct);
  return data;
}

}  // namespace bernoulli::cli
