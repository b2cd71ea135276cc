#include "cli/finish.h"

#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "cli/baseline.h"
#include "cli/calibrate.h"
#include "cli/demand.h"
#include "cli/environment.h"
#include "cli/export_run.h"
#include "cli/write_report.h"
#include "config/loss_mode.h"
#include "core/error.h"
#include "core/log.h"
#include "core/printable.h"
#include "core/stop.h"
#include "data/audit.h"
#include "export/device_difference.h"
#include "infer/classifier.h"
#include "metrics/report.h"
#include "metrics/thresholds.h"
#include "model/features.h"
#include "model/sequential.h"
#include "store/raw_checkpoint.h"
#include "tensor/safetensors.h"
#include "train/evaluate.h"

namespace bernoulli::cli {
namespace {

using Json = nlohmann::ordered_json;

Json timings(const MetricsLog& log, double export_s) {
  return {{"epoch_seconds", log.epoch_seconds()},
          {"total_seconds", log.elapsed_s()},
          {"export_seconds", export_s}};
}

/// What `export --format` wrote of an earlier end of this run has other weights, thresholds or scales.
void tell_stale_exports(const RunPaths& paths) {
  for (const std::filesystem::path& path : {paths.onnx(), paths.triton(), paths.safetensors()}) {
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored))
      log_warning(
          fmt::format("'{}' was exported before this end of the run: export it again", path.string()));
  }
}

/// What scaling the logits does to the figures of a set.
Json changes(const Json& before, const Json& after) {
  Json changes;
  for (const char* metric : {"loss", "log_loss", "brier_score", "expected_calibration_error"})
    changes[metric] = {{"before", before.at("metrics").at(metric)},
                       {"after", after.at("metrics").at(metric)}};
  return changes;
}

FeatureShape shape_of(const FinishedTraining& training) {
  return {training.run.plan.ragged_input, training.config.text.sequence_length};
}

std::vector<float> network_logits(const FinishedTraining& training, Sequential& network,
                                  const EncodedDataset& data) {
  return compute_logits(network, data.rows, shape_of(training), training.config.training.eval_batch_size,
                        training.device, throw_if_stopped);
}

/// What a summary begins with. @param chosen  the checkpoint that the training ended with
Json training_json(const FinishedTraining& training, const RawCheckpoint& chosen) {
  const RunConfig& config = training.config;
  const TrainingOutcome& outcome = training.outcome;
  return {{"name", config.name},
          {"engine", training.engine},
          {"device", training.device.str()},
          {"loss_mode", to_string(config.loss.mode)},
          {"steps", outcome.steps},
          {"epochs", outcome.epochs},
          {"stop_reason", outcome.stop_reason},
          {"checkpoint", training.checkpoints.path_of(outcome.final_step).filename().string()},
          {"checkpoint_checksum", chosen.checksum},
          {"monitor", config.training.monitor},
          {"monitor_value", outcome.best_value ? Json(*outcome.best_value) : Json(nullptr)},
          {"labels", to_json(training.run.labels)},
          {"num_parameters", training.run.plan.num_parameters()}};
}

void add_calibration(const Calibration& calibration, const ThresholdConfig& threshold, Json& summary) {
  summary["temperatures"] = calibration.scaling.temperatures;
  summary["shifts"] = calibration.scaling.shifts;
  summary["thresholds"] = to_json(calibration.rule);
  summary["threshold_not_fitted"] = calibration.threshold_not_fitted;
  if (const Json demand = threshold_demand(threshold); !demand.is_null())
    summary["threshold_demand"] = demand;
}

/// The metrics of a set, and what scaling the logits does to them. @param logits  of the network on it, which
/// are scaled
void add_metrics(const FinishedTraining& training, const Calibration& calibration, const char* split,
                 const EncodedDataset& data, std::vector<float>& logits, Json& summary) {
  const auto report = [&] {
    return to_json(evaluate_logits(predictions_of(logits, data), *training.run.loss, training.config,
                                   training.run.labels.names, calibration.rule));
  };
  summary[split] = report();
  if (!calibration.scaling.empty()) {
    const Json before = summary[split];
    scale_logits(logits, calibration.scaling);
    summary[split] = report();
    summary["calibration"][split] = changes(before, summary[split]);
  }
  if (knows_few_tokens(training.run.audit)) return;  // as was said: no threshold helps
  const std::string hint = nothing_above(predictions_of(logits, data), calibration.rule);
  if (!hint.empty()) log_warning(fmt::format("{} data: {}", split, hint));
}

/// Of the test data, else of the validation data; nothing without either.
void add_baseline(const FinishedTraining& training, Json& summary) {
  const PreparedRun& run = training.run;
  const std::optional<EncodedDataset>& data = run.test ? run.test : run.validation;
  if (!data) return;
  summary["baseline"] = baseline_of(run.train, *data);
  summary["baseline"]["split"] = run.test ? "test" : "validation";
  if (knows_few_tokens(training.run.audit)) return;  // no longer training helps
  if (const std::string warning = worse_than_baseline(summary, training); !warning.empty())
    log_warning(warning);
}

/// The split that the file is verified on.
const EncodedDataset& verified_data(const PreparedRun& run) {
  return run.test ? *run.test : run.validation ? *run.validation : run.train;
}

