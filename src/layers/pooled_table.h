#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "layers/layer_kind.h"

namespace bernoulli::layers {

/// How a model makes one vector of its tokens where that is a mean or a sum of rows of its table: embedding,
/// layers of training alone, mean_pool | sum_pool; or embedding_bag (mean, sum).
struct PooledTable {
  const NamedLayer* obstacle = nullptr;  ///< the first layer that does something else; then the rest is unset
  size_t num_layers = 0;                 ///< up to and with the pool
  bool mean = false;
  bool include_padding = false;

  /// "max_pool before the pool"; empty where there is no obstacle.
  std::string fault() const;
};

/// @param layers  of a model that was planned. The result points into it.
PooledTable pooled_table(const std::vector<NamedLayer>& layers);

}  // namespace bernoulli::layers
