#include "export/weights.h"

#include <vector>

#include <fmt/format.h>

#include <ATen/ops/sigmoid.h>
#include <ATen/ops/tensor.h>

#include "export/compact_network.h"
#include "model/sequential.h"
#include "tensor/safetensors.h"

namespace bernoulli {
namespace {

void check_weights(const std::string& name, const RawTensors& read, const std::vector<RawTensor>& trained) {
  if (read.tensors.size() != trained.size())
    refuse_export(name, fmt::format("it holds {} tensors, expected {}", read.tensors.size(), trained.size()));
  for (const RawTensor& tensor : trained) {
    const RawTensor* const found = find_tensor(read.tensors, tensor.name);
    if (found == nullptr) refuse_export(name, fmt::format("it lacks the tensor '{}'", tensor.name));
    if (found->dtype != tensor.dtype || found->shape != tensor.shape || found->bytes != tensor.bytes)
      refuse_export(name, fmt::format("its tensor '{}' is not the trained one", tensor.name));
  }
}

/// What was read, with the table unpacked.
NamedTensors network_of(const std::vector<RawTensor>& read, const ArtifactParts& parts) {
  const std::string prefix = parts.plan.layers.front().tensor_name("");
  std::vector<RawTensor> others;
  for (const RawTensor& tensor : read) {
    if (!is_table_part(tensor.name, prefix) && tensor.name != prefix + "weight") others.push_back(tensor);
  }
  NamedTensors tensors = to_tensors(others);
  tensors.emplace_back(prefix + "weight",
                       table_numbers(read, prefix, parts.plan.layers.front().plan.parameters.front().shape));
  return tensors;
}

}  // namespace

std::string serialize_weights(const ArtifactParts& parts) {
  return write_raw_tensors({portable_records(parts), StoredTensors(parts).raw()});
}

Verification verify_weights(std::string_view bytes, const std::string& name, const ArtifactParts& parts,
                            const TrainerAnswers& trainer) {
  check_answers(trainer, parts.plan.num_outputs);
  const RawTensors read = read_raw_tensors(bytes, name);
  check_weights(name, read, StoredTensors(parts).raw());
  if (read.metadata != portable_records(parts)) refuse_export(name, "its metadata are not what was written");
  Sequential model(parts.plan, network_of(read.tensors, parts), c10::kCPU);
  Verification verification{trainer.texts.size(), 0};
  const std::vector<float> logits =
      answers_of(model, parts.vectorizer, trainer.texts, trainer.batches, parts.scaling, trainer.poll);
  const at::Tensor probabilities =
      at::sigmoid(at::tensor(logits).reshape({trainer.texts.size(), parts.plan.num_outputs}));
  verification.max_difference = largest_difference(name, trainer, 0, probabilities, trainer.tolerance);
  return verification;
}

ExportReport export_weights(const ArtifactParts& parts, const TrainerAnswers& trainer,
                            const std::filesystem::path& path) {
  const std::string bytes = serialize_weights(parts);
  return write_verified(path, bytes, trainer, verify_weights(bytes, path.string(), parts, trainer));
}

}  // namespace bernoulli
