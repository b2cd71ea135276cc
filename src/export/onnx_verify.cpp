#include "export/onnx_verify.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include <fmt/format.h>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/max.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/sub.h>
#include <torch/csrc/jit/api/module.h>

#include "export/onnx.h"
#include "export/onnx_model.h"
#include "model/features.h"

namespace bernoulli {
namespace {

/// Largest difference of a probability between file and trainer that rounding may make. Runtimes add the
/// numbers of a text in orders of their own; 1e-5 was seen in a mean over 6,000 equal pairs of words.
constexpr double kRoundingTolerance = 1e-4;

/// A batch of padded rows has no more positions than this, unless it is one row: every position becomes as
/// many numbers as the table has columns, in several nodes at once.
constexpr int64_t kMostPositions = int64_t{1} << 18;

/// How many rows from `begin` on make a batch.
int64_t rows_at_once(const TokenRows& rows, int64_t begin) {
  int64_t longest = 1, end = begin;
  for (; end < rows.size(); ++end) {
    longest = std::max(longest, static_cast<int64_t>(rows.row(end).size()));
    if (end > begin && longest * (end + 1 - begin) > kMostPositions) break;
  }
  return end - begin;
}

/// A file that was read back, beside what it shall compute.
class Comparison {
 public:
  Comparison(std::string_view bytes, const std::string& name, const ArtifactParts& parts)
      : name_(name),
        parts_(parts),
        model_(OnnxModel::parse(bytes, name)),
        exact_model_(model_.in_float64()),
        exact_network_(exact_network(parts.network)) {
    if (model_.metadata() != onnx_metadata(parts))
      refuse_export(name, "its metadata are not what was written");
  }

  /// Probabilities [count, L] float32 of some rows of ids.
  at::Tensor probabilities(const TokenRows& rows, int64_t begin, int64_t count) const {
    const OnnxModel::Answers answers = model_.answer(features(rows, begin, count, false).values);
    const std::vector<int64_t> expected = {count, parts_.plan.num_outputs};
    for (const at::Tensor& answer : {answers.logits, answers.probabilities}) {
      if (answer.scalar_type() != at::kFloat || answer.sizes() != expected)
        refuse_export(name_, fmt::format("it gives {} numbers of another shape or type for {} texts",
                                         answer.numel(), count));
    }
    at::Tensor probabilities = answers.probabilities.contiguous();
    check_sigmoid(name_, answers.logits.contiguous(), probabilities);
    return probabilities;
  }

  /// @param first_text  number of the text that stands in row `begin`, for messages.
  void check_exactly(const TokenRows& rows, int64_t begin, int64_t count, int64_t first_text) {
    const at::Tensor found = exact_model_.answer(features(rows, begin, count, false).values).probabilities;
    const at::Tensor expected = at::sigmoid(
        exact_logits(exact_network_, features(rows, begin, count, parts_.plan.ragged_input), parts_.scaling));
    for (int64_t i = 0; i < count; ++i) {
      const double difference = at::sub(found[i], expected[i]).abs().max().item<double>();
      if (!(difference <= kVerifyTolerance))
        refuse_export(name_,
                      fmt::format("in float64 its probabilities of text {} differ by {} from those of the "
                                  "trained network (allowed difference {})",
                                  first_text + i, difference, kVerifyTolerance));
    }
  }

 private:
  Features features(const TokenRows& rows, int64_t begin, int64_t count, bool ragged) const {
    return make_features(rows, begin, count, {ragged, parts_.vectorizer.config().sequence_length}, c10::kCPU);
  }

  const std::string& name_;
  const ArtifactParts& parts_;
  OnnxModel model_;
  OnnxModel exact_model_;
  torch::jit::Module exact_network_;
};

}  // namespace

Verification verify_onnx(std::string_view bytes, const std::string& name, const ArtifactParts& parts,
                         const TrainerAnswers& trainer) {
  check_answers(trainer, parts.plan.num_outputs);
  const at::NoGradGuard no_grad;
  Comparison comparison(bytes, name, parts);
  Verification verification{trainer.texts.size(), 0};
  const std::vector<int64_t>& begins = trainer.batches;
  for (size_t batch = 0; batch + 1 < begins.size(); ++batch) {
    const int64_t first = begins[batch];
    const TokenRows rows = parts.vectorizer.transform(texts_of(trainer, first, begins[batch + 1] - first));
    for (int64_t begin = 0; begin < rows.size();) {
      if (trainer.poll != nullptr) trainer.poll();
      const int64_t count = rows_at_once(rows, begin);
      comparison.check_exactly(rows, begin, count, first + begin);
      const at::Tensor probabilities = comparison.probabilities(rows, begin, count);
      verification.max_difference =
          std::max(verification.max_difference,
                   largest_difference(name, trainer, first + begin, probabilities, kRoundingTolerance));
      begin += count;
    }
  }
  return verification;
}

ExportReport export_onnx(const ArtifactParts& parts, const TrainerAnswers& trainer,
                         const std::filesystem::path& path) {
  const std::string bytes = serialize_onnx(parts);
  return write_verified(path, bytes, trainer, verify_onnx(bytes, path.string(), parts, trainer));
}

}  // namespace bernoulli
