#pragma once

#include <vector>

#include "data/encoded_dataset.h"
#include "metrics/predictions.h"

namespace bernoulli {

/// The data set's logits N*L beside its targets and weights; both must outlive the result.
inline Predictions predictions_of(const std::vector<float>& logits, const EncodedDataset& data) {
  return {logits, data.targets, data.weights, data.num_labels};
}

}  // namespace bernoulli
