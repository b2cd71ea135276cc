#pragma once

#include <string>
#include <vector>

#include "config/kind_schema.h"

namespace bernoulli::config {

/// A key whose values differ between two resolved configurations; null where one has no such key.
struct Difference {
  std::string key;
  Json before;
  Json now;
};

/// Every key that differs; a list counts as one.
std::vector<Difference> differences(const Json& before, const Json& now);

}  // namespace bernoulli::config
