#include "config/differences.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "config/key_path.h"

namespace bernoulli::config {
namespace {

using Json = nlohmann::ordered_json;

void add_differences(const std::vector<Json>& values, const std::string& path,
                     std::vector<Difference>& found) {
  if (std::ranges::adjacent_find(values, std::not_equal_to()) == values.end()) return;
  if (!std::ranges::all_of(values, [](const Json& value) { return value.is_object(); })) {
    found.push_back({path, values});
    return;
  }
  Json keys = Json::object();
  for (const Json& value : values) keys.update(value);
  for (const auto& [key, ignored] : keys.items()) {
    std::vector<Json> inner;
    for (const Json& value : values) inner.push_back(value.value(key, Json()));
    add_differences(inner, join_path(path, key), found);
  }
}

}  // namespace

std::vector<Difference> differences(const std::vector<Json>& resolved) {
  std::vector<Difference> found;
  add_differences(resolved, "", found);
  return found;
}

}  // namespace bernoulli::config
