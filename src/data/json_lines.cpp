#include "data/json_lines.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/json_fault.h"
#include "core/stop.h"
#include "data/raw_example.h"

namespace bernoulli {

void each_json_line(
    std::string_view content, const std::filesystem::path& file,
    const std::function<std::string(const nlohmann::json& row, const std::string& origin)>& take) {
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
