#include "config/differences.h"

#include <algorithm>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include "config/key_path.h"
#include "core/shallow_json.h"

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

/// What `now` says of the keys of `earlier`, in their order.
Json as_far_as(const Json& earlier, const Json& now) {
  if (earlier.is_object() && now.is_object()) {
    Json common = Json::object();
    for (const auto& [key, value] : earlier.items()) {
      if (const auto found = now.find(key); found != now.end())
        add_member(common, key, as_far_as(value, *found));
    }
    return common;
  }
  if (!earlier.is_array() || !now.is_array() || earlier.size() != now.size()) return now;
  Json common = Json::array();
  for (size_t i = 0; i < now.size(); ++i) common.push_back(as_far_as(earlier[i], now[i]));
  return common;
}

}  // namespace

std::vector<Difference> differences(const std::vector<Json>& resolved) {
  std::vector<Difference> found;
  add_differences(resolved, "", found);
  return found;
}

std::vector<Difference> differences_since(const Json& earlier, const Json& now) {
  return differences({earlier, as_far_as(earlier, now)});
}

std::string difference_text(const Difference& difference, const std::string& before, const std::string& now) {
  return fmt::format("{}: {} {}, {} {}", difference.key, difference.values[0].dump(), before,
                     difference.values[1].dump(), now);
}

std::string difference_lines(const std::vector<Difference>& differences, const std::string& before,
                             const std::string& now) {
  std::string lines;
  for (const Difference& difference : differences) lines += "\n  " + difference_text(difference, before, now);
  return lines;
}

}  // namespace bernoulli::config
