#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/faults.h"
#include "config/run_config.h"
#include "layers/label_prior.h"
#include "layers/layer_kind.h"
#include "layers/naive_bayes.h"
#include "layers/pretrained.h"

namespace bernoulli::layers {

/// The whole model before anything is allocated: layers from ids to logits. Holds no sigmoid at the end: a
/// final `sigmoid` layer, allowed with a probability loss only, is taken off and remembered, because loss and
/// exporter apply the one sigmoid.
struct ModelPlan {
  std::vector<NamedLayer> layers;
  bool ragged_input = false;                   ///< the first layer takes kRaggedIds
  int64_t num_outputs = 1;                     ///< L
  bool explicit_sigmoid = false;               ///< the configuration ended with a sigmoid layer
  std::optional<NaiveBayesStart> naive_bayes;  ///< to be given numbers by start_as_naive_bayes
  std::optional<PretrainedStart> pretrained;   ///< to be given vectors by start_from_vectors
  std::optional<size_t> prior;  ///< index of the layer that start_from_prior is to give log odds

  /// Every layer, those of branches among them, in the order in which they are computed: that of parameters.
  std::vector<const NamedLayer*> all_layers() const;
  std::vector<NamedLayer*> all_layers();
  int64_t num_parameters() const;         ///< trainable numbers
  bool has(std::string_view kind) const;  ///< some layer of this kind
  bool reads_lengths() const;             ///< some layer that evaluation runs looks at `lengths`
};

/// What does not fit with a layer.
struct LayerFault {
  std::string where;  ///< "file:line:column"; empty where nobody wrote it
  std::string path;   ///< "model.layers[2].linear"
  std::string message;
};

class ModelError : public config::ConfigError {
 public:
  explicit ModelError(std::vector<LayerFault> faults);
  const std::vector<LayerFault>& faults() const { return faults_; }

 private:
  std::vector<LayerFault> faults_;
};

/// Infers every shape. @throws ModelError listing every fault: mismatches, a model that does not end in
/// `num_outputs` logits, a final activation, a sigmoid at the end of a model trained on logits.
/// @param num_ids 2 or more: vocabulary size or buckets + 1.
ModelPlan plan_model(const ModelConfig& model, const TextConfig& text, LossConfig::Mode loss, int64_t num_ids,
                     int64_t num_outputs);

/// Features of the vector that the layers end in; nothing where they end in none, or do not fit each other.
/// @param num_ids as in plan_model
std::optional<int64_t> output_features(const ModelConfig& model, const TextConfig& text, int64_t num_ids);

/// The max_pool behind layer `first` of a list with nothing between but monotone layers: it takes the largest
/// output of each feature through them. Its index; nothing where something else follows.
std::optional<size_t> max_pool_behind(const std::vector<NamedLayer>& layers, size_t first);

/// A table: layer, output shape, parameters; totals below.
std::string summary(const ModelPlan& plan);

}  // namespace bernoulli::layers
