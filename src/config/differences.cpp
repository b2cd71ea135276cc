#include "config/differences.h"

#include "config/resolve.h"

namespace bernoulli::config {
namespace {

void gather(const Json& before, const Json& now, const std::string& path, std::vector<Difference>& found) {
  if (before == now) return;
  if (!before.is_object() || !now.is_object()) {
    found.push_back({path, before, now});
    return;
  }
  Json keys = before;
  keys.update(now);
  for (const auto& [key, ignored] : keys.items())
    gather(before.value(key, Json()), now.value(key, Json()), join_path(path, key), found);
}

}  // namespace

std::vector<Difference> differences(const Json& before, const Json& now) {
  std::vector<Difference> found;
  gather(before, now, "", found);
  return found;
}

}  // namespace bernoulli::config
