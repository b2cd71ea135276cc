#include <optional>

#include <fmt/format.h>

#include "core/error.h"
#include "core/stop.h"
#include "data/data_file.h"
#include "data/read_source.h"
#include "data/table.h"

namespace bernoulli {
namespace {

constexpr size_t kAbsent = SIZE_MAX;

/// The names of the header, whose row is read here where there is one.
TableColumns read_header(RowReader& reader, const std::string& name, bool header) {
  if (!header) return {name, nullptr};
  if (reader.next() != RowReader::Step::kRow)
    throw DataError(fmt::format("'{}' is empty (expected a header row)", name));
  return {name, &reader.row()};
}

/// As spreadsheets and data frames write it.
std::optional<bool> read_flag(std::string_view cell) {
  for (const char* yes : {"1", "1.0", "true", "True", "TRUE"}) {
    if (cell == yes) return true;
  }
  for (const char* no : {"0", "0.0", "false", "False", "FALSE"}) {
    if (cell == no) return false;
  }
  return std::nullopt;
}

}  // namespace

RawExamples read_delimited(const std::filesystem::path& file, const ColumnsConfig& columns,
                           const TaskConfig& task, char delimiter, std::shared_ptr<TextStore> store) {
  RawExamples examples(std::move(store));
  const DataFile source(file, examples.store()->space());
  const std::string name = file.string();
  RowReader reader(name, table_format(columns, delimiter), "set data.columns.quote: \"\"");
  reader.feed(source.bytes(), true);
  const TableColumns finder = read_header(reader, name, columns.header);
  const auto find = [&, remedy = finder.other_format()](const char* key, const std::string& column) {
    return finder.find(key, column, remedy);
  };
  const size_t text = find("data.columns.text", columns.text);
  const size_t weight = columns.weight.empty() ? kAbsent : find("data.columns.weight", columns.weight);
  const size_t label = columns.label_columns.empty() ? find("data.columns.label", columns.label) : kAbsent;
  std::vector<size_t> label_columns;
  for (const std::string& column : columns.label_columns)
    label_columns.push_back(find("data.columns.label_columns", column));

  DataFaults faults;
  std::vector<std::string> labels;
  RowWidth width(finder.size());
  while (reader.next() == RowReader::Step::kRow) {
    throw_if_stopped();
    const TableRow& row = reader.row();
    if (width.is_blank(row)) continue;
    const std::string origin = fmt::format("{}:{}", name, row.line);
    if (const std::string fault = width.fault(row, text); !fault.empty()) {
      faults.add(origin, fault);
      continue;
    }
    std::optional<std::string_view> heft;
    if (weight != kAbsent) {
      if (weight >= width.cells()) {
        faults.add(origin, fmt::format("no field {} for the weight", weight + 1));
        continue;
      }
      heft = row.cells[weight];
    }
    labels.clear();
    if (label != kAbsent) {
      if (label >= width.cells()) {
        faults.add(origin, fmt::format("no field {} for the label", label + 1));
        continue;
      }
      if (task.kind == TaskConfig::Kind::kBinary) {
        labels.emplace_back(row.cells[label]);
      } else {
        labels = split_labels(row.cells[label], columns.label_separator);
      }
    }
    for (size_t i = 0; i < label_columns.size(); ++i) {
      const std::string_view cell = label_columns[i] < width.cells() ? row.cells[label_columns[i]] : "";
      const std::optional<bool> given = read_flag(cell);
      if (!given)
        faults.add(origin, fmt::format("column '{}' holds '{}' (expected 0 or 1, false or true)",
                                       columns.label_columns[i], cell));
      if (given.value_or(false)) labels.push_back(task.labels[i]);
    }
    examples.add(row.cells[text], labels, heft, origin);
  }
  faults.throw_if_any();
  return examples;
}

}  // namespace bernoulli
