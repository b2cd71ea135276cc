#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sweep/trial.h"

namespace bernoulli::sweep {

/// The last part of each key that tells it from the others: "optimizer.adam.lr" is "lr".
std::vector<std::string> short_names(const std::vector<std::string>& keys);

/// The settings that differ between trials, each after two spaces: "  lr=1e-3  seed=2".
std::string settings_text(const Sweep& sweep, const Trial& trial);

/// True where trials have different values of `key`.
bool takes_several_values(const Sweep& sweep, const std::string& key);

/// "1-3, 7": trials in a message.
std::string number_list(const std::vector<int64_t>& ascending);

}  // namespace bernoulli::sweep
