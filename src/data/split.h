#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "config/run_config.h"
#include "data/dataset.h"

namespace bernoulli {

/// Indices into one data set; each index is in exactly one part.
struct SplitIndices {
  std::vector<int64_t> train;
  std::vector<int64_t> validation;
  std::vector<int64_t> test;
};

/// Cuts validation and test parts off a data set (docs/data.md, "Splits"). Fractions are of the whole set,
/// folds of what the test part leaves. Where the data set has groups, each is in one part as a whole, but for
/// parts by column.
/// The test part is taken first, then the validation part, but for a validation part by `keras`, which comes
/// before both. Parts keep the order of the data set, but for `keras`, which shuffles.
/// @throws DataError where a part would be empty.
SplitIndices split_indices(const Dataset& dataset, const std::optional<SplitConfig>& validation,
                           const std::optional<SplitConfig>& test);

/// A share of some examples, in their order: the first of another order that the seed draws, so that a
/// smaller share is part of a larger one. At least one example.
std::vector<int64_t> drawn_share(const std::vector<int64_t>& examples, double fraction, uint64_t seed);

/// Order of tf.keras.utils.text_dataset_from_directory(shuffle=True, seed): numpy's legacy
/// RandomState(seed).shuffle.
std::vector<int64_t> keras_order(int64_t count, uint32_t seed);

}  // namespace bernoulli
