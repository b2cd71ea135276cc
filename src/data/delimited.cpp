#include <fmt/format.h>

#include "core/error.h"
#include "core/stop.h"
#include "data/raw_example.h"
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

}  // namespace

RawExamples read_delimited(const std::filesystem::path& file, const ColumnsConfig& columns,
                           TaskConfig::Kind kind, char delimiter, std::shared_ptr<TextStore> store) {
  RawExamples examples(std::move(store));
  const DataFile source(file, examples.store()->space());
  const std::string name = file.string();
  RowReader reader(name, table_format(columns, delimiter), "set data.columns.quote: \"\"");
  reader.feed(source.bytes(), true);
  const TableColumns finder = read_header(reader, name, columns.header);
  const size_t text = finder.find("data.columns.text", columns.text);
  const size_t weight = columns.weight.empty() ? kAbsent : finder.find("data.columns.weight", columns.weight);
  const size_t label =
      columns.label_columns.empty() ? finder.find("data.columns.label", columns.label) : kAbsent;
  std::vector<size_t> label_columns;
  for (const std::string& column : columns.label_columns)
    label_columns.push_back(finder.find("data.columns.label_columns", column));

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
      if (kind == TaskConfig::Kind::kBinary) {
        labels.emplace_back(row.cells[label]);
      } else {
        labels = split_labels(row.cells[label], columns.label_separator);
      }
    }
    for (size_t i = 0; i < label_columns.size(); ++i) {
      const std::string_view cell = label_columns[i] < width.cells() ? row.cells[label_columns[i]] : "";
      if (cell == "1") {
        labels.push_back(columns.label_columns[i]);
      } else if (cell != "0") {
        faults.add(origin,
                   fmt::format("column '{}' holds '{}' (expected 0 or 1)", columns.label_columns[i], cell));
      }
    }
    examples.add(row.cells[text], labels, heft, origin);
  }
  faults.throw_if_any();
  return examples;
}

}  // namespace bernoulli
