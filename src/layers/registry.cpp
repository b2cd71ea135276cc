#include "layers/layer_kind.h"

namespace bernoulli::layers {

// One function a file of this folder.
LayerKind embedding();
LayerKind embedding_bag();
LayerKind dropout();
LayerKind spatial_dropout();
LayerKind word_dropout();
LayerKind conv1d();
LayerKind gru();
LayerKind lstm();
LayerKind mean_pool();
LayerKind max_pool();
LayerKind sum_pool();
LayerKind attention_pool();
LayerKind linear();
LayerKind relu();
LayerKind tanh();
LayerKind gelu();
LayerKind sigmoid();
LayerKind leaky_relu();
LayerKind silu();
LayerKind layer_norm();
LayerKind batch_norm();

const std::vector<LayerKind>& layer_kinds() {
  static const std::vector<LayerKind> kinds{
      embedding(), embedding_bag(), dropout(),  spatial_dropout(), word_dropout(), conv1d(), gru(),  lstm(),
      mean_pool(), max_pool(),      sum_pool(), attention_pool(),  linear(),       relu(),   tanh(), gelu(),
      sigmoid(),   leaky_relu(),    silu(),     layer_norm(),      batch_norm()};
  return kinds;
}

const std::vector<KindSchema>& layer_schemas() {
  static const std::vector<KindSchema> schemas = [] {
    std::vector<KindSchema> all;
    for (const LayerKind& kind : layer_kinds()) all.push_back(kind.schema);
    return all;
  }();
  return schemas;
}

}  // namespace bernoulli::layers
