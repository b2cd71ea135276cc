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
LayerKind parallel();

const std::vector<LayerKind>& layer_kinds() {
  static const std::vector<LayerKind> kinds{
      embedding(), embedding_bag(), dropout(),  spatial_dropout(), word_dropout(), conv1d(),  gru(),  lstm(),
      mean_pool(), max_pool(),      sum_pool(), attention_pool(),  linear(),       relu(),    tanh(), gelu(),
      sigmoid(),   leaky_relu(),    silu(),     layer_norm(),      batch_norm(),   parallel()};
  return kinds;
}

namespace {

std::vector<KindSchema>& schemas() {
  static std::vector<KindSchema> all;
  return all;
}

}  // namespace

const std::vector<KindSchema>& layer_schemas() {
  static const bool filled = [] {
    for (const LayerKind& kind : layer_kinds()) schemas().push_back(kind.schema);
    return true;
  }();
  static_cast<void>(filled);
  return schemas();
}

const std::vector<KindSchema>& unfilled_layer_schemas() { return schemas(); }

}  // namespace bernoulli::layers
