#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace bernoulli {

/// So many of a kind stand in a message, or messages one after the other; the others are counted.
inline constexpr size_t kMostShown = 10;

/// "a, b ... and 3 more": what a message lists.
inline std::string item_list(const std::vector<std::string>& items) {
  std::string list;
  for (size_t i = 0; i < std::min(items.size(), kMostShown); ++i) list += (i == 0 ? "" : ", ") + items[i];
  if (items.size() > kMostShown) list += ", ... and " + std::to_string(items.size() - kMostShown) + " more";
  return list;
}

/// "'a', 'b'", in the same way.
inline std::string name_list(std::vector<std::string> names) {
  for (std::string& name : names) name = "'" + name + "'";
  return item_list(names);
}

}  // namespace bernoulli
