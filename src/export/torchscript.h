#pragma once

#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "infer/self_test.h"
#include "layers/model_plan.h"
#include "metrics/decision.h"
#include "metrics/logit_scaling.h"
#include "model/features.h"
#include "store/packed_table.h"
#include "tensor/named_tensors.h"
#include "tensor/safetensors.h"
#include "text/vectorizer.h"

namespace torch::jit {
struct Module;
}

namespace bernoulli {

/// What an exported file is made of. L is plan.num_outputs.
struct ArtifactParts {
  const Vectorizer& vectorizer;
  const torch::jit::Module& network;  ///< Sequential::module(): logits(x, lengths), any device, not changed
  const layers::ModelPlan& plan;      ///< of the network
  DecisionRule rule;                  ///< with L thresholds in (0, 1), or the highest of several
  nlohmann::ordered_json labels;      ///< stored as labels.json
  std::string config_yaml;            ///< the resolved configuration
  std::vector<double> pos_weight;     ///< of the training loss; empty: none
  LogitScaling scaling;               ///< of the network's logits
  /// How the file keeps the network's table, whose numbers are those that this gives; null: as it is.
  const PackedTable* table = nullptr;
  nlohmann::ordered_json about_table = nullptr;  ///< what metadata.json says of it
  std::vector<std::string> text_columns = {};    ///< that were joined to a text; empty: a text was one
  std::string text_separator = {};               ///< what they were joined by
};

/// What a format without a text half carries beside the weights, by the names of docs/artifact.md:
/// configuration, labels, thresholds, temperatures, shifts where there are some, metadata and, unless ids are
/// hashed, the vocabulary. read_artifact_info reads it. @throws InternalError if the parts do not fit
/// together
std::map<std::string, std::string> portable_records(const ArtifactParts& parts);

/// Parameters, then buffers, by the names that they have in a checkpoint: "embedding_0.weight".
NamedTensors network_tensors(const torch::jit::Module& network);

/// A network's copy in float64, on the CPU.
torch::jit::Module exact_network(const torch::jit::Module& network);
/// [N, L] float64, scaled. @param exact  exact_network
at::Tensor exact_logits(const torch::jit::Module& exact, const Features& features,
                        const LogitScaling& scaling);

/// The tensors of a file: network_tensors, the table of which may be packed.
class StoredTensors {
 public:
  explicit StoredTensors(const ArtifactParts& parts);
  /// Views of the parts and of this.
  const std::vector<RawTensor>& raw() const { return raw_; }

 private:
  HostTensors hosts_;
  std::vector<RawTensor> raw_;
};

/// Texts with the answers of the trainer's own path. @throws NonFiniteError if the model answers with NaN.
SelfTest artifact_self_test(const ArtifactParts& parts);

/// The bytes of a TorchScript file with the methods of docs/artifact.md and everything needed beside them,
/// sealed with a checksum. The same parts give the same bytes.
/// @throws InternalError if the parts do not fit together; NonFiniteError if the model answers with NaN.
std::string serialize_artifact(const ArtifactParts& parts);

}  // namespace bernoulli
