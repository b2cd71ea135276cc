#pragma once

#include <cstdint>
#include <vector>

#include "data/dataset.h"

namespace bernoulli {

/// `wanted` of the examples `rest` (ascending), ascending, so that each label has its share among them:
/// iterative stratification of two parts. The label with the fewest examples left is dealt out first, each
/// example to the part that lacks most of the label, else most examples. Examples without a label fill up
/// what a part lacks. The size is then made exact by moving the examples that leave the squared distances of
/// all labels from their shares smallest. What is equal is decided by the seed. Weights do not count. Time
/// O(examples * labels), and a factor log(examples) for what is moved. Source: Sechidis, Tsoumakas, Vlahavas
/// 2011, "On the Stratification of Multi-Label Data", figure 1.
std::vector<int64_t> choose_by_labels(const Dataset& dataset, const std::vector<int64_t>& rest,
                                      int64_t wanted, uint64_t seed);

}  // namespace bernoulli
