#include "cli/export_run.h"

#include <utility>

#include <fmt/format.h>

#include "cli/compaction.h"
#include "core/error.h"
#include "core/log.h"
#include "core/stop.h"
#include "export/compact_network.h"
#include "export/onnx_verify.h"
#include "export/triton.h"
#include "export/verify.h"
#include "export/weights.h"
#include "infer/classifier.h"
#include "infer/native_model.h"
#include "train/prepare.h"

namespace bernoulli::cli {
namespace {

/// What LibTorch verified, serve, the Python package and predict open without it, too.
void check_native_path(const std::filesystem::path& path) {
  try {
    open_native_model(path);
  } catch (const NotNative& other) {
    log_warning(fmt::format(
        "'{}' runs with LibTorch only, and `serve` and the libraries without it do not open it: {}",
        path.string(), other.reason));
  }
}

ExportReport write_as(ExportFormat format, const ArtifactParts& artifact, const TrainerAnswers& trainer,
                      const std::filesystem::path& path, const std::string& run_name) {
  switch (format) {
    case ExportFormat::kTorchScript: {
      const ExportReport report = export_artifact(artifact, trainer, path);
      check_native_path(path);
      return report;
    }
    case ExportFormat::kOnnx:
      return export_onnx(artifact, trainer, path);
    case ExportFormat::kTriton:
      return export_triton(artifact, trainer, path, run_name);
    case ExportFormat::kSafetensors:
      return export_weights(artifact, trainer, path);
  }
  throw InternalError("a format without an exporter");
}

nlohmann::ordered_json report_of(const ExportReport& report, const ReferenceTexts& reference,
                                 const std::filesystem::path& path) {
  // "a/triton/" is "a/triton".
  return {{"file", (path.has_filename() ? path : path.parent_path()).filename().string()},
          {"size_bytes", report.size_bytes},
          {"verified_texts", report.verification.num_texts},
          {"verified_split", reference.split},
          {"max_difference", report.verification.max_difference}};
}

/// What a file is made of whose network is `network`.
ArtifactParts artifact_of(const ExportParts& parts, const Sequential& network) {
  ArtifactParts artifact{parts.vectorizer,      network.module(),           network.plan(),   parts.rule,
                         to_json(parts.labels), parts.config.resolved_yaml, parts.pos_weight, parts.scaling};
  if (const ColumnsConfig& columns = parts.config.data.columns; columns.text.size() > 1) {
    artifact.text_columns = columns.text;
    artifact.text_separator = columns.text_separator;
  }
  return artifact;
}

/// "table       int8, folded, 10000 of 10000 rows; ..."
std::string table_text(const nlohmann::ordered_json& table) {
  const nlohmann::ordered_json& change = table.at("change");
  std::string text = fmt::format(
      "table       {}{}, {} of {} rows; against the trained model, on {} {} texts: {} decisions changed, "
      "probabilities by {:.2g} at most and {:.2g} in the mean",
      table.at("weights").get<std::string>(), table.at("fold").get<bool>() ? ", folded" : "",
      table.at("stored_rows").get<int64_t>(), table.at("rows").get<int64_t>(),
      change.at("texts").get<int64_t>(), change.at("split").get<std::string>(),
      change.at("changed_texts").get<int64_t>(), change.at("max_difference").get<double>(),
      change.at("mean_difference").get<double>());
  for (const char* name : {"accuracy", "log_loss"}) {
    const auto metric = change.at("metrics").find(name);
    if (metric == change.at("metrics").end() || metric->at("before").is_null() ||
        metric->at("after").is_null())
      continue;
    text += fmt::format(", {} {:.4f} -> {:.4f}", name, metric->at("before").get<double>(),
                        metric->at("after").get<double>());
  }
  return text + "\n";
}

}  // namespace

nlohmann::ordered_json write_artifact(const ExportParts& parts, ReferenceTexts reference,
                                      const std::filesystem::path& path, ExportFormat format) {
  TrainerAnswers& answers = reference.answers;
  answers.tolerance = 0;  // model and file run the same kernels in the same batches
  answers.threads = num_threads(parts.config.training);
  answers.poll = throw_if_stopped;
  answers.before_writing = parts.before_writing;
  const std::string& name = parts.config.name;
  if (!parts.config.exported.is_compact())
    return report_of(write_as(format, artifact_of(parts, parts.model), answers, path, name), reference, path);

  const ExportConfig& form = parts.config.exported;
  CompactNetwork compact = compact_network(parts.model, form, parts.config.text,
                                           form.buckets == "used" ? parts.used_rows() : std::vector<bool>());
  std::vector<float> logits = answers_of(compact.network, parts.vectorizer, answers.texts, answers.batches,
                                         parts.scaling, answers.poll);
  nlohmann::ordered_json about = describe_table(compact.table, form);
  about["change"] = change_of_answers(parts, reference, logits);
  about["change"]["split"] = reference.split;
  check_change(about["change"], form);
  answers.logits = std::move(logits);
  ArtifactParts small = artifact_of(parts, compact.network);
  small.table = &compact.table;
  small.about_table = about;
  nlohmann::ordered_json report = report_of(write_as(format, small, answers, path, name), reference, path);
  report["table"] = about;
  return report;
}

std::string export_text(const nlohmann::ordered_json& report, const std::filesystem::path& path) {
  std::string text = fmt::format(
      "exported    {} ({} bytes), verified on {} raw {} texts: largest difference in probability {}\n",
      path.string(), report.at("size_bytes").get<int64_t>(), report.at("verified_texts").get<int64_t>(),
      report.at("verified_split").get<std::string>(), report.at("max_difference").get<double>());
  return report.contains("table") ? text + table_text(report.at("table")) : text;
}

std::vector<bool> rows_in(const TokenView& texts, int64_t num_ids) {
  std::vector<bool> used(static_cast<size_t>(num_ids));
  std::vector<int32_t> room;
  for (int64_t text = 0; text < texts.size(); ++text) {
    room.resize(static_cast<size_t>(texts.row_size(text)));
    for (const int32_t id : texts.row(text, room.data())) used[static_cast<size_t>(id)] = true;
  }
  return used;
}

}  // namespace bernoulli::cli
