#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "metrics/metrics.h"
#include "text/token_rows.h"

namespace bernoulli {

/// Vectorised examples. N examples, L labels.
struct EncodedDataset {
  TokenRows rows;                    ///< N
  std::vector<float> targets;        ///< N*L
  std::vector<float> weights;        ///< N, or empty: all 1
  std::vector<std::string> origins;  ///< N, for messages
  int64_t num_labels = 1;

  int64_t size() const { return rows.size(); }
  double weight(int64_t example) const {
    return weights.empty() ? 1.0 : weights[static_cast<size_t>(example)];
  }
};

/// The data set's logits N*L beside its targets and weights; both must outlive the result.
inline Predictions predictions_of(const std::vector<float>& logits, const EncodedDataset& data) {
  return {logits, data.targets, data.weights, data.num_labels};
}

}  // namespace bernoulli
