#include <algorithm>

#include <fmt/format.h>

#include "config/loss_mode.h"
#include "core/error.h"
#include "core/name_list.h"
#include "data/source_files.h"
#include "metrics/report.h"
#include "report/html.h"
#include "report/sections.h"

namespace bernoulli::report {
namespace {

std::string quoted(const std::string& name) {
  return fmt::format("‘{}’", escape_html(shortened(name, kShownLabel)));
}

std::string task_line(const RunRecord& record) {
  const std::vector<std::string> names = record.label_names();
  if (!record.is_binary()) return fmt::format("multi-label, {} labels", names.size());
  if (names.size() != 2) return "binary";
  return fmt::format("binary, {} (positive) or {}", quoted(names[1]), quoted(names[0]));
}

std::string data_line(const RunRecord& record) {
  std::string line;
  for (const char* split : {"train", "validation", "test"}) {
    if (!record.data.is_object() || !record.data.contains(split)) continue;
    line += fmt::format("{}{} {}", line.empty() ? "" : ", ",
                        grouped(record.data[split].at("examples").get<int64_t>()),
                        split == std::string_view("train") ? "training" : split);
  }
  return fmt::format("<code>{}</code>{}{}", escape_html(in_words(record.config.data.train)),
                     line.empty() ? "" : ": ", line.empty() ? "" : line + " examples");
}

/// "embedding 16 → dropout 0.2 → linear 1": of each layer its first key, which its kind is mostly about, or
/// its branches: "(conv1d 100 → max_pool | mean_pool)".
std::string layers_line(const std::vector<KindConfig>& layers) {
  std::string line;
  for (const KindConfig& layer : layers) {
    if (!line.empty()) line += " → ";
    if (layer.branches.empty()) line += escape_html(layer.kind);
    std::string branches;
    for (const std::vector<KindConfig>& branch : layer.branches)
      branches += (branches.empty() ? "" : " | ") + (branch.empty() ? "its input" : layers_line(branch));
    if (!branches.empty()) line += fmt::format("({})", branches);
    if (!layer.args.empty() && !layer.args.front().is_null())
      line += " " + escape_html(plain(layer.args.front()));
  }
  return line;
}

std::string model_line(const RunRecord& record) {
  std::string line = layers_line(record.config.model.layers);
  if (record.finished())
    line += fmt::format("; {} parameters", grouped(record.summary.at("num_parameters").get<int64_t>()));
  if (const auto& start = record.config.model.start_from)
    line += fmt::format("; begins with the weights of <code>{}</code>", escape_html(start->path));
  return line;
}

std::string training_line(const RunRecord& record) {
  const OptimizerConfig& optimizer = record.config.optimizer;
  std::string line = escape_html(optimizer.kind.kind);
  if (const auto rate = optimizer.kind.args.find("lr"); rate != optimizer.kind.args.end())
    line += fmt::format(" at {}", escape_html(plain(*rate)));
  line +=
      fmt::format(", batches of {}, seed {}", record.config.training.batch_size, record.config.training.seed);
  if (!record.finished()) return line;
  const int64_t epochs = record.summary.at("epochs");
  return line + fmt::format("; {} epoch{}, {} steps, ended by {}", grouped(epochs), epochs == 1 ? "" : "s",
                            grouped(record.summary.at("steps").get<int64_t>()),
                            escape_html(plain(record.summary.at("stop_reason"))));
}

std::string checkpoint_line(const RunRecord& record) {
  const Json& summary = record.summary;
  std::string line = fmt::format("<code>{}</code>", escape_html(plain(summary.at("checkpoint"))));
  if (summary.at("monitor_value").is_number())
    line += fmt::format(", the best validation {} ({:.4f})", escape_html(plain(summary.at("monitor"))),
                        summary["monitor_value"].get<double>());
  const MetricsConfig& metrics = record.config.metrics;
  if (summary["monitor_value"].is_number() && (metrics.fits_temperature || metrics.fits_shift))
    line += fmt::format(", as all curves of the training before the {}",
                        metrics.fits_temperature ? "temperature" : "shift");
  return line;
}

/// @param key  of the numbers in the summary, one a label
std::string scaling_line(const RunRecord& record, bool is_fitted, const char* key) {
  if (!is_fitted) return "none";
  if (!record.finished()) return "to be fitted on the validation data";
  const auto numbers = record.summary.at(key).get<std::vector<double>>();
  if (numbers.empty())
    throw ArtifactError(fmt::format("summary.json: '{}' is empty (expected one number a label)", key));
  const auto [least, most] = std::ranges::minmax(numbers);
  return numbers.size() == 1
             ? fmt::format("{:.4g}, fitted on the validation data", least)
             : fmt::format("{:.4g} to {:.4g}, fitted for each label on the validation data", least, most);
}

std::string threshold_line(const RunRecord& record) {
  const ThresholdConfig& threshold = record.config.metrics.threshold;
  std::string goal;
  switch (threshold.method) {
    case ThresholdConfig::Method::kFixed:
      if (!threshold.values.empty() || !threshold.value_of.empty())
        return "each label its own, as configured";
      return fmt::format("{}, as configured", threshold.value);
    case ThresholdConfig::Method::kHighest:
      return "none: the label with the highest probability";
    case ThresholdConfig::Method::kMaxF1:
    case ThresholdConfig::Method::kMaxFBeta:
      goal = threshold.method == ThresholdConfig::Method::kMaxF1
                 ? "the best F1"
                 : fmt::format("the best f_beta with beta {}", threshold.beta);
      if (threshold.min_positives > 0)
        goal += fmt::format(", one for all labels with fewer than {} examples", threshold.min_positives);
      break;
    case ThresholdConfig::Method::kPrecisionAtRecall:
      goal = fmt::format("the best precision with recall of {} or more", threshold.value);
      break;
    case ThresholdConfig::Method::kRecallAtPrecision:
      goal = fmt::format("the best recall with precision of {} or more", threshold.value);
      if (threshold.confidence) goal += fmt::format(" with confidence {}", *threshold.confidence);
      break;
  }
  const std::string line = "fitted on validation data: " + goal;
  if (!record.finished()) return line;
  auto left = record.summary.value("threshold_not_fitted", std::vector<std::string>());
  if (left.empty()) return line;
  for (std::string& name : left) name = shortened(name, kShownLabel);
  return line + fmt::format(
                    "; 0.5 for {}, as these data have no example with the label, none without it, or no "
                    "threshold that meets the demand",
                    escape_html(name_list(left)));
}

/// One number, large.
std::string tile(const std::string& name, const Json& value) {
  return fmt::format("<div><b>{}</b><span>{}</span></div>", metric_text(value), name);
}

std::string tiles(const std::string& split, const Json& figures) {
  std::string text;
  const Json& metrics = figures.at("metrics");
  for (const char* name : {headline_metric(figures), "f1", "micro_f1", "macro_f1", "roc_auc", "macro_roc_auc",
                           "average_precision", "log_loss", "expected_calibration_error"}) {
    if (metrics.contains(name)) text += tile(name, metrics[name]);
  }
  const Json& threshold = figures.at("threshold");
  const std::string decided = threshold.is_number()
                                  ? fmt::format("at threshold {:.6g}", threshold.get<double>())
                              : threshold.is_array() ? "each label at its own threshold"
                                                     : "decided for the label with the highest probability";
  return fmt::format("<p>On {} {} examples, {}:</p><div class=\"tiles\">{}</div>\n",
                     grouped(figures.at("num_examples").get<int64_t>()), split, decided, text);
}

/// What the tiles are to be held against; runs of older programs lack it.
std::string baseline_line(const RunRecord& record, const std::string& split) {
  const Json baseline = record.finished() ? record.summary.value("baseline", Json()) : Json();
  if (!baseline.is_object() || baseline.at("split") != split) return "";
  const char* accuracy = baseline_metric(baseline);
  return fmt::format(
      "<p class=\"soft\">Without a model, by each label's share of the training data alone: {} {}, log_loss "
      "{}.</p>\n",
      accuracy, metric_text(baseline.at(accuracy)), metric_text(baseline.at("log_loss")));
}

}  // namespace

std::vector<std::pair<std::string, std::string>> facts(const RunRecord& record) {
  const std::string engine = record.finished()
                                 ? fmt::format("{} on {}", escape_html(plain(record.summary.at("engine"))),
                                               escape_html(plain(record.summary.at("device"))))
                                 : "–";
  return {{"task", task_line(record)},
          {"data", data_line(record)},
          {"model", model_line(record)},
          {"loss", fmt::format("<code>{}</code>", to_string(record.config.loss.mode))},
          {"training", training_line(record)},
          {"engine", engine},
          {"checkpoint", record.finished() ? checkpoint_line(record) : "–"},
          {"temperature", scaling_line(record, record.config.metrics.fits_temperature, "temperatures")},
          {"shift", scaling_line(record, record.config.metrics.fits_shift, "shifts")},
          {"threshold", threshold_line(record)}};
}

std::string headline(const RunReport& run) {
  std::string text;
  if (!run.record.finished())
    text +=
        "<div class=\"note warning\">This training is not finished: what follows is its present "
        "state.</div>\n";
  const Json& figures = run.figures;
  if (const std::string split = run.judged_on(); !split.empty())
    text += tiles(split, figures[split]) + baseline_line(run.record, split);
  if (figures.empty())
    text += fmt::format("<p>There are no final figures{}.</p>\n",
                        run.no_answers_because.empty() ? "" : ": " + escape_html(run.no_answers_because));
  Table table({}, 0, {1});
  for (const auto& [name, value] : facts(run.record)) table.row({name, value});
  return text + table.html();
}

}  // namespace bernoulli::report
