#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "sweep/trial.h"

namespace bernoulli::sweep {

/// The axes of `training.seed`, the seeds of `data` and `data.validation.fold` that take several values: of a
/// lucky draw of weights or examples nothing is to be learned.
std::vector<std::string> seeds_of(const Sweep& sweep);

/// One trial, or all trials that differ in seeds alone: what is ranked, and goes on or stays behind.
struct Row {
  std::vector<Setting> settings;  ///< without the seeds that rows are means over
  std::vector<size_t> trials;     ///< places in Sweep::trials, ascending
};

/// In the order of their first trials.
std::vector<Row> rows_of(const Sweep& sweep);

/// Whether every row is a mean over the same values of `key`, one of seeds_of.
bool rows_share(const Sweep& sweep, const std::string& key);

}  // namespace bernoulli::sweep
