#pragma once

#include <cstdint>
#include <vector>

#include "config/run_config.h"
#include "data/dataset.h"

namespace bernoulli {

/// A fraction or a fold of `rest` (ascending) in whole groups (Dataset::groups), ascending, by `random` or
/// `stratified`: a function of the seed, the values of the groups and what is in them, not of the order of
/// the data.
/// Groups are dealt out one after the other to all folds at once, or to the part and what it leaves, each
/// where the sum over classes and parts of share * (filled / share - mean filled)^2 stays smallest: `share`
/// is the part's of the examples, `filled` its of the class. The classes are both of a binary task, or each
/// label and all examples; for `random` all examples alone. `random` draws the order by the seed;
/// `stratified` begins with the groups that hold most of some class, and draws among equals. The aim is that
/// of scikit-learn's StratifiedGroupKFold, whose order goes by how unevenly a group is filled and so leaves
/// large even ones for the end. Time O(groups * parts * classes of a group).
/// @param wanted  examples of a fraction
/// @throws DataError for more folds than groups
std::vector<int64_t> choose_groups(const Dataset& dataset, const std::vector<int64_t>& rest,
                                   const SplitConfig& split, int64_t wanted, uint64_t seed);

}  // namespace bernoulli
