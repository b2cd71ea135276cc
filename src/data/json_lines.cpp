#include "data/json_lines.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json_fault.h"
#include "core/shell_word.h"
#include "core/stop.h"
#include "data/raw_example.h"

namespace bernoulli {

std::string json_array_fault(std::string_view content, const std::filesystem::path& file) {
  constexpr const char* kSpace = " \t\r\n";
  const size_t begin = content.find_first_not_of(kSpace);
  if (begin == std::string_view::npos || content[begin] != '[') return "";
  const size_t first = content.find_first_not_of(kSpace, begin + 1);
  if (first == std::string_view::npos || content[first] != '{') return "";
  const bool packed = file.extension() == ".gz";
  const std::filesystem::path name = packed ? file.stem() : file.filename();
  const std::string lines = name.stem().string() + (name.extension() == ".jsonl" ? ".lines.jsonl" : ".jsonl");
  const std::string from = shell_word(file.string()), to = shell_word(lines);
  return fmt::format(
      "'{}' is a JSON array (expected one object a line): {} > {}", file.string(),
      packed ? fmt::format("gzip -dc {} | jq -c '.[]'", from) : fmt::format("jq -c '.[]' {}", from), to);
}

void each_json_line(
    std::string_view content, const std::filesystem::path& file,
    const std::function<std::string(const nlohmann::json& row, const std::string& origin)>& take) {
  if (const std::string fault = json_array_fault(content, file); !fault.empty()) throw DataError(fault);
  DataFaults faults;
  int64_t number = 0;
  for (size_t begin = 0; begin < content.size();) {
    throw_if_stopped();
    const size_t end = std::min(content.find('\n', begin), content.size());
    const std::string_view line = content.substr(begin, end - begin);
    begin = end + 1;
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const std::string origin = fmt::format("{}:{}", file.string(), number);
    const auto row = nlohmann::json::parse(line.begin(), line.end(), nullptr, false);
    const std::string fault = row.is_object() ? take(row, origin) : json_object_fault(line);
    if (!fault.empty()) faults.add(origin, fault);
  }
  faults.throw_if_any();
}

}  // namespace bernoulli
