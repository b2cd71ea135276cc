#include "report/answer_plots.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "metrics/curves.h"

namespace bernoulli::report {
namespace {

/// Both axes from 0 to 1.
Plot unit_plot(const char* title, const char* x_label, const char* y_label) {
  return {.title = title,
          .x_label = x_label,
          .y_label = y_label,
          .x_range = PlotRange{0, 1},
          .y_range = PlotRange{0, 1}};
}

PlotLine diagonal() { return {"ref", {{0, 0}, {1, 1}}}; }

}  // namespace

std::vector<ScoredExample> all_decisions(const ScoredSplit& answers) {
  std::vector<ScoredExample> all;
  all.reserve(answers.predictions.logits.size());
  for (const std::vector<ScoredExample>& column : score_labels(answers.predictions, answers.rule))
    all.insert(all.end(), column.begin(), column.end());
  return all;
}

std::string reason_without_curves(const Predictions& predictions) {
  if (predictions.logits.empty()) return "there is no example";
  const auto num_nan =
      std::ranges::count_if(predictions.logits, [](float logit) { return std::isnan(logit); });
  return num_nan == 0 ? ""
                      : fmt::format("{} of {} logits are not a number", num_nan, predictions.logits.size());
}

Plot roc_plot(const Rankings& rankings) {
  Plot plot = unit_plot("ROC curves", "false positive rate", "true positive rate");
  plot.lines.push_back(diagonal());
  for (const auto& [name, ranking] : rankings) {
    PlotLine line{series_class(plot.lines.size() - 1), {}, name};
    line.points.reserve(ranking->size() + 1);
    for (const RocPoint& point : roc_curve(*ranking))
      line.points.emplace_back(point.false_positive_rate, point.true_positive_rate);
    plot.lines.push_back(std::move(line));
  }
  return plot;
}

Plot precision_recall_plot(const Rankings& rankings) {
  Plot plot = unit_plot("precision and recall", "recall", "precision");
  for (const auto& [name, ranking] : rankings) {
    PlotLine line{series_class(plot.lines.size()), {}, name};
    line.points.reserve(2 * ranking->size());
    double before = 0;
    for (const PrecisionRecallPoint& point : precision_recall_curve(*ranking)) {
      line.points.emplace_back(before, point.precision);
      line.points.emplace_back(point.recall, point.precision);
      before = point.recall;
    }
    plot.lines.push_back(std::move(line));
  }
  return plot;
}

Plot reliability_plot(const std::vector<NamedCurve<std::vector<CalibrationBin>>>& curves) {
  Plot plot = unit_plot("reliability", "predicted probability", "share of positives");
  plot.lines.push_back(diagonal());
  for (const auto& [name, bins] : curves) {
    PlotLine line{series_class(plot.lines.size() - 1), {}, name, true};
    for (const CalibrationBin& bin : *bins) {
      if (bin.weight > 0) line.points.emplace_back(bin.probability / bin.weight, bin.positive / bin.weight);
    }
    plot.lines.push_back(std::move(line));
  }
  return plot;
}

}  // namespace bernoulli::report
