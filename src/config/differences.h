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

/// Of all that `earlier` says, layers and their like looked into. What `now` says beyond that is no
/// difference: a program that did not know a key did what the key's default says.
std::vector<Difference> differences_since(const nlohmann::ordered_json& earlier,
                                          const nlohmann::ordered_json& now);

/// "training.epochs: 2 in the run, 3 now", of two configurations. @param before  where the earlier one
/// stands: "in the run"
std::string difference_text(const Difference& difference, const std::string& before,
                            const std::string& now = "now");
/// The same of several, each after a line break and indented.
std::string difference_lines(const std::vector<Difference>& differences, const std::string& before,
                             const std::string& now = "now");

}  // namespace bernoulli::config
