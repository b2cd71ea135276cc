#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace bernoulli::config {

/// A key whose value is not the same in all of several resolved configurations.
struct Difference {
  std::string key;                             ///< "training.batch_size"
  std::vector<nlohmann::ordered_json> values;  ///< one a configuration; null where it lacks the key
};

/// In the order of the keys. Sections are looked into; a list counts as one value.
std::vector<Difference> differences(const std::vector<nlohmann::ordered_json>& resolved);

}  // namespace bernoulli::config
