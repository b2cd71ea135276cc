#pragma once

#include <cstdint>
#include <vector>

#include "core/string_rows.h"
#include "text/token_view.h"

namespace bernoulli {

/// Vectorised examples. N examples, L labels.
struct EncodedDataset {
  TokenView rows;              ///< N
  std::vector<float> targets;  ///< N*L
  std::vector<float> weights;  ///< N, or empty: all 1
  StringRows origins;          ///< N, for messages
  int64_t num_labels = 1;

  int64_t size() const { return rows.size(); }
  double weight(int64_t example) const {
    return weights.empty() ? 1.0 : weights[static_cast<size_t>(example)];
  }
};

}  // namespace bernoulli
