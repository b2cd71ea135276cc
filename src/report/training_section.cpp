#include <algorithm>

#include <fmt/format.h>

#include "report/html.h"
#include "report/plot.h"
#include "report/sections.h"

namespace bernoulli::report {
namespace {

constexpr size_t kMostDots = 60;  ///< more points than these are a line only

PlotLine line_of(const char* css_class, const std::string& name, Series series) {
  const bool dots = series.size() <= kMostDots;
  return {css_class, std::move(series), name, dots};
}

/// A plot over training time with the best checkpoint marked; empty where nothing was logged.
std::string over_time(const RunRecord& record, Clock clock, const std::string& title,
                      std::vector<PlotLine> lines) {
  std::erase_if(lines, [](const PlotLine& line) { return line.points.empty(); });
  if (lines.empty()) return "";
  Plot plot{.title = title,
            .x_label = clock == Clock::kEpoch ? "epoch" : "step",
            .lines = std::move(lines),
            .whole_x = true};
  if (const auto best = best_place(record, clock)) plot.marks.push_back({*best, "best"});
  return svg(plot);
}

}  // namespace

std::string training_section(const RunReport& run) {
  const RunRecord& record = run.record;
  const Clock clock = clock_of(record);
  const auto series = [&](const char* event, const std::string& value) {
    return series_of(record, event, value, clock);
  };
  std::string plots = over_time(record, clock, "loss",
                                {line_of("s1", "training", series("train", "loss")),
                                 line_of("s2", "validation", series("validation", "loss"))});
  const std::string& monitor = record.config.training.monitor;
  std::vector<std::string> shown = {monitor};
  for (const std::string& metric :
       {run.headline_metric(), std::string(record.is_binary() ? "f1" : "micro_f1")}) {
    if (metric != monitor) shown.push_back(metric);
  }
  std::erase(shown, "loss");  // which stands beside the training's
  for (const std::string& metric : shown)
    plots +=
        over_time(record, clock, "validation " + metric, {line_of("s2", "", series("validation", metric))});
  plots += over_time(record, clock, "largest |logit| in training",
                     {line_of("s1", "", series("stability", "max_abs_logit"))});
  plots += over_time(record, clock, "gradient norm of the last step",
                     {line_of("s1", "", series("train", "gradient_norm"))});
  const Series rates = series("train", "lr");
  if (std::ranges::any_of(rates, [&](const auto& rate) { return rate.second != rates.front().second; }))
    plots += over_time(record, clock, "learning rate of the last step", {line_of("s1", "", rates)});
  std::string text = "<h2>Training</h2>\n";
  if (record.unreadable_events > 0)
    text += fmt::format("<p>{} lines of metrics.jsonl could not be read and are left out.</p>\n",
                        record.unreadable_events);
  if (plots.empty()) return text + "<p>No epoch has ended yet: there are no curves.</p>\n";
  if (!series("validation", "loss").empty())
    text += fmt::format(
        "<p>Best means the best validation <code>{}</code>, which <code>training.monitor</code> names.</p>\n",
        escape_html(monitor));
  return text + "<div class=\"plots\">" + plots + "</div>\n";
}

}  // namespace bernoulli::report