/// @param network, logits  on the CPU; of verified_data
void export_network(const FinishedTraining& training, const Calibration& calibration,
                    const Sequential& network, const std::vector<float>& logits, const MetricsLog& log,
                    Json& summary) {
  const double started = monotonic_seconds();
  const PreparedRun& run = training.run;
  const EncodedDataset& data = verified_data(run);
  std::vector<int64_t> batches =
      batch_begins(data.rows, shape_of(training), training.config.training.eval_batch_size);
  summary["artifact"] = write_artifact(
      {training.config, *run.vectorizer, run.labels, calibration.rule, run.pos_weight, calibration.scaling,
       network, [&] { return rows_in(run.train.rows, run.vectorizer->num_ids()); },
       [&] { training.folder.check_is_there(); }},
      {{run.reference_texts, logits, std::move(batches)}, run.reference_split, data.targets, data.weights},
      training.paths.artifact());
  tell_stale_exports(training.paths);
  summary["timings"] = timings(log, monotonic_seconds() - started);
}

/// What was trained on a card. The file runs on the CPU, so it is held against the network there, to the bit;
/// how far that is from the card is another matter, which the summary has.
/// @param logits  of verified_data, from the card
void export_from_card(const FinishedTraining& training, const Calibration& calibration,
                      const RawCheckpoint& chosen, const std::vector<float>& logits, const MetricsLog& log,
                      Json& summary) {
  const PreparedRun& run = training.run;
  Sequential network(run.plan, to_tensors(chosen.weights, chosen.file), c10::kCPU);
  std::vector<float> on_cpu =
      compute_logits(network, verified_data(run).rows, shape_of(training),
                     training.config.training.eval_batch_size, c10::kCPU, throw_if_stopped);
  scale_logits(on_cpu, calibration.scaling);
  const double difference = device_difference(logits, on_cpu);
  summary["device_difference"] = difference;
  const std::string warning =
      device_difference_warning(difference, training.device.str(), run.reference_split);
  if (!warning.empty()) log_warning(warning);
  export_network(training, calibration, network, on_cpu, log, summary);
}

/// @param is_scaled  the logits are not those of the training: its loss, with its weights, says nothing of
/// them
std::string metric_line(const Json& report, bool is_scaled) {
  std::string line;
  for (const char* name : {is_scaled ? "log_loss" : "loss", headline_metric(report), "f1", "micro_f1",
                           "macro_f1", "roc_auc", "average_precision"}) {
    const auto value = report.at("metrics").find(name);
    if (value != report.at("metrics").end() && !value->is_null())
      line += fmt::format("  {} {:.4f}", name, value->get<double>());
  }
  return line;
}

std::string calibration_text(const Json& summary) {
  std::string text;
  const char* name = summary.at("shifts").empty()         ? "temperature"
                     : summary.at("temperatures").empty() ? "shift"
                                                          : "calibration";
  for (const auto& [split, metrics] : summary.at("calibration").items()) {
    text += fmt::format("{:<12}on {} data:", text.empty() ? name : "", split);
    for (const char* metric : {"log_loss", "expected_calibration_error"}) {
      const Json& change = metrics.at(metric);
      if (!change["before"].is_null() && !change["after"].is_null())
        text += fmt::format("  {} {:.4f} -> {:.4f}", metric, change["before"].get<double>(),
                            change["after"].get<double>());
    }
    text += "\n";
  }
  return text;
}

}  // namespace

Json finish_run(const FinishedTraining& training, MetricsLog& log) {
  const PreparedRun& run = training.run;
  const RawCheckpoint chosen = load_raw_checkpoint(training.checkpoints.path_of(training.outcome.final_step));
  Sequential network(run.plan, to_tensors(chosen.weights, chosen.file), training.device);
  Json summary = training_json(training, chosen);

  std::vector<float> logits;
  if (run.validation) logits = network_logits(training, network, *run.validation);
  const Calibration calibration = calibrate(training, logits);
  add_calibration(calibration, training.config.metrics.threshold, summary);
  if (run.validation) add_metrics(training, calibration, "validation", *run.validation, logits, summary);
  if (run.test) {
    logits = network_logits(training, network, *run.test);
    add_metrics(training, calibration, "test", *run.test, logits, summary);
    log.append("test", training.outcome.final_epoch, training.outcome.final_step, summary["test"]["metrics"]);
  }
  add_baseline(training, summary);

  if (!run.validation && !run.test) logits = network_logits(training, network, run.train);
  if (training.device.is_cpu()) {
    export_network(training, calibration, network, logits, log, summary);
  } else {
    export_from_card(training, calibration, chosen, logits, log, summary);
  }
  summary["peak_memory_mib"] = peak_memory_mib();
  write_report(training, network, calibration.scaling, summary, logits);
  log.check_is_there();
  write_json(training.paths.summary(), summary);  // last: a run that has it is finished
  return summary;
}

std::string summary_text(const Json& summary, const RunPaths& paths) {
  std::string text = fmt::format("run         {}\n", paths.folder.string());
  for (const char* split : {"validation", "test"}) {
    if (summary.contains(split))
      text += fmt::format("{:<10}{}\n", split, metric_line(summary[split], summary.contains("calibration")));
  }
  if (summary.contains("calibration")) text += calibration_text(summary);
  text += baseline_text(summary) + demand_text(summary);
  text += export_text(summary.at("artifact"), paths.artifact());
  return printable(text + fmt::format("page        {}\n", paths.report().string()));
}

}  // namespace bernoulli::cli
