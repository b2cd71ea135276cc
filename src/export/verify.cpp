#include "export/verify.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/sigmoid.h>

#include "core/error.h"
#include "core/file.h"
#include "core/shared_blocks.h"
#include "export/artifact.h"
#include "tensor/operator_threads.h"

namespace bernoulli {
namespace {

/// Rounding of float32 between two ways to compute a sigmoid.
constexpr double kSigmoidRounding = 1e-6;

std::span<const float> values(const at::Tensor& tensor) {
  return {tensor.const_data_ptr<float>(), static_cast<size_t>(tensor.numel())};
}

at::Tensor checked_probabilities(const Artifact& artifact, std::span<const std::string> texts) {
  at::Tensor probabilities = artifact.probabilities(texts).contiguous();
  const std::vector<int64_t> expected = {static_cast<int64_t>(texts.size()), artifact.info().num_outputs};
  if (probabilities.scalar_type() != at::kFloat || probabilities.sizes() != expected) {
    refuse_export(artifact.name(),
                  fmt::format("forward gives {} numbers of another shape or type for {} texts",
                              probabilities.numel(), texts.size()));
  }
  return probabilities;
}

/// Texts that the invariants are checked on: what they find is wrong for all texts.
constexpr size_t kFewTexts = 64;

/// Sigmoid once, never twice or not at all; and nothing in the file changes from call to call.
void check_invariants(const Artifact& artifact, std::span<const std::string> texts) {
  texts = texts.first(std::min(texts.size(), kFewTexts));
  const at::Tensor probabilities = checked_probabilities(artifact, texts);
  check_sigmoid(artifact.name(), artifact.logits(texts).contiguous(), probabilities);
  if (!artifact.probabilities(texts).equal(probabilities))
    refuse_export(artifact.name(), "a second call gives other probabilities than the first");
}

/// The largest difference in the batch of the texts from `begin` to `end`.
double verify_batch(const Artifact& artifact, const TrainerAnswers& trainer, int64_t begin, int64_t end) {
  const std::vector<std::string> texts = texts_of(trainer, begin, end - begin);
  const at::Tensor probabilities = checked_probabilities(artifact, texts);
  if (begin == 0) check_invariants(artifact, texts);
  return largest_difference(artifact.name(), trainer, begin, probabilities, trainer.tolerance);
}

}  // namespace

void refuse_export(const std::string& name, const std::string& finding) {
  throw ArtifactError(
      fmt::format("the exported file '{}' is wrong and was not written: {}. This is a bug; please report it "
                  "with the configuration",
                  name, finding));
}

std::vector<std::string> texts_of(const TrainerAnswers& trainer, int64_t begin, int64_t count) {
  const int64_t end = std::min(begin + count, trainer.texts.size());
  std::vector<std::string> texts;
  for (int64_t i = begin; i < end; ++i) texts.emplace_back(trainer.texts[i]);
  return texts;
}

double largest_difference(const std::string& name, const TrainerAnswers& trainer, int64_t begin,
                          const at::Tensor& probabilities, double tolerance) {
  const int64_t num_outputs = probabilities.size(1);
  // The trainer's logits as the same tensor shape: the same vector instructions give the same bits.
  const auto first = trainer.logits.begin() + begin * num_outputs;
  std::vector<float> logits(first, first + probabilities.numel());
  const at::Tensor expected = at::sigmoid(at::from_blob(logits.data(), probabilities.sizes(), at::kFloat));
  double largest = 0;
  for (size_t i = 0; i < logits.size(); ++i) {
    const double difference = std::abs(double{values(probabilities)[i]} - double{values(expected)[i]});
    if (!(difference <= tolerance)) {
      refuse_export(name,
                    fmt::format("text {} has probability {}, the trainer says {} (allowed difference {})",
                                begin + static_cast<int64_t>(i) / num_outputs, values(probabilities)[i],
                                values(expected)[i], tolerance));
    }
    largest = std::max(largest, difference);
  }
  return largest;
}

void check_sigmoid(const std::string& name, const at::Tensor& logits, const at::Tensor& probabilities) {
  for (size_t i = 0; i < values(logits).size(); ++i) {
    const double expected = 1 / (1 + std::exp(-double{values(logits)[i]}));
    const bool agree = std::abs(double{values(probabilities)[i]} - expected) <= kSigmoidRounding;
    if (!agree)
      refuse_export(name, fmt::format("the sigmoid of its logit {} is {}, its probability {}",
                                      values(logits)[i], expected, values(probabilities)[i]));
  }
}

void check_answers(const TrainerAnswers& trainer, int64_t num_outputs) {
  if (static_cast<int64_t>(trainer.logits.size()) != trainer.texts.size() * num_outputs) {
    throw InternalError(fmt::format("{} logits for {} texts and {} outputs", trainer.logits.size(),
                                    trainer.texts.size(), num_outputs));
  }
  const std::vector<int64_t>& begins = trainer.batches;
  const bool whole = !begins.empty() && begins.front() == 0 && begins.back() == trainer.texts.size() &&
                     std::ranges::adjacent_find(begins, std::greater_equal<>()) == begins.end();
  if (!whole)
    throw InternalError(
        fmt::format("{} batches are not those of {} texts", begins.size(), trainer.texts.size()));
}

Verification verify_artifact(std::string_view bytes, const std::string& name, const TrainerAnswers& trainer) {
  const Artifact artifact = Artifact::parse(bytes, name);
  check_answers(trainer, artifact.info().num_outputs);
  const std::vector<int64_t>& begins = trainer.batches;
  const auto num_workers = static_cast<size_t>(std::max(trainer.threads, 1));
  const int threads_of_an_operator = at::get_num_threads();
  std::vector<double> largest(num_workers, 0);
  share_blocks(begins.size() - 1, 1, num_workers, [&](size_t worker, size_t batch, size_t /*end*/) {
    const at::NoGradGuard no_grad;
    // A thread's own setting, and the bits may depend on it.
    if (at::get_num_threads() != threads_of_an_operator) set_operator_threads(threads_of_an_operator);
    if (trainer.poll != nullptr) trainer.poll();
    largest[worker] =
        std::max(largest[worker], verify_batch(artifact, trainer, begins[batch], begins[batch + 1]));
  });
  return {trainer.texts.size(), *std::max_element(largest.begin(), largest.end())};
}

ExportReport write_verified(const std::filesystem::path& path, std::string_view bytes,
                            const TrainerAnswers& trainer, const Verification& verification) {
  if (trainer.before_writing) trainer.before_writing();
  write_file_atomic(path, bytes);
  return {static_cast<int64_t>(bytes.size()), verification};
}

ExportReport export_artifact(const ArtifactParts& parts, const TrainerAnswers& trainer,
                             const std::filesystem::path& path) {
  const std::string bytes = serialize_artifact(parts);
  return write_verified(path, bytes, trainer, verify_artifact(bytes, path.string(), trainer));
}

}  // namespace bernoulli
