#include <algorithm>
#include <set>
#include <span>

#include <fmt/format.h>

#include "config/metric_facts.h"
#include "core/name_list.h"
#include "report/answer_plots.h"
#include "report/comparison.h"
#include "report/html.h"
#include "report/sections.h"

namespace bernoulli::report {
namespace {

using Runs = std::span<const RunReport>;

/// {first, the name of each run...}
std::vector<std::string> head_of(Runs runs, const std::string& first) {
  std::vector<std::string> head = {first};
  for (const RunReport& run : runs) head.push_back(escape_html(run.record.name));
  return head;
}

std::string runs_section(Runs runs) {
  std::vector<std::vector<std::pair<std::string, std::string>>> of_runs;
  for (const RunReport& run : runs) of_runs.push_back(facts(run.record));
  Table table(head_of(runs, ""), runs.size() + 1);
  for (size_t fact = 0; fact < of_runs.front().size(); ++fact) {
    std::vector<std::string> cells = {of_runs.front()[fact].first};
    for (const auto& of_run : of_runs) cells.push_back(of_run[fact].second);
    table.row(cells);
  }
  std::string text = table.html();
  for (const RunReport& run : runs) {
    if (!run.record.finished())
      text += fmt::format(
          "<div class=\"note warning\">The training of {} is not finished: its figures are of its present "
          "state.</div>\n",
          escape_html(run.record.name));
  }
  return text;
}

/// What data.json says of the examples that the runs had in a split.
enum class Sameness { kSame, kOtherWeights, kOther };
Sameness sameness_of(Runs runs, const std::string& split) {
  std::set<std::string> all, unweighted;
  for (const RunReport& run : runs) {
    const Fingerprints of = fingerprints_of(run.record, split);
    all.insert(of.all);
    unweighted.insert(of.unweighted);
  }
  const auto are_known = [](const std::set<std::string>& set) {
    return set.size() == 1 && !set.contains("");
  };
  return are_known(all)          ? Sameness::kSame
         : are_known(unweighted) ? Sameness::kOtherWeights
                                 : Sameness::kOther;
}

/// The best of the values as the table shows it, where it shows a difference; else empty. Losses are each
/// training's own, and are not compared.
std::string best_of(const std::vector<Json>& values, const std::string& metric) {
  if (metric == "loss") return "";
  std::vector<double> numbers;
  for (const Json& value : values) {
    if (value.is_number()) numbers.push_back(value.get<double>());
  }
  if (numbers.size() < 2) return "";
  const auto [low, high] = std::ranges::minmax(numbers);
  const std::string lowest = metric_text(low), highest = metric_text(high);
  if (lowest == highest) return "";
  return facts_of_metric(metric).lower_is_better ? lowest : highest;
}

std::string metrics_table(Runs runs, const std::vector<Json>& figures, bool mark_best) {
  Json names = Json::object();
  for (const Json& of : figures) {
    if (!of.is_null()) names.update(of.at("metrics"));
  }
  Table table(head_of(runs, "metric"));
  for (const auto& [name, ignored] : names.items()) {
    std::vector<Json> values;
    for (const Json& of : figures)
      values.push_back(of.is_null() ? Json() : of.at("metrics").value(name, Json()));
    const std::string best = mark_best ? best_of(values, name) : "";
    std::vector<std::string> cells = {fmt::format("<code>{}</code>", escape_html(name))};
    for (const Json& value : values) {
      const std::string text = metric_text(value);
      const bool is_best = value.is_number() && text == best;
      cells.push_back(fmt::format("{}{}{}", is_best ? "<b>★ " : "", text, is_best ? "</b>" : ""));
    }
    table.row(cells);
  }
  return table.html();
}

/// The metrics of one split; empty where no run has them.
std::string split_metrics(Runs runs, const std::string& split) {
  std::vector<Json> figures;
  for (const RunReport& run : runs) figures.push_back(run.figures.value(split, Json()));
  if (std::ranges::all_of(figures, [](const Json& of) { return of.is_null(); })) return "";
  const Sameness sameness = sameness_of(runs, split);
  const char* text = "";
  switch (sameness) {
    case Sameness::kSame:
      text =
          "★ marks the best value of a row. The loss is that of each training, with its own mode and "
          "weights: compare log_loss.";
      break;
    case Sameness::kOtherWeights:
      text =
          "The runs weigh the same examples differently here, so none is called the best: each figure is by "
          "the weights of its own run.";
      break;
    case Sameness::kOther:
      text =
          "The runs do not have the same examples here (fingerprints in data.json), so none is called the "
          "best.";
      break;
  }
  return fmt::format("<p>{}</p>\n", text) + metrics_table(runs, figures, sameness == Sameness::kSame);
}

/// Test metrics, with those of validation folded away; where there are no test data, validation alone.
std::string metrics_section(Runs runs) {
  const std::string test = split_metrics(runs, "test"), validation = split_metrics(runs, "validation");
  if (test.empty() && validation.empty()) return "";
  if (test.empty()) return "<h2>Metrics on the validation data</h2>\n" + validation;
  return "<h2>Metrics on the test data</h2>\n" + test +
         (validation.empty() ? "" : details("Metrics on the validation data", validation));
}

std::string p_value(double p) {
  return p < 0.05 ? fmt::format("<b>{:.2g}</b>", p) : fmt::format("{:.2g}", p);
}

std::string interval_cell(const PairedDifference& difference, bool too_narrow) {
  const auto& [low, high, reason] = difference.interval;
  if (!difference.difference) return "– " + escape_html(reason);
  if (!low) return fmt::format("{:+.4f}, {}", *difference.difference, reason);
  const bool beyond_chance = !too_narrow && (*low > 0 || *high < 0);
  return fmt::format("{}{:+.4f}{} [{:+.4f}, {:+.4f}]", beyond_chance ? "<b>" : "", *difference.difference,
                     beyond_chance ? "</b>" : "", *low, *high);
}

bool has_weights(const RunReport& run) { return run.answers && !run.answers->predictions.weights.empty(); }

/// Which figures below are made with the weights that those above are made with; empty without weights.
std::string weights_note(Runs runs, const std::vector<AgainstFirst>& comparisons) {
  std::vector<std::string> others;
  for (size_t i = 0; i < comparisons.size(); ++i) {
    if (comparisons[i].result && comparisons[i].weights_differ) others.push_back(runs[i + 1].record.name);
  }
  if (others.empty() && !has_weights(runs.front())) return "";
  std::string text =
      "The examples have weights. McNemar’s test and the difference in accuracy beside it count each example "
      "once whatever its weight, and may differ from what the weighted figures above say; f1 and roc_auc ";
  if (others.empty()) {
    text += "are weighted";
  } else {
    text += fmt::format("count no weight either for {}, whose weights are not those of {}",
                        escape_html(item_list(others)), escape_html(runs.front().record.name));
  }
  return fmt::format("<p>{}.</p>\n", text);
}

std::string significance_section(Runs runs, const std::vector<AgainstFirst>& comparisons) {
  std::string refusals;
  int64_t fewest = kFewestForInterval;
  const bool binary = runs.front().record.is_binary();
  const std::string prefix = binary ? "" : "micro_";
  const std::string weights = weights_note(runs, comparisons);
  Table table({"against " + escape_html(runs.front().record.name), "examples", "right only here",
               "right only in the first",
               std::string(binary ? "accuracy" : "subset_accuracy") + (weights.empty() ? "" : ", unweighted"),
               "McNemar p", prefix + "f1", prefix + "roc_auc"});
  for (size_t i = 0; i < comparisons.size(); ++i) {
    const std::string name = escape_html(runs[i + 1].record.name);
    if (!comparisons[i].result) {
      refusals += fmt::format("<p>{} is not tested against {}, for {}.</p>\n", name,
                              escape_html(runs.front().record.name),
                              escape_html(comparisons[i].not_compared_because));
      continue;
    }
    const PairedComparison& result = *comparisons[i].result;
    std::vector<std::string> cells = {name,
                                      grouped(result.num_examples),
                                      grouped(result.only_second_right),
                                      grouped(result.only_first_right),
                                      fmt::format("{:+.4f}", result.accuracy_difference()),
                                      p_value(result.mcnemar_p)};
    for (const PairedDifference& difference : result.differences)
      cells.push_back(interval_cell(difference, result.intervals_too_narrow()));
    fewest = std::min(fewest, result.num_rarer);
    table.row(cells);
  }
  const std::string method = fmt::format(
      "<p>Paired, on the same examples: McNemar’s exact test looks at the examples that only one of two runs "
      "got right{}; the intervals hold 95 % of the differences over {} bootstrap resamples of the examples "
      "(fixed seed). Bold: p below .05, or an interval without 0. Both see the chance of these examples, not "
      "that of another training seed; with several runs compared, some p below .05 is no surprise.</p>\n",
      binary ? "" : " (every label right)", kNumResamples);
  const std::string narrow = fewest < kFewestForInterval
                                 ? fmt::format(
                                       "<div class=\"note warning\">With {} answers of the rarer kind the "
                                       "intervals are too narrow, and "
                                       "none is bold: compare on data with at least {}.</div>\n",
                                       fewest, kFewestForInterval)
                                 : "";
  return "<h2>Is it more than chance?</h2>\n" +
         (table.empty() ? "" : method + weights + narrow + table.html()) + refusals;
}

std::string over_time(Runs runs, Clock clock, const std::string& event, const std::string& value) {
  Plot plot{
      .title = event + " " + value, .x_label = clock == Clock::kEpoch ? "epoch" : "step", .whole_x = true};
  for (const RunReport& run : runs)
    plot.lines.push_back(
        {series_class(plot.lines.size()), series_of(run.record, event, value, clock), run.record.name});
  return std::ranges::all_of(plot.lines, [](const PlotLine& line) { return line.points.empty(); })
             ? ""
             : svg(plot);
}

std::string answer_plots(Runs runs) {
  std::vector<std::vector<TieGroup>> rankings;
  std::vector<std::vector<CalibrationBin>> bins;
  std::vector<std::string> names;
  for (const RunReport& run : runs) {
    if (!run.answers || !reason_without_curves(run.answers->predictions).empty()) continue;
    const std::vector<ScoredExample> decisions = all_decisions(*run.answers);
    rankings.push_back(rank_by_logit(decisions));
    bins.push_back(calibration_bins(decisions, run.record.config.metrics.calibration_bins));
    names.push_back(fmt::format("{} ({})", run.record.name, run.answers->name));
  }
  if (names.empty()) return "";
  Rankings named;
  std::vector<NamedCurve<std::vector<CalibrationBin>>> named_bins;
  for (size_t i = 0; i < names.size(); ++i) {
    named.push_back({names[i], &rankings[i]});
    named_bins.push_back({names[i], &bins[i]});
  }
  return svg(roc_plot(named)) + svg(precision_recall_plot(named)) + svg(reliability_plot(named_bins));
}

std::string curves_section(Runs all) {
  const Runs runs = all.first(std::min(all.size(), kMaxSeries));
  const bool by_epoch =
      std::ranges::all_of(runs, [](const RunReport& run) { return clock_of(run.record) == Clock::kEpoch; });
  const Clock clock = by_epoch ? Clock::kEpoch : Clock::kStep;
  std::set<std::string> metrics;
  for (const RunReport& run : runs)
    metrics.insert({run.headline_metric(), run.record.config.training.monitor});
  metrics.erase("loss");
  std::string plots = over_time(runs, clock, "train", "loss") + over_time(runs, clock, "validation", "loss");
  for (const std::string& metric : metrics) plots += over_time(runs, clock, "validation", metric);
  std::string text = "<h2>Curves</h2>\n";
  if (runs.size() < all.size()) text += fmt::format("<p>Of the first {} runs.</p>\n", runs.size());
  for (const RunReport& run : runs) {
    if (!run.answers)
      text += fmt::format("<p>No ROC, precision-recall and reliability curve of {}: {}.</p>\n",
                          escape_html(run.record.name), escape_html(run.no_answers_because));
  }
  return text + "<div class=\"plots\">" + plots + answer_plots(runs) + "</div>\n";
}

std::string settings_section(Runs runs, const std::vector<config::Difference>& settings) {
  std::string text = "<h2>Settings that differ</h2>\n";
  if (settings.empty()) return text + "<p>None: the configurations are the same.</p>\n";
  Table table(head_of(runs, "key"), runs.size() + 1);
  for (const auto& [key, values] : settings) {
    std::vector<std::string> cells = {fmt::format("<code>{}</code>", escape_html(key))};
    for (const Json& value : values) cells.push_back(value.is_null() ? "–" : escape_html(plain(value)));
    table.row(cells);
  }
  return text + table.html();
}

}  // namespace

std::string comparison_page(const std::vector<RunReport>& runs, const std::vector<AgainstFirst>& comparisons,
                            const std::vector<config::Difference>& settings) {
  return page(fmt::format("{} runs side by side", runs.size()), "bernoulli report",
              runs_section(runs) + metrics_section(runs) + significance_section(runs, comparisons) +
                  curves_section(runs) + settings_section(runs, settings));
}

}  // namespace bernoulli::report
