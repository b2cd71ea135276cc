#include "stability/page.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

#include "config/loss_mode.h"
#include "report/html.h"
#include "report/plot.h"
#include "stability/number_line.h"

namespace bernoulli::stability {
namespace {

using report::details;
using report::escape_html;
using report::Plot;
using report::PlotLine;
using report::Table;

/// The same line for a mode in every plot.
std::string class_of(LossConfig::Mode mode) {
  return report::series_class(
      static_cast<size_t>(std::ranges::find(kComparedModes, mode) - kComparedModes.begin()));
}

std::string code(std::string_view word) { return fmt::format("<code>{}</code>", word); }

std::string legend() {
  std::string text = "<p class=\"legend\">";
  for (const LossConfig::Mode mode : kComparedModes) {
    text += fmt::format(
        "<span><svg viewBox=\"0 0 36 10\" aria-hidden=\"true\"><path class=\"line {}\" d=\"M0 5H36\"/></svg> "
        "{}</span>",
        class_of(mode), code(to_string(mode)));
  }
  return text + "</p>\n";
}

using PointValue = double (*)(const CurvePoint&);

/// What the curves of one foldable part have in common.
struct FormatOnDevice {
  at::ScalarType dtype;
  c10::Device device;
  bool operator==(const FormatOnDevice&) const = default;
};

std::string name_of(const FormatOnDevice& format) {
  const std::string name(number_format(format.dtype).name);
  return format.device.is_cpu() ? name : fmt::format("{} on {}", name, format.device.str());
}

Plot curve_plot(const Comparison& comparison, const FormatOnDevice& format, double target,
                const std::string& title, double limit, bool log_y, PointValue value) {
  Plot plot{.title = fmt::format("{}, y = {}", title, target), .x_label = "logit", .log_y = log_y};
  for (const Curve& curve : comparison.curves) {
    if (FormatOnDevice{curve.dtype, curve.device} != format || curve.target != target) continue;
    PlotLine line{.css_class = class_of(loss_mode_called(curve.mode).value())};
    for (const CurvePoint& point : curve.points) {
      if (std::fabs(point.logit) <= limit) line.points.emplace_back(point.logit, value(point));
    }
    plot.lines.push_back(std::move(line));
  }
  return plot;
}

std::string curves_section(const Comparison& comparison) {
  std::string text =
      "<h2>Curves</h2><p>Loss and its gradient with respect to the logit, computed by the code that trains, "
      "in each number format. Look for an orange or green line that falls to 0 where the blue one stays: a "
      "wrong answer there is not corrected. A line that ends has become infinite or NaN. For right answers "
      "with tiny losses (y = 0, logit far below 0) <code>sigmoid_bce</code>, without the clip, has the more "
      "accurate loss: the form from logits cancels and loses digits. Its gradient keeps them.</p>" +
      legend();
  std::vector<FormatOnDevice> formats;
  for (const Curve& curve : comparison.curves) {
    const FormatOnDevice format{curve.dtype, curve.device};
    if (std::find(formats.begin(), formats.end(), format) == formats.end()) formats.push_back(format);
  }
  for (const FormatOnDevice& format : formats) {
    std::string plots = "<div class=\"plots\">";
    for (const double target : {0.0, 1.0}) {
      plots += report::svg(curve_plot(comparison, format, target, "loss", 120, false,
                                      [](const CurvePoint& point) { return point.loss; }));
      plots += report::svg(curve_plot(comparison, format, target, "gradient", 120, false,
                                      [](const CurvePoint& point) { return point.gradient; }));
      plots += report::svg(curve_plot(comparison, format, target, "relative error of the loss", 40, true,
                                      [](const CurvePoint& point) { return point.loss_relative_error; }));
    }
    text += details(fmt::format("<b>{}</b>", name_of(format)), plots + "</div>",
                    format.dtype == at::kFloat || formats.size() == 1);
  }
  return text;
}

using StepValue = double (*)(const PairedStep&);

std::string run_plots(const PairedRun& run) {
  const std::pair<const char*, StepValue> kPlots[] = {
      {"loss", [](const PairedStep& step) { return step.loss; }},
      {"largest |logit|", [](const PairedStep& step) { return step.telemetry.max_abs_logit; }},
      {"% saturated", [](const PairedStep& step) { return 100 * step.telemetry.saturated_share(); }},
      {"% wrong without gradient",
       [](const PairedStep& step) { return 100 * step.telemetry.wrong_and_dead_share(); }},
      {"2-norm of the update", [](const PairedStep& step) { return step.update_norm; }},
      {"gradient, relative distance from logits",
       [](const PairedStep& step) { return step.gradient_difference.value_or(NAN); }}};
  std::string text = "<div class=\"plots\">";
  for (const auto& [title, value] : kPlots) {
    Plot plot{.title = title, .x_label = "update"};
    for (const ModeRun& mode : run.modes) {
      PlotLine line{.css_class = class_of(mode.mode)};
      for (const PairedStep& step : mode.series)
        line.points.emplace_back(static_cast<double>(step.step), value(step));
      plot.lines.push_back(std::move(line));
    }
    text += report::svg(plot);
  }
  return text + "</div>\n";
}

/// "43", "3 to 54", "never", "never in 1 of 3 seeds, else 3 to 54".
std::string updates_of(const Pairing& pairing, size_t mode, std::optional<int64_t> ModeRun::*update) {
  std::vector<int64_t> updates;
  for (const PairedRun& run : pairing.runs)
    if (const auto& of_seed = run.modes[mode].*update) updates.push_back(*of_seed);
  if (updates.empty()) return "never";
  const auto [first, last] = std::ranges::minmax(updates);
  const std::string range = first == last ? fmt::format("{}", first) : fmt::format("{} to {}", first, last);
  const size_t never = pairing.runs.size() - updates.size();
  return never == 0 ? range
                    : fmt::format("never in {} of {} seeds, else {}", never, pairing.runs.size(), range);
}

std::string against(const ModeComparison& pair) {
  if (pair.one_seed) return fmt::format("{:+.4f}, one seed", pair.test.mean_difference);
  const std::string p = pair.test.p ? fmt::format("p = {:.2g}", *pair.test.p) : "the same for every seed";
  const std::string judgement = pair.judgement();
  return fmt::format("{:+.4f}, {}{}", pair.test.mean_difference, p,
                     judgement.empty() ? "" : fmt::format(", <b>{}</b>", judgement));
}

std::string pairing_table(const Pairing& pairing) {
  Table table({"mode", "accuracy", "log loss", "saturated", "wrong, no gradient",
               "first update at which weights differ", "first update at which the loss differs by .001",
               "accuracy against logits (paired t)", "McNemar p, by seed"},
              0, {7, 8});
  for (size_t mode = 0; mode < pairing.runs.front().modes.size(); ++mode) {
    const ModeFigures figures = figures_of(pairing, mode);
    const auto of_seen = [&](double share) {
      return figures.seen.entries > 0 ? fmt::format("{:.2f} %", 100 * share) : "–";
    };
    std::string p_values;
    if (mode > 0) {
      for (const std::optional<double>& p : pairing.comparisons[mode - 1].mcnemar)
        p_values += p ? fmt::format("<span class=\"number\">{:.2g}</span> ", *p) : "– ";
    }
    table.row({code(to_string(pairing.runs.front().modes[mode].mode)), with_spread(figures.accuracy),
               fmt::format("{:.4f}", figures.log_loss.mean), of_seen(figures.seen.saturated_share()),
               of_seen(figures.seen.wrong_and_dead_share()),
               mode == 0 ? "" : updates_of(pairing, mode, &ModeRun::first_weight_difference),
               mode == 0 ? "" : updates_of(pairing, mode, &ModeRun::first_loss_difference),
               mode == 0 ? "" : against(pairing.comparisons[mode - 1]), p_values});
  }
  std::string text = table.html();
  for (const PairedRun& run : pairing.runs) {
    for (const ModeRun& mode : run.modes) {
      if (mode.stopped_at)
        text += fmt::format("<p>Seed {}, <code>{}</code> ended at update {}: {}</p>", run.seed,
                            to_string(mode.mode), *mode.stopped_at, escape_html(mode.stop_reason));
    }
  }
  return text;
}

/// Per label, where a mode and the first one differ by more than a percent on the mean of the seeds, or where
/// a training that ended has no mean.
std::string label_table(const Pairing& pairing, const std::vector<std::string>& names) {
  if (names.empty()) return "";
  std::vector<std::string> head = {"label"};
  for (const ModeRun& mode : pairing.runs.front().modes) head.push_back(to_string(mode.mode));
  Table table(head, 0);
  for (size_t label = 0; label < names.size(); ++label) {
    std::vector<std::string> cells = {escape_html(names[label])};
    double first = 0;
    bool differs = false;
    for (size_t mode = 0; mode < pairing.runs.front().modes.size(); ++mode) {
      double mean = 0;
      for (const PairedRun& run : pairing.runs)
        mean += run.modes[mode].label_accuracy[label] / static_cast<double>(pairing.runs.size());
      if (mode == 0) first = mean;
      differs |= !(std::fabs(mean - first) <= 0.01);
      cells.push_back(fmt::format("{:.4f}", mean));
    }
    if (differs) table.row(cells);
  }
  if (table.empty())
    return "<p class=\"soft\">No label's accuracy differs by more than .01 between the modes.</p>";
  return "<p>Labels whose accuracy differs by more than .01, or is not defined:</p>" + table.html();
}

std::string pairing_body(const Comparison& comparison, const Pairing& pairing) {
  return pairing_table(pairing) + label_table(pairing, comparison.label_names) +
         details(fmt::format("Update by update, seed {}", pairing.runs.front().seed),
                 legend() + run_plots(pairing.runs.front()));
}

std::string stress_section(const Comparison& comparison) {
  std::string text = "<h2>Stress</h2><p>The same pairing in situations that push logits outwards.</p>";
  for (const Pairing& pairing : comparison.stress) {
    text += fmt::format("<h3><code>{}</code> <span class=\"soft\">{}</span></h3>",
                        escape_html(pairing.stress.name), escape_html(pairing.stress.setting));
    if (!pairing.skipped.empty()) {
      text += fmt::format("<p>Skipped: {}.</p>", escape_html(pairing.skipped));
      continue;
    }
    text += fmt::format("<p>{} {}</p>", escape_html(pairing.stress.shows), escape_html(pairing.stress.why)) +
            pairing_body(comparison, pairing);
  }
  return text;
}

std::string number_or_none(const std::optional<double>& value) {
  return value ? fmt::format("{:.9g}", *value) : "none";
}

std::string thresholds_section(const Comparison& comparison) {
  Table table({"mode", "format", "y", "event", "measured", "predicted"}, 0, {3});
  size_t never = 0;
  for (const Threshold& threshold : comparison.thresholds) {
    if (!threshold.logit && !threshold.predicted) {
      ++never;
      continue;
    }
    table.row({code(threshold.mode),
               threshold.device == "cpu" ? threshold.dtype : threshold.dtype + " on " + threshold.device,
               fmt::format("{}", threshold.target), threshold.event, number_or_none(threshold.logit),
               number_or_none(threshold.predicted)});
  }
  return fmt::format(
      "<h2>Thresholds</h2><p>The first logit, going out from 0, at which something happens: looked for at "
      "1024 numbers an octave, then located by bisection to the neighbouring number of the format, beside "
      "what the format alone predicts where there is a closed form. Errors of one percent come and go, and "
      "may do so for single numbers in between first.</p>{}"
      "<p class=\"soft\">{} more events were looked for and do not happen up to a logit of 1024.</p>\n",
      details(fmt::format("All {} thresholds that were reached", comparison.thresholds.size() - never),
              table.html()),
      never);
}

/// What another device measured, beside the CPU; nothing where there is none.
std::string devices_section(const Comparison& comparison) {
  std::string text;
  for (const DeviceComparison& other : comparison.devices) {
    const std::string device = escape_html(other.device);
    Table thresholds({"mode", "format", "y", "event", "CPU", device, "numbers apart"}, 0, {3});
    for (const ThresholdDifference& d : other.thresholds)
      thresholds.row({code(d.cpu.mode), d.cpu.dtype, fmt::format("{}", d.cpu.target),
                      fmt::format("{} ({})", d.cpu.event, d.cpu.side), number_or_none(d.cpu.logit),
                      number_or_none(d.other.logit),
                      d.numbers_apart ? fmt::format("{}", *d.numbers_apart) : "one only"});
    if (thresholds.empty()) thresholds.row({"none"});
    Table curves({"mode", "format", "y", "loss", "at", "gradient", "at"}, 0);
    for (const CurveDifference& d : other.curves)
      curves.row({code(d.mode), d.dtype, fmt::format("{}", d.target), fmt::format("{:.3g}", d.loss_spacings),
                  fmt::format("{}", d.loss_logit), fmt::format("{:.3g}", d.gradient_spacings),
                  fmt::format("{}", d.gradient_logit)});
    text += fmt::format("<h2>{} beside the CPU</h2><p>{}</p>", device, escape_html(statement(other))) +
            details("Thresholds that differ", thresholds.html()) +
            details("Curves: largest difference in spacings of the format, and its logit", curves.html());
  }
  return text;
}

std::string method_section(const Comparison& comparison) {
  const std::string length =
      comparison.configured_steps == 0
          ? ""
          : fmt::format(" The configuration trains for up to {}.", comparison.configured_steps);
  return fmt::format(
      "<h2>Method</h2><p>Every pairing trains three copies of the model in lock-step: the same seed, initial "
      "weights, batches and dropout masks; only the loss differs. Each ran for <b>{} updates</b> ({} make an "
      "epoch of {} examples) under {} seeds, on {}.{} There is no validation in between, so no early "
      "stopping. Final figures are of the {} set ({} examples), decisions at probability 1/2; log loss is "
      "computed from the logits in float64 for all modes alike. The t test is paired by seed. McNemar's test "
      "compares single decisions and is exact; it sees the chance of the evaluation set, not that of the "
      "seed. Saturated means that the float32 probability is exactly 0 or 1. Where the weights differ from "
      "the first update on although nothing is lost, that is rounding: the modes compute the same gradient "
      "in another order. A difference no larger than the standard deviation over seeds is called seed noise; "
      "a larger one with p of .05 or more is not decided. The whole comparison took {:.0f} s.</p>\n",
      comparison.steps, comparison.steps_per_epoch, comparison.num_train, comparison.plain.runs.size(),
      comparison.device, length, comparison.evaluation, comparison.num_evaluation, comparison.seconds);
}

}  // namespace

std::string page(const Comparison& comparison) {
  return report::page("Logits or probabilities: " + comparison.config_name, "bernoulli stability",
                      fmt::format("<div class=\"note\">{}</div>\n", escape_html(verdict(comparison))) +
                          curves_section(comparison) + "<h2>Training without stress</h2>" +
                          pairing_body(comparison, comparison.plain) + stress_section(comparison) +
                          thresholds_section(comparison) + devices_section(comparison) +
                          method_section(comparison));
}

}  // namespace bernoulli::stability
