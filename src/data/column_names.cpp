#include "data/column_names.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/spill.h"
#include "data/data_file.h"
#include "data/table.h"

namespace bernoulli {
namespace {

std::vector<std::string> keys_of_first_object(std::string_view content) {
  std::vector<std::string> keys;
  const size_t begin = std::min(content.find_first_not_of(" \t\r\n"), content.size());
  const std::string_view line = content.substr(begin, content.find('\n', begin) - begin);
  const auto row = nlohmann::json::parse(line.begin(), line.end(), nullptr, false);
  if (!row.is_object()) return keys;
  for (const auto& item : row.items()) keys.push_back(item.key());
  return keys;
}

bool has_any(const std::vector<std::string>& present, const std::vector<std::string>& columns) {
  return std::ranges::find_first_of(present, columns) != present.end();
}

/// The names of all columns that are read.
std::vector<std::string> columns_in_use(const ColumnsConfig& columns) {
  std::vector<std::string> names = columns.text;
  if (columns.split) names.push_back(columns.split->column);
  if (!columns.weight.empty()) names.push_back(columns.weight);
  if (!columns.group.empty()) names.push_back(columns.group);
  if (columns.label_columns.empty()) names.push_back(columns.label);
  names.insert(names.end(), columns.label_columns.begin(), columns.label_columns.end());
  return names;
}

}  // namespace

std::vector<std::string> column_names(const std::filesystem::path& file, std::string_view format,
                                      const ColumnsConfig& columns) {
  const DataFile source(file, std::make_shared<SpillSpace>());
  if (format == "jsonl") return keys_of_first_object(source.bytes());
  RowReader reader(file.string(), table_format(columns, format == "csv" ? ',' : '\t'),
                   "set data.columns.quote: \"\"");
  reader.feed(source.bytes(), true);
  std::vector<std::string> names;
  if (reader.next() != RowReader::Step::kRow) return names;
  for (const std::string_view cell : reader.row().cells)
    names.push_back(columns.header ? std::string(cell) : std::to_string(names.size() + 1));
  return names;
}

std::string remedy_of_missing_column(std::string_view key, const ColumnsConfig& columns,
                                     const std::vector<std::string>& present) {
  // So are the data read that evaluate --data names, which may have no labels.
  const char* const predict =
      columns.for_evaluate ? "; evaluate needs labels; predict answers texts without" : "";
  if (key == "data.columns.text") return "; --set data.columns.text=NAME names another";
  if (key == "data.columns.weight") return "; --set data.columns.weight=null: all weigh 1";
  if (key == "data.columns.label")
    return fmt::format("; --set data.columns.label=NAME names another{}", predict);
  if (key == "data.columns.label_columns" && !has_any(present, columns.label_columns))
    return fmt::format(
        "; where one column holds the names of the labels: --set 'data.columns.label_columns=[]' --set "
        "data.columns.label=NAME{}",
        predict);
  return "";
}

std::string remedy_of_missing_header(const ColumnsConfig& columns, const std::vector<std::string>& present) {
  return has_any(present, columns_in_use(columns))
             ? ""
             : "; where the first row is no header, set data.columns.header: false and number the columns";
}

}  // namespace bernoulli
