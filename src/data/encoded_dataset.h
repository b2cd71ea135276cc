#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/string_rows.h"
#include "text/token_view.h"

namespace bernoulli {

/// Vectorised examples. N examples, L labels.
struct EncodedDataset {
  TokenView rows;              ///< N, none longer than text.sequence_length: Vectorizer has cut them
  std::vector<float> targets;  ///< N*L
  std::vector<float> weights;  ///< N, or empty: all 1
  StringRows origins;          ///< N, for messages
  int64_t num_labels = 1;

  int64_t size() const { return rows.size(); }
  double weight(int64_t example) const {
    return weights.empty() ? 1.0 : weights[static_cast<size_t>(example)];
  }
  /// What the loss of these examples together is divided by: the sum of their weights, times L.
  double weight(std::span<const int64_t> examples) const {
    double sum = 0;
    for (const int64_t example : examples) sum += weight(example);
    return sum * static_cast<double>(num_labels);
  }
};

}  // namespace bernoulli
