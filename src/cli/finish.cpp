#include "cli/finish.h"

#include <fmt/format.h>

#include "cli/environment.h"
#include "cli/export_run.h"
#include "cli/write_report.h"
#include "core/error.h"
#include "core/log.h"
#include "core/stop.h"
#include "infer/classifier.h"
#include "model/features.h"
#include "model/sequential.h"
#include "train/evaluate.h"

namespace bernoulli::cli {
namespace {

using Json = nlohmann::ordered_json;

std::vector<double> fit_thresholds(const FinishedTraining& training,
                                   const std::vector<float>* validation_logits) {
  const ThresholdConfig& config = training.config.metrics.threshold;
  const int64_t num_labels = training.run.train.num_labels;
  if (config.method == ThresholdConfig::Method::kFixed)
    return std::vector<double>(static_cast<size_t>(num_labels), config.value);
  if (validation_logits == nullptr)  // config/ refuses a fitted threshold without validation data
    throw InternalError("a threshold is fitted on validation data, and there is none");
  std::vector<double> thresholds;
  try {
    thresholds = choose_thresholds(predictions_of(*validation_logits, *training.run.validation), config,
                                   training.run.labels.names);
  } catch (const DataError& error) {
    throw DataError(fmt::format(
        "{}; the training is kept: bernoulli train --resume --run-dir {} --set metrics.threshold=0.5",
        error.what(), training.paths.folder.string()));
  }
  std::string shown;
  for (size_t label = 0; label < thresholds.size(); ++label) {
    shown += label == 0 ? "" : ", ";
    if (num_labels > 1) shown += training.run.labels.names[label] + " ";
    shown += Json(thresholds[label]).dump();
  }
  log_info(fmt::format("threshold fitted on validation data: {}", shown));
  return thresholds;
}

Json timings(const MetricsLog& log, double export_s) {
  return {{"epoch_seconds", log.epoch_seconds()},
          {"total_seconds", log.elapsed_s()},
          {"export_seconds", export_s}};
}

std::string metric_line(const Json& report) {
  std::string line;
  for (const char* name :
       {"loss", "accuracy", "f1", "micro_f1", "macro_f1", "roc_auc", "average_precision"}) {
    const auto value = report.at("metrics").find(name);
    if (value != report.at("metrics").end() && !value->is_null())
      line += fmt::format("  {} {:.4f}", name, value->get<double>());
  }
  return line;
}

}  // namespace

Json finish_run(const FinishedTraining& training, MetricsLog& log) {
  const RunConfig& config = training.config;
  const PreparedRun& run = training.run;
  Sequential model(run.plan, load_weights(training.checkpoints.path_of(training.outcome.final_step)),
                   training.device);

  const FeatureShape shape{run.plan.ragged_input, config.text.sequence_length};
  const auto logits_of = [&](const EncodedDataset& data) {
    return compute_logits(model, data.rows, shape, config.training.eval_batch_size, training.device,
                          throw_if_stopped);
  };
  Json summary = {
      {"name", config.name},
      {"engine", training.engine},
      {"device", training.device.str()},
      {"loss_mode", to_string(config.loss.mode)},
      {"steps", training.outcome.steps},
      {"epochs", training.outcome.epochs},
      {"stop_reason", training.outcome.stop_reason},
      {"checkpoint", training.checkpoints.path_of(training.outcome.final_step).filename().string()},
      {"monitor", config.training.monitor},
      {"monitor_value", nullptr},
      {"labels", to_json(run.labels)},
      {"num_parameters", run.plan.num_parameters()}};
  if (training.outcome.best_value) summary["monitor_value"] = *training.outcome.best_value;

  std::vector<float> validation_logits;
  if (run.validation) validation_logits = logits_of(*run.validation);
  const std::vector<double> thresholds =
      fit_thresholds(training, run.validation ? &validation_logits : nullptr);
  summary["thresholds"] = thresholds;
  const auto report = [&](const EncodedDataset& data, const std::vector<float>& logits) {
    return to_json(
        evaluate_logits(predictions_of(logits, data), *run.loss, config, run.labels.names, thresholds));
  };
  if (run.validation) summary["validation"] = report(*run.validation, validation_logits);
  std::vector<float> test_logits;
  if (run.test) {
    test_logits = logits_of(*run.test);
    summary["test"] = report(*run.test, test_logits);
    log.append("test", training.outcome.final_epoch, training.outcome.final_step, summary["test"]["metrics"]);
  }

  const double export_started = monotonic_seconds();
  const ReferenceTexts reference{run.reference_texts,
                                 run.test         ? test_logits
                                 : run.validation ? validation_logits
                                                  : logits_of(run.train),
                                 run.reference_split};
  summary["artifact"] = write_artifact(
      {config, *run.vectorizer, run.labels, thresholds, run.pos_weight, model, training.device}, reference,
      training.paths.artifact());
  summary["timings"] = timings(log, monotonic_seconds() - export_started);
  summary["peak_memory_mib"] = peak_memory_mib();
  write_report(training, summary, run.test ? test_logits : validation_logits);
  write_json(training.paths.summary(), summary);  // last: a run that has it is finished
  return summary;
}

std::string summary_text(const Json& summary, const RunPaths& paths) {
  std::string text = fmt::format("run         {}\n", paths.folder.string());
  for (const char* split : {"validation", "test"}) {
    if (summary.contains(split)) text += fmt::format("{:<10}{}\n", split, metric_line(summary[split]));
  }
  const Json& artifact = summary.at("artifact");
  text += fmt::format(
      "exported    {} ({} bytes), verified on {} raw {} texts: largest difference in probability {}\n",
      paths.artifact().string(), artifact.at("size_bytes").get<int64_t>(),
      artifact.at("verified_texts").get<int64_t>(), artifact.at("verified_split").get<std::string>(),
      artifact.at("max_difference").get<double>());
  return text + fmt::format("page        {}\n", paths.report().string());
}

}  // namespace bernoulli::cli
