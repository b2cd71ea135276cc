#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace bernoulli {

/// "'a', 'b' and 3 more": names in a message, the first ten of them.
inline std::string name_list(const std::vector<std::string>& names) {
  constexpr size_t kMostShown = 10;
  std::string list;
  for (size_t i = 0; i < std::min(names.size(), kMostShown); ++i)
    list += (i == 0 ? "'" : ", '") + names[i] + "'";
  if (names.size() > kMostShown) list += " and " + std::to_string(names.size() - kMostShown) + " more";
  return list;
}

}  // namespace bernoulli
