#include "cli/export_run.h"

#include "core/error.h"
#include "core/stop.h"
#include "export/onnx_verify.h"
#include "export/triton.h"
#include "export/verify.h"
#include "export/weights.h"
#include "infer/classifier.h"
#include "train/prepare.h"

namespace bernoulli::cli {
namespace {

ExportReport write_as(ExportFormat format, const ArtifactParts& artifact, const TrainerAnswers& trainer,
                      const std::filesystem::path& path, const RunConfig& config, double tolerance) {
  const int threads = num_threads(config.training);
  switch (format) {
    case ExportFormat::kTorchScript:
      return export_artifact(artifact, trainer, path, tolerance, threads, throw_if_stopped);
    case ExportFormat::kOnnx:
      return export_onnx(artifact, trainer, path, kVerifyTolerance, throw_if_stopped);
    case ExportFormat::kTriton:
      return export_triton(artifact, trainer, path, config.name, tolerance, threads, throw_if_stopped);
    case ExportFormat::kSafetensors:
      return export_weights(artifact, trainer, path, tolerance, throw_if_stopped);
  }
  throw InternalError("a format without an exporter");
}

}  // namespace

nlohmann::ordered_json write_artifact(const ExportParts& parts, const ReferenceTexts& reference,
                                      const std::filesystem::path& path, ExportFormat format) {
  ArtifactParts artifact{parts.vectorizer, parts.model.module(),  parts.model.plan(),
                         parts.thresholds, to_json(parts.labels), parts.config.resolved_yaml,
                         parts.pos_weight, parts.temperatures};
  if (const ColumnsConfig& columns = parts.config.data.columns; columns.text.size() > 1) {
    artifact.text_columns = columns.text;
    artifact.text_separator = columns.text_separator;
  }
  // On the CPU trainer and file run the same kernels in the same batches, so nothing may differ.
  const double tolerance = parts.device.is_cpu() ? 0 : kVerifyTolerance;
  const ExportReport report =
      write_as(format, artifact, {reference.texts, reference.logits, reference.batches}, path, parts.config,
               tolerance);
  // "a/triton/" is "a/triton".
  return {{"file", (path.has_filename() ? path : path.parent_path()).filename().string()},
          {"size_bytes", report.size_bytes},
          {"verified_texts", report.verification.num_texts},
          {"verified_split", reference.split},
          {"max_difference", report.verification.max_difference}};
}

}  // namespace bernoulli::cli
