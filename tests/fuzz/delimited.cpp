// Rows of csv and tsv. The first byte chooses the columns; what was read is written with every cell in quotes
// and must read as the same.
#include "data/raw_example.h"
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

/// Bits: no header, no quotes, tab, multi-label, label columns, weight.
ColumnsConfig columns_of(unsigned bits) {
  ColumnsConfig columns;
  columns.header = (bits & 1u) == 0;
  if ((bits & 2u) != 0) columns.quote = "";
  columns.text = columns.header ? "text" : "1";
  columns.label = columns.header ? "label" : "2";
  if ((bits & 16u) != 0)
    columns.label_columns =
        columns.header ? std::vector<std::string>{"a", "b"} : std::vector<std::string>{"2", "3"};
  if ((bits & 32u) != 0) columns.weight = columns.header ? "weight" : "4";
  return columns;
}

void delimited(std::string_view input) {
  static const fuzz::MemoryFile file, copy;
  if (input.empty()) return;
  const auto bits = static_cast<uint8_t>(input[0]);
  const ColumnsConfig columns = columns_of(bits);
  const auto kind = (bits & 24u) != 0 ? TaskConfig::Kind::kMultiLabel : TaskConfig::Kind::kBinary;
  const RawExamples examples =
      read_delimited(file.holding(input.substr(1)), columns, kind, (bits & 4u) != 0 ? '\t' : ',');

  std::string written = "text,label,weight\n";
  for (const RawExample& example : examples) {
    written += in_quotes(example.text) + "," + in_quotes(joined(example.labels)) + "," +
               in_quotes(example.weight.value_or("")) + "\r\n";
  }
  ColumnsConfig plain;
  plain.weight = "weight";
  const RawExamples again = fuzz::must_accept("quoted cells hold any bytes", [&] {
    return read_delimited(copy.holding(written), plain, TaskConfig::Kind::kBinary, ',');
  });
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
