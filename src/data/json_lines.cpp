#include "data/json_lines.h"

#include <algorithm>
#include <set>
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

namespace {

/// Where the string ends that the quote at `begin` begins.
size_t end_of_string(std::string_view json, size_t begin) {
  for (size_t end = begin;;) {
    end = json.find('"', end + 1);
    if (end == std::string_view::npos) return json.size();
    size_t backslashes = 0;
    while (json[end - 1 - backslashes] == '\\') ++backslashes;
    if (backslashes % 2 == 0) return end;
  }
}

/// Members of an object that the JSON library took, those of a repeated name too.
size_t count_members(std::string_view object) {
  size_t depth = 0, members = 0;
  for (size_t i = 0; i < object.size(); ++i) {
    switch (object[i]) {
      case '"':
        i = end_of_string(object, i);
        break;
      case '{':
      case '[':
        ++depth;
        break;
      case '}':
      case ']':
        if (--depth == 0) return members;
        break;
      case ':':
        members += depth == 1 ? 1 : 0;
        break;
      default:
        break;
    }
  }
  return members;
}

/// What is wrong with an object that has a name twice, of which the JSON library keeps the last value.
std::string repeated_name_fault(std::string_view object) {
  using Json = nlohmann::json;
  std::set<std::string> names;
  std::string repeated;
  const auto see = [&](int depth, Json::parse_event_t event, const Json& name) {
    if (event == Json::parse_event_t::key && depth == 1 && !names.insert(name.get<std::string>()).second)
      repeated = name.get<std::string>();
    return false;  // nothing is kept, which would take the square of the objects in a list
  };
  [[maybe_unused]] const auto nothing = Json::parse(object.begin(), object.end(), see, false);
  return json_repeated_name_fault(repeated);
}

}  // namespace

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
    const std::string fault = !row.is_object()                    ? json_object_fault(line)
                              : count_members(line) != row.size() ? repeated_name_fault(line)
                                                                  : take(row, origin);
    if (!fault.empty()) faults.add(origin, fault);
  }
  faults.throw_if_any();
}

}  // namespace bernoulli
