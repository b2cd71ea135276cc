#include "layers/pooled_table.h"

#include <fmt/format.h>

#include "core/error.h"

namespace bernoulli::layers {

std::string PooledTable::fault() const {
  if (obstacle == nullptr) return "";
  return obstacle->kind == "embedding_bag" ? "embedding_bag with mode: max"
                                           : fmt::format("{} before the pool", obstacle->kind);
}

PooledTable pooled_table(const std::vector<NamedLayer>& layers) {
  PooledTable table;
  for (const NamedLayer& layer : layers) {
    ++table.num_layers;
    if (layer.kind == "embedding_bag" && layer.args.at("mode") != "max") {
      table.mean = layer.args.at("mode") == "mean";
      return table;
    }
    if (layer.kind == "mean_pool" || layer.kind == "sum_pool") {
      table.mean = layer.kind == "mean_pool";
      table.include_padding = layer.args.at("padding") == "include";
      return table;
    }
    if (layer.kind == "embedding" || layer.plan.training_only) continue;
    table.obstacle = &layer;
    return table;
  }
  throw InternalError("a model that ends before its tokens are one vector");
}

}  // namespace bernoulli::layers
