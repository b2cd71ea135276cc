#include <fmt/format.h>

#include "core/json_text.h"
#include "report/sections.h"

namespace bernoulli::report {

std::string grouped(int64_t count) {
  std::string digits = std::to_string(count);
  const size_t first = digits.front() == '-' ? 1 : 0;
  for (size_t place = digits.size(); place > first + 3; place -= 3) digits.insert(place - 3, ",");
  return digits;
}

std::string plain(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  return compact_json(value);
}

std::string metric_text(const Json& value) {
  if (value.is_number_integer()) return grouped(value.get<int64_t>());
  return value.is_number() ? fmt::format("{:.4f}", value.get<double>()) : "–";
}

}  // namespace bernoulli::report
