// Rows of csv and tsv. The first byte chooses the columns; what was read is written with every cell in quotes
// and must read as the same. The same bytes in pieces, as a pipe brings them, must give the same rows and
// faults.
#include <algorithm>
#include <optional>
#include <vector>

#include "data/read_source.h"
#include "data/table.h"
#include "fuzz/fuzz_target.h"
#include "fuzz/memory_file.h"

namespace bernoulli {
namespace {

std::string in_quotes(std::string_view cell) {
  std::string out = "\"";
  for (const char c : cell) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

/// As one cell that the binary task takes as it is.
std::string joined(std::span<const std::string_view> labels) {
  std::string cell;
  for (const std::string_view label : labels) cell.append(label).push_back('\n');
  return cell;
}

/// Bits: no header, no quotes, tab, multi-label, label columns, weight; two for the size of pieces.
ColumnsConfig columns_of(unsigned bits) {
  ColumnsConfig columns;
  columns.header = (bits & 1u) == 0;
  if ((bits & 2u) != 0) columns.quote = "";
  columns.text = {columns.header ? "text" : "1"};
  columns.label = columns.header ? "label" : "2";
  if ((bits & 16u) != 0)
    columns.label_columns =
        columns.header ? std::vector<std::string>{"a", "b"} : std::vector<std::string>{"2", "3"};
  if ((bits & 32u) != 0) columns.weight = columns.header ? "weight" : "4";
  return columns;
}

struct Rows {
  std::vector<std::vector<std::string>> cells;
  std::vector<int64_t> lines;
  std::string fault;
  bool operator==(const Rows&) const = default;
};

/// Each piece lies in memory of its own, so that a view of an earlier one is seen by the sanitizer.
Rows rows_in_pieces(std::string_view input, TableFormat format, size_t piece) {
  RowReader reader("table", format, "...");
  Rows rows;
  std::optional<std::string> window = "";
  for (size_t arrived = 0; true;) {
    try {
      const RowReader::Step step = reader.next();
      if (step == RowReader::Step::kEnd) return rows;
      if (step == RowReader::Step::kRow) {
        rows.cells.emplace_back(reader.row().cells.begin(), reader.row().cells.end());
        rows.lines.push_back(reader.row().line);
        continue;
      }
    } catch (const Error& error) {
      rows.fault = error.what();
      return rows;
    }
    std::string next = window->substr(reader.consumed()).append(input.substr(arrived, piece));
    window.emplace(std::move(next));
    arrived = std::min(arrived + piece, input.size());
    reader.feed(*window, arrived == input.size());
  }
}

void delimited(std::string_view input) {
  static const fuzz::MemoryFile file, copy;
  if (input.empty()) return;
  const auto bits = static_cast<uint8_t>(input[0]);
  const TableFormat format = {(bits & 4u) != 0 ? '\t' : ',', (bits & 2u) != 0 ? '\0' : '"'};
  constexpr size_t kPieces[] = {1, 2, 3, 7};
  const std::string_view start =
      input.substr(1, 4096);  // of long rows a byte at a time, the time is quadratic
  fuzz::require(
      rows_in_pieces(start, format, kPieces[bits >> 6]) == rows_in_pieces(start, format, start.size()),
      "rows do not depend on how they arrive");
  const ColumnsConfig columns = columns_of(bits);
  TaskConfig task;
  task.labels = {"p", "q"};
  task.kind = (bits & 24u) != 0 ? TaskConfig::Kind::kMultiLabel : TaskConfig::Kind::kBinary;
  const RawExamples examples =
      read_delimited(file.holding(input.substr(1)), columns, task, (bits & 4u) != 0 ? '\t' : ',');

  std::string written = "text,label,weight\n";
  for (const RawExample& example : examples) {
    written += in_quotes(example.text) + "," + in_quotes(joined(example.labels)) + "," +
               in_quotes(example.weight.value_or("")) + "\r\n";
  }
  ColumnsConfig plain;
  plain.weight = "weight";
  const RawExamples again = fuzz::must_accept(
      "quoted cells hold any bytes", [&] { return read_delimited(copy.holding(written), plain, {}, ','); });
  fuzz::require(again.size() == examples.size(), "a row is an example");
  for (size_t i = 0; i < examples.size(); ++i) {
    fuzz::require(again[i].text == examples[i].text, "a text keeps its bytes");
    fuzz::require(again[i].labels[0] == joined(examples[i].labels), "labels keep their bytes");
    fuzz::require(again[i].weight == examples[i].weight.value_or(""), "a weight keeps its bytes");
  }
}

}  // namespace

BERNOULLI_FUZZ_TARGET(delimited)

}  // namespace bernoulli
