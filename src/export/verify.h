#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/string_rows.h"
#include "export/torchscript.h"

namespace bernoulli {

/// Largest difference of a probability that is allowed where the file is computed in another way than the
/// trainer's answers, such as node by node in float64.
inline constexpr double kVerifyTolerance = 1e-6;

/// Raw texts with the logits that the trainer's own evaluation gave them, and how a file is held against
/// them.
struct TrainerAnswers {
  StringRows texts;           ///< N
  std::vector<float> logits;  ///< N*L row-major
  /// Where the batches of that evaluation begin, in order, and N at the end (batch_begins): the same bits
  /// come of the same batches.
  std::vector<int64_t> batches;
  double tolerance = kVerifyTolerance;  ///< of a probability; 0 where the file runs the trainer's kernels
  int threads = 1;                      ///< that take the batches in turn, where a file can be shared by them
  void (*poll)() = nullptr;  ///< called before each batch, on any of the threads; may throw to stop
  /// Called when all is verified, and only the file is left to write; may throw, and there is no file. Empty:
  /// nothing.
  std::function<void()> before_writing = {};
};

struct Verification {
  int64_t num_texts = 0;
  double max_difference = 0;  ///< of a probability, file against trainer
};

/// `count` texts of the trainer, from text `begin` on, as far as there are so many.
std::vector<std::string> texts_of(const TrainerAnswers& trainer, int64_t begin, int64_t count);

/// The largest difference between the probabilities that a file gave and the trainer's.
/// @param name  stands for the file in messages.  @param probabilities  [n, L] float32, of the texts from
/// `begin` on.  @throws ArtifactError naming the first text that differs by more than `tolerance`.
double largest_difference(const std::string& name, const TrainerAnswers& trainer, int64_t begin,
                          const at::Tensor& probabilities, double tolerance);

/// @throws ArtifactError: a probability is not the sigmoid of its logit, applied once.
/// @param logits  [n, L] float32, as `probabilities`.
void check_sigmoid(const std::string& name, const at::Tensor& logits, const at::Tensor& probabilities);

/// @throws InternalError unless there are num_outputs logits a text and the batches make up the texts.
void check_answers(const TrainerAnswers& trainer, int64_t num_outputs);

/// @throws ArtifactError: `name` is wrong, with the finding, and was not written.
[[noreturn]] void refuse_export(const std::string& name, const std::string& finding);

/// Opens a file's bytes (with the self-test), feeds the raw texts to it, in the trainer's batches, and
/// compares every probability with the sigmoid of the trainer's logit. Also checks, on the first 64 texts,
/// that the file's probability is the sigmoid of its own logit, applied once, and that a second call gives
/// the same bits.
/// @param name  stands for the file in messages.
/// @throws ArtifactError naming the first text that differs too much, or the check that failed.
Verification verify_artifact(std::string_view bytes, const std::string& name, const TrainerAnswers& trainer);

struct ExportReport {
  int64_t size_bytes = 0;
  Verification verification;
};

/// Writes what was verified, atomically. @throws IoError
ExportReport write_verified(const std::filesystem::path& path, std::string_view bytes,
                            const TrainerAnswers& trainer, const Verification& verification);

/// Serialises, verifies the bytes against the trainer, and only then writes the file, atomically.
/// @throws ArtifactError, and there is no file; IoError
ExportReport export_artifact(const ArtifactParts& parts, const TrainerAnswers& trainer,
                             const std::filesystem::path& path);

}  // namespace bernoulli
