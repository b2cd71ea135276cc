#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <string_view>

#include <fmt/format.h>

#include "metrics/confusion.h"
#include "metrics/curves.h"
#include "metrics/decision.h"
#include "metrics/probability_metrics.h"
#include "report/answer_plots.h"
#include "report/html.h"
#include "report/plot.h"
#include "report/run_page.h"
#include "report/sections.h"

namespace bernoulli::report {
namespace {

constexpr int64_t kThresholdSteps = 200;
constexpr size_t kHistogramBins = 20;

/// What the two answers are called.
struct ClassNames {
  std::string negative, positive;
};

ClassNames class_names(const RunRecord& record) {
  if (!record.is_binary()) return {"no", "yes"};
  const std::vector<std::string> names = record.label_names();
  return {shortened(names.at(0), kShownLabel), shortened(names.at(1), kShownLabel)};
}

/// A sum of weights: whole where no example has a weight of its own.
std::string weight_text(double weight) {
  return weight == std::floor(weight) ? grouped(static_cast<int64_t>(weight)) : fmt::format("{:.2f}", weight);
}

std::string confusion_cell(double count, double total) {
  return fmt::format("<b>{}</b> <span class=\"soft\">{:.1f} %</span>", weight_text(count),
                     100 * count / total);
}

std::string confusion_table(const Confusion& counts, const ClassNames& classes) {
  const std::string positive = escape_html(classes.positive), negative = escape_html(classes.negative);
  Table table({"", "said " + positive, "said " + negative, "in all"});
  const double total = counts.total();
  table.row({"is " + positive, confusion_cell(counts.true_positives, total),
             confusion_cell(counts.false_negatives, total), weight_text(counts.positives())});
  table.row({"is " + negative, confusion_cell(counts.false_positives, total),
             confusion_cell(counts.true_negatives, total), weight_text(counts.negatives())});
  return table.html();
}

/// Where the chosen threshold stands on a curve.
PlotLine chosen_point(double x, double y) { return {"s2", {{x, y}}, "at the threshold", true}; }

Plot threshold_plot(const std::vector<TieGroup>& ranking, const DecisionRule& rule) {
  Plot plot{.title = "precision, recall and F1 by threshold",
            .x_label = "threshold on the probability",
            .lines = {{"s1", {}, "F1"}, {"s3", {}, "precision"}, {"s4", {}, "recall"}},
            .x_range = PlotRange{0, 1},
            .y_range = PlotRange{0, 1}};
  const double nothing = std::nan("");
  for (const ThresholdPoint& point : threshold_curve(ranking, kThresholdSteps)) {
    plot.lines[0].points.emplace_back(point.threshold, point.f1.value_or(nothing));
    plot.lines[1].points.emplace_back(point.threshold, point.precision.value_or(nothing));
    plot.lines[2].points.emplace_back(point.threshold, point.recall.value_or(nothing));
  }
  if (rule.has_one_threshold())
    plot.marks.push_back({rule.threshold(0), fmt::format("{:.4g}", rule.threshold(0))});
  return plot;
}

Plot histogram(ScoredExamples examples, const ClassNames& classes) {
  std::array<std::array<int64_t, kHistogramBins>, 2> counts{};
  for (const ScoredExample& example : examples) {
    const double place = sigmoid(double{example.logit}) * double{kHistogramBins};
    ++counts[example.target ? 1 : 0][std::min(static_cast<size_t>(place), kHistogramBins - 1)];
  }
  Plot plot{.title = "predicted probabilities",
            .x_label = "probability",
            .y_label = "number",
            .lines = {{"s1", {}, classes.positive}, {"s2", {}, classes.negative}},
            .x_range = PlotRange{0, 1}};
  for (size_t bin = 0; bin < kHistogramBins; ++bin) {
    const double from = static_cast<double>(bin) / double{kHistogramBins},
                 half = 0.5 / double{kHistogramBins};
    for (const bool target : {true, false}) {
      const double left = from + (target ? 0 : half);
      const int64_t count = counts[target ? 1 : 0][bin];
      plot.bars.push_back(
          {target ? "s1" : "s2", left, left + half, 0, static_cast<double>(count),
           fmt::format("{}, {:.2f} to {:.2f}: {}", target ? classes.positive : classes.negative, from,
                       from + 2 * half, grouped(count))});
    }
  }
  return plot;
}

std::string reliability_table(const std::vector<CalibrationBin>& bins) {
  Table table({"bin", "examples", "mean probability", "share of positives"});
  const auto width = 1.0 / static_cast<double>(bins.size());
  for (size_t i = 0; i < bins.size(); ++i) {
    const CalibrationBin& bin = bins[i];
    const bool used = bin.weight > 0;
    table.row(
        {fmt::format("{:.3f} to {:.3f}", static_cast<double>(i) * width, static_cast<double>(i + 1) * width),
         grouped(bin.examples), used ? fmt::format("{:.4f}", bin.probability / bin.weight) : "–",
         used ? fmt::format("{:.4f}", bin.positive / bin.weight) : "–"});
  }
  return table.html();
}

Plot bin_counts(const std::vector<CalibrationBin>& bins) {
  Plot plot{.title = "answers in each bin", .x_label = "predicted probability", .x_range = PlotRange{0, 1}};
  const auto width = 1.0 / static_cast<double>(bins.size());
  for (size_t i = 0; i < bins.size(); ++i) {
    const double from = static_cast<double>(i) * width;
    plot.bars.push_back({"s1", from, from + width, 0, static_cast<double>(bins[i].examples),
                         fmt::format("{:.3f} to {:.3f}: {}", from, from + width, grouped(bins[i].examples))});
  }
  return plot;
}

/// The metric of these answers that a curve is about, as the tables have it: scores that are computed again
/// may part or join ties.
std::string figure(const RunReport& run, const char* name) {
  const bool pooled = !run.record.is_binary() && name != std::string_view("expected_calibration_error");
  const Json& metrics = run.figures.at(run.answers->name).at("metrics");
  const Json& value = metrics.at(pooled ? fmt::format("micro_{}", name) : name);
  return value.is_null() ? "undefined" : metric_text(value);
}

/// ROC and precision-recall curve with the point of the chosen threshold on each.
std::string ranking_plots(const RunReport& run, const std::vector<TieGroup>& ranking,
                          const Confusion& counts) {
  Plot roc = roc_plot({{"", &ranking}}), precision_recall = precision_recall_plot({{"", &ranking}});
  roc.title = "ROC curve, area " + figure(run, "roc_auc");
  precision_recall.title = "precision and recall, average precision " + figure(run, "average_precision");
  const MetricValue hits = recall(counts), exact = precision(counts), spared = specificity(counts);
  if (hits.value && spared.value) roc.lines.push_back(chosen_point(1 - *spared.value, *hits.value));
  if (hits.value && exact.value) precision_recall.lines.push_back(chosen_point(*hits.value, *exact.value));
  return svg(roc) + svg(precision_recall);
}

std::string plots_of(const RunReport& run, const std::vector<ScoredExample>& decisions,
                     const ClassNames& classes) {
  const std::vector<TieGroup> ranking = rank_by_logit(decisions);
  const std::vector<CalibrationBin> bins =
      calibration_bins(decisions, run.record.config.metrics.calibration_bins);
  Plot reliability = reliability_plot({{"", &bins}});
  reliability.title = "reliability, expected calibration error " + figure(run, "expected_calibration_error");
  return "<div class=\"plots\">" + svg(threshold_plot(ranking, run.answers->rule)) +
         ranking_plots(run, ranking, count_confusion(decisions)) + svg(reliability) + svg(bin_counts(bins)) +
         svg(histogram(decisions, classes)) + "</div>\n" +
         details("The reliability diagram in numbers", reliability_table(bins));
}

/// Markup, which no text of the data becomes: a page is known by it.
constexpr std::string_view kNoAnswers = "<p>No confusion counts, curves and errors: ";

}  // namespace

bool shows_answers(std::string_view page) { return page.find(kNoAnswers) == std::string_view::npos; }

std::string answers_section(const RunReport& run) {
  std::string text = "<h2>Answers</h2>\n";
  if (!run.answers) return text + fmt::format("{}{}.</p>\n", kNoAnswers, escape_html(run.no_answers_because));
  const ScoredSplit& answers = *run.answers;
  if (const std::string reason = reason_without_curves(answers.predictions); !reason.empty())
    return text +
           fmt::format("<p>No confusion counts and curves of the {} data: {}.</p>\n", answers.name, reason);
  const std::vector<ScoredExample> decisions = all_decisions(answers);
  text +=
      fmt::format("<p>On the {} data{}{}.</p>\n", answers.name,
                  run.record.is_binary() ? "" : ", all labels together: each label of each example counts",
                  answers.predictions.weights.empty()
                      ? ""
                      : "; examples have weights, and counts are sums of weights, but for bins and bars");
  const ClassNames classes = class_names(run.record);
  return text + "<h3>Confusion counts</h3>\n" + confusion_table(count_confusion(decisions), classes) +
         plots_of(run, decisions, classes);
}

}  // namespace bernoulli::report
