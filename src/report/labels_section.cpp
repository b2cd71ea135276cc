#include <algorithm>
#include <functional>
#include <numeric>

#include <fmt/format.h>

#include "metrics/target_counts.h"
#include "report/answer_plots.h"
#include "report/html.h"
#include "report/sections.h"

namespace bernoulli::report {
namespace {

constexpr double kAnyThreshold = 0.5;  ///< a ranking asks for none
constexpr size_t kMostRows = 100;      ///< a table of more of them folds away

/// @param threshold  a number, or "highest"
std::string threshold_text(const Json& threshold) {
  return threshold.is_number() ? fmt::format("{:.4g}", threshold.get<double>())
                               : escape_html(threshold.get<std::string>());
}

std::string label_table(const Json& figures) {
  Table table({"label", "threshold", "positives", "said positive", "precision", "recall", "f1", "roc_auc",
               "average_precision", "expected_calibration_error"});
  const Json& thresholds = figures.at("threshold");
  size_t label = 0;
  for (const auto& [name, metrics] : figures.at("per_label").items()) {
    const double hits = metrics.at("true_positives"), missed = metrics.at("false_negatives"),
                 alarms = metrics.at("false_positives");
    const Json& threshold = thresholds.is_array() ? thresholds.at(label) : thresholds;
    std::vector<std::string> cells = {escape_html(shortened(name, kShownLabel)), threshold_text(threshold),
                                      fmt::format("{:.6g}", hits + missed),
                                      fmt::format("{:.6g}", hits + alarms)};
    for (const char* metric :
         {"precision", "recall", "f1", "roc_auc", "average_precision", "expected_calibration_error"})
      cells.push_back(metric_text(metrics.at(metric)));
    table.row(cells);
    ++label;
  }
  return table.html();
}

/// The labels with the most positive examples, by descending number; as many as a plot can tell apart.
std::vector<int64_t> most_frequent(const Predictions& predictions) {
  const std::vector<TargetCounts> counts = count_targets(predictions.targets, predictions.num_labels);
  std::vector<int64_t> labels(counts.size());
  std::iota(labels.begin(), labels.end(), 0);
  std::ranges::stable_sort(labels, std::greater(),
                           [&](int64_t label) { return counts[static_cast<size_t>(label)].positive; });
  labels.resize(std::min(labels.size(), kMaxSeries));
  return labels;
}

std::string label_plots(const RunReport& run) {
  const std::vector<std::string> names = run.record.label_names();
  const std::vector<int64_t> labels = most_frequent(run.answers->predictions);
  std::vector<std::vector<TieGroup>> rankings;
  for (const int64_t label : labels)
    rankings.push_back(rank_by_logit(score_label(run.answers->predictions, label, kAnyThreshold)));
  Rankings named;
  for (size_t i = 0; i < labels.size(); ++i)
    named.push_back({shortened(names.at(static_cast<size_t>(labels[i])), kShownLabel / 3), &rankings[i]});
  const std::string which =
      labels.size() == names.size()
          ? ""
          : fmt::format("<p>Curves of the {} labels with the most positive examples:</p>\n", labels.size());
  return which + "<div class=\"plots\">" + svg(roc_plot(named)) + svg(precision_recall_plot(named)) +
         "</div>\n";
}

}  // namespace

std::string labels_section(const RunReport& run) {
  if (run.record.is_binary()) return "";
  const std::string split = run.judged_on();
  if (split.empty() || !run.figures[split].contains("per_label")) return "";
  const Json& figures = run.figures[split];
  std::string table = label_table(figures);
  const size_t num_labels = figures.at("per_label").size();
  if (num_labels > kMostRows)
    table = details(fmt::format("Figures of each of the {} labels", num_labels), table);
  std::string text = "<h2>Labels</h2>\n" + table;
  if (run.answers && reason_without_curves(run.answers->predictions).empty()) text += label_plots(run);
  return text;
}

}  // namespace bernoulli::report
