#include "cli/export_run.h"

#include "core/stop.h"
#include "export/verify.h"
#include "infer/classifier.h"
#include "train/prepare.h"

namespace bernoulli::cli {

nlohmann::ordered_json write_artifact(const ExportParts& parts, const ReferenceTexts& reference,
                                      const std::filesystem::path& path) {
  const ArtifactParts artifact{parts.vectorizer, parts.model.module(),  parts.model.plan(),
                               parts.thresholds, to_json(parts.labels), parts.config.resolved_yaml,
                               parts.pos_weight, parts.temperatures};
  // On the CPU trainer and file run the same kernels in the same batches, so nothing may differ.
  const double tolerance = parts.device.is_cpu() ? 0 : kVerifyTolerance;
  const ExportReport report =
      export_artifact(artifact, {reference.texts, reference.logits, parts.config.training.eval_batch_size},
                      path, tolerance, num_threads(parts.config.training), throw_if_stopped);
  return {{"file", path.filename().string()},
          {"size_bytes", report.size_bytes},
          {"verified_texts", report.verification.num_texts},
          {"verified_split", reference.split},
          {"max_difference", report.verification.max_difference}};
}

}  // namespace bernoulli::cli
