#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "core/shallow_json.h"

namespace bernoulli {

/// Whether a line of metrics.jsonl says what happened, and after which step.
inline bool is_event(const nlohmann::ordered_json& line) {
  const auto is = [&](const char* key, auto has_type) {
    const auto value = line.find(key);
    return value != line.end() && has_type(*value);
  };
  return line.is_object() && is("event", [](const auto& value) { return value.is_string(); }) &&
         is("step", [](const auto& value) { return value.is_number_integer(); });
}

/// Calls take(event, line) for each event in the text of a metrics.jsonl, where the line has its line break.
/// What a kill cut off at the end is no line.
/// @return the number of lines that are no events
template <class Take>
int64_t for_each_event(std::string_view text, const Take& take) {
  int64_t others = 0;
  for (size_t begin = 0, end = 0; (end = text.find('\n', begin)) != text.npos; begin = end + 1) {
    const std::string_view line = text.substr(begin, end + 1 - begin);
    auto event = parse_shallow_json(line);
    if (is_event(event))
      take(std::move(event), line);
    else
      ++others;
  }
  return others;
}

}  // namespace bernoulli
