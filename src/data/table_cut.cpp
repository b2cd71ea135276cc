#include "data/table_cut.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "config/schema.h"
#include "core/error.h"
#include "core/spill.h"
#include "data/data_file.h"
#include "data/json_lines.h"
#include "data/label_lines.h"

namespace bernoulli {
namespace {

constexpr size_t kSampleBytes = size_t{1} << 20;  ///< from which format, delimiter and quotes are told

void refuse_zero_bytes(std::string_view bytes, const std::string& name) {
  const size_t nul = bytes.substr(0, kSampleBytes).find('\0');
  if (nul == std::string_view::npos) return;
  throw DataError(
      fmt::format("'{}' holds a zero byte at {}: it is no text file (expected csv, tsv, jsonl or __label__ "
                  "lines, which gzip may have packed)",
                  name, nul));
}

/// Text up to the last line end where the content goes on.
std::string_view sample_of(std::string_view content) {
  if (content.size() <= kSampleBytes) return content;
  const size_t end = content.find_last_of("\r\n", kSampleBytes);
  return content.substr(0, end == std::string_view::npos ? content.size() : end + 1);
}

TableCut try_cut(std::string_view sample, bool whole, const std::string& name, TableFormat format) {
  TableCut cut{format, 0, 0, {}};
  RowReader reader(name, format, "the file is broken there");
  try {
    reader.feed(sample, whole);
    while (reader.next() == RowReader::Step::kRow) {
      if (is_blank(reader.row())) continue;
      const size_t width = reader.row().cells.size();
      if (++cut.rows == 1) cut.width = width;
      if (width == cut.width) continue;
      cut.fault = fmt::format("{}:{}: {} fields where the first row has {}", name, reader.row().line, width,
                              cut.width);
      return cut;
    }
  } catch (const DataError& error) {
    cut.fault = error.what();
  }
  return cut;
}

/// With and without quotes. Quotes that would take whole rows of the right width into a cell are ordinary
/// characters.
TableCut better_quotes(std::string_view sample, bool whole, const std::string& name, char delimiter) {
  const TableCut quoted = try_cut(sample, whole, name, {delimiter, '"'});
  if (sample.find('"') == std::string_view::npos) return quoted;
  const TableCut plain = try_cut(sample, whole, name, {delimiter, '\0'});
  return plain.holds() && (!quoted.holds() || plain.rows > quoted.rows) ? plain : quoted;
}

}  // namespace

TableCut find_table_cut(std::string_view content, const std::string& name, char usual) {
  const std::string_view sample = sample_of(content);
  const bool whole = sample.size() == content.size();
  std::string delimiters(1, usual);
  for (const char other : {',', '\t', ';', '|'}) {
    if (other != usual) delimiters += other;
  }
  const TableCut first = better_quotes(sample, whole, name, usual);
  if (first.holds()) return first;
  for (const char delimiter : delimiters.substr(1)) {
    if (TableCut cut = better_quotes(sample, whole, name, delimiter); cut.holds()) return cut;
  }
  if (first.rows == 0 && first.fault.empty())
    throw DataError(fmt::format("'{}' is empty (expected rows of a text and a label)", name));
  throw DataError(
      first.fault.empty()
          ? fmt::format(
                "'{}': every row has one field (expected a text and a label in each, cut by a comma, tab, "
                "semicolon or |)",
                name)
          : fmt::format(
                "{}; neither a comma, tab, semicolon nor | cuts all rows into as many fields: quote fields "
                "that hold delimiters or line ends, and double the quotes inside",
                first.fault));
}

FormatFound find_format(const std::filesystem::path& file) {
  const std::string by_name = config::format_by_name(file);
  const std::string name = file.string();
  const DataFile source(file, std::make_shared<SpillSpace>());
  refuse_zero_bytes(source.bytes(), name);
  refuse_separator_line(source.bytes(), name);
  const std::string_view sample = sample_of(source.bytes());
  const size_t start = sample.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos)
    throw DataError(fmt::format("'{}' is empty (expected texts with labels)", name));
  if (by_name.empty() || by_name == "fasttext") {
    if (const std::string fault = json_array_fault(sample, file); !fault.empty()) throw DataError(fault);
  }
  const bool labelled = sample.substr(start).starts_with(kLabelPrefix) ||
                        sample.find(fmt::format(" {}", kLabelPrefix)) != std::string_view::npos;
  if (by_name == "fasttext" && labelled) return {by_name, "named so, and words begin with __label__"};
  if (!by_name.empty() && by_name != "fasttext") return {by_name, "named so"};
  if (labelled) return {"fasttext", "words begin with __label__"};
  const std::string_view line = sample.substr(start, sample.find('\n', start) - start);
  if (nlohmann::json::accept(line) && line.starts_with('{'))
    return {"jsonl", "the first line is a JSON object"};
  const bool whole = sample.size() == source.bytes().size();
  if (better_quotes(sample, whole, name, '\t').holds())
    return {"tsv", "tabs cut every row into as many fields"};
  try {
    find_table_cut(source.bytes(), name, ',');
  } catch (const DataError&) {
    throw DataError(
        fmt::format("'{}': neither its name nor its first lines tell the format: no word begins with "
                    "__label__, the first line is no JSON object, and no delimiter cuts all rows into as "
                    "many fields; give it the ending .csv, .tsv or .jsonl to see what is wrong with it as "
                    "such",
                    name));
  }
  return {"csv", "a delimiter cuts every row into as many fields"};
}

}  // namespace bernoulli
