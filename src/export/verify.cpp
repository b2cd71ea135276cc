#include "export/verify.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/sigmoid.h>

#include "core/error.h"
#include "core/file.h"

namespace bernoulli {
namespace {

/// Rounding of float32 between two ways to compute a sigmoid.
constexpr double kSigmoidRounding = 1e-6;

[[noreturn]] void refuse(const Artifact& artifact, const std::string& finding) {
  throw ArtifactError(
      fmt::format("the exported file '{}' is wrong and was not written: {}. This is a bug; please report it "
                  "with the configuration",
                  artifact.name(), finding));
}

std::span<const float> values(const at::Tensor& tensor) {
  return {tensor.const_data_ptr<float>(), static_cast<size_t>(tensor.numel())};
}

at::Tensor checked_probabilities(const Artifact& artifact, std::span<const std::string> texts) {
  const at::Tensor probabilities = artifact.probabilities(texts).contiguous();
  const std::vector<int64_t> expected = {static_cast<int64_t>(texts.size()), artifact.info().num_outputs};
  if (probabilities.scalar_type() != at::kFloat || probabilities.sizes() != expected) {
    refuse(artifact, fmt::format("forward gives {} numbers of another shape or type for {} texts",
                                 probabilities.numel(), texts.size()));
  }
  return probabilities;
}

/// Sigmoid once, never twice or not at all; and nothing in the file changes from call to call.
void check_invariants(const Artifact& artifact, std::span<const std::string> texts,
                      const at::Tensor& probabilities) {
  const at::Tensor logits = artifact.logits(texts).contiguous();
  for (size_t i = 0; i < values(logits).size(); ++i) {
    const double expected = 1 / (1 + std::exp(-double{values(logits)[i]}));
    const bool agree = std::abs(double{values(probabilities)[i]} - expected) <= kSigmoidRounding;
    if (!agree)
      refuse(artifact, fmt::format("the sigmoid of its logit {} is {}, its probability {}", values(logits)[i],
                                   expected, values(probabilities)[i]));
  }
  if (!artifact.probabilities(texts).equal(probabilities))
    refuse(artifact, "a second call gives other probabilities than the first");
}

double compare(const Artifact& artifact, const TrainerAnswers& trainer, size_t begin,
               const at::Tensor& probabilities, double tolerance) {
  const int64_t num_outputs = probabilities.size(1);
  // The trainer's logits as the same tensor shape: the same vector instructions give the same bits.
  std::vector<float> logits(
      trainer.logits.begin() + static_cast<int64_t>(begin) * num_outputs,
      trainer.logits.begin() + static_cast<int64_t>(begin) * num_outputs + probabilities.numel());
  const at::Tensor expected = at::sigmoid(at::from_blob(logits.data(), probabilities.sizes(), at::kFloat));
  double largest = 0;
  for (size_t i = 0; i < logits.size(); ++i) {
    const double difference = std::abs(double{values(probabilities)[i]} - double{values(expected)[i]});
    if (!(difference <= tolerance)) {
      refuse(artifact, fmt::format("text {} has probability {}, the trainer says {} (allowed difference {})",
                                   begin + i / static_cast<size_t>(num_outputs), values(probabilities)[i],
                                   values(expected)[i], tolerance));
    }
    largest = std::max(largest, difference);
  }
  return largest;
}

}  // namespace

Verification verify_artifact(const Artifact& artifact, const TrainerAnswers& trainer, double tolerance,
                             void (*poll)()) {
  const at::NoGradGuard no_grad;
  const size_t num_texts = trainer.texts.size();
  if (trainer.logits.size() != num_texts * static_cast<size_t>(artifact.info().num_outputs) ||
      trainer.batch_size < 1) {
    throw InternalError(fmt::format("{} logits for {} texts and {} outputs", trainer.logits.size(), num_texts,
                                    artifact.info().num_outputs));
  }
  Verification verification{static_cast<int64_t>(num_texts), 0};
  for (size_t begin = 0; begin < num_texts; begin += static_cast<size_t>(trainer.batch_size)) {
    if (poll != nullptr) poll();
    const auto batch =
        trainer.texts.subspan(begin, std::min(static_cast<size_t>(trainer.batch_size), num_texts - begin));
    const at::Tensor probabilities = checked_probabilities(artifact, batch);
    if (begin == 0) check_invariants(artifact, batch, probabilities);
    verification.max_difference =
        std::max(verification.max_difference, compare(artifact, trainer, begin, probabilities, tolerance));
  }
  return verification;
}

ExportReport export_artifact(const ArtifactParts& parts, const TrainerAnswers& trainer,
                             const std::filesystem::path& path, double tolerance, void (*poll)()) {
  const std::string bytes = serialize_artifact(parts);
  const Artifact artifact = Artifact::parse(bytes, path.string());
  ExportReport report{static_cast<int64_t>(bytes.size()),
                      verify_artifact(artifact, trainer, tolerance, poll)};
  write_file_atomic(path, bytes);
  return report;
}

}  // namespace bernoulli
