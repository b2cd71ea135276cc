#include "export/weights.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include <ATen/ops/sigmoid.h>
#include <ATen/ops/tensor.h>

#include "core/file.h"
#include "metrics/temperature.h"
#include "model/features.h"
#include "model/sequential.h"
#include "tensor/safetensors.h"

namespace bernoulli {
namespace {

void check_weights(const std::string& name, const RawTensors& read, const std::vector<RawTensor>& trained) {
  if (read.tensors.size() != trained.size())
    refuse_export(name, fmt::format("it holds {} tensors, expected {}", read.tensors.size(), trained.size()));
  for (const RawTensor& tensor : trained) {
    const auto found = std::find_if(read.tensors.begin(), read.tensors.end(),
                                    [&](const RawTensor& other) { return other.name == tensor.name; });
    if (found == read.tensors.end())
      refuse_export(name, fmt::format("it lacks the tensor '{}'", tensor.name));
    if (found->dtype != tensor.dtype || found->shape != tensor.shape || found->bytes != tensor.bytes)
      refuse_export(name, fmt::format("its tensor '{}' is not the trained one", tensor.name));
  }
}

}  // namespace

std::string serialize_weights(const ArtifactParts& parts) {
  return write_raw_tensors({portable_records(parts), HostTensors(network_tensors(parts.network)).raw()});
}

Verification verify_weights(std::string_view bytes, const std::string& name, const ArtifactParts& parts,
                            const TrainerAnswers& trainer, double tolerance, void (*poll)()) {
  check_answers(trainer, parts.plan.num_outputs);
  const RawTensors read = read_raw_tensors(bytes, name);
  check_weights(name, read, HostTensors(network_tensors(parts.network)).raw());
  if (read.metadata != portable_records(parts)) refuse_export(name, "its metadata are not what was written");
  Sequential model(parts.plan, to_tensors(read.tensors), c10::kCPU);
  const FeatureShape shape{parts.plan.ragged_input, parts.vectorizer.config().sequence_length};
  Verification verification{trainer.texts.size(), 0};
  check_batches(trainer);
  const std::vector<int64_t>& begins = trainer.batches;
  for (size_t batch = 0; batch + 1 < begins.size(); ++batch) {
    const int64_t begin = begins[batch];
    const std::vector<std::string> texts = texts_of(trainer, begin, begins[batch + 1] - begin);
    std::vector<float> logits = compute_logits(model, parts.vectorizer.transform(texts), shape,
                                               begins[batch + 1] - begin, c10::kCPU, poll);
    divide_by_temperature(logits, parts.temperatures);
    const at::Tensor probabilities =
        at::sigmoid(at::tensor(logits).reshape({static_cast<int64_t>(texts.size()), parts.plan.num_outputs}));
    verification.max_difference = std::max(
        verification.max_difference, largest_difference(name, trainer, begin, probabilities, tolerance));
  }
  return verification;
}

ExportReport export_weights(const ArtifactParts& parts, const TrainerAnswers& trainer,
                            const std::filesystem::path& path, double tolerance, void (*poll)()) {
  const std::string bytes = serialize_weights(parts);
  ExportReport report{static_cast<int64_t>(bytes.size()),
                      verify_weights(bytes, path.string(), parts, trainer, tolerance, poll)};
  write_file_atomic(path, bytes);
  return report;
}

}  // namespace bernoulli
