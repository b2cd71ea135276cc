#include <fmt/format.h>

#include "metrics/compute.h"
#include "metrics/slices.h"
#include "report/answer_plots.h"
#include "report/html.h"
#include "report/sections.h"
#include "text/standardize.h"

namespace bernoulli::report {
namespace {

MetricReport figures_of_slice(const RunReport& run, const Slice& slice) {
  const RunConfig& config = run.record.config;
  const SlicedPredictions part(run.answers->predictions, slice.examples);
  return compute_metrics(part.predictions(), run.answers->rule, config.metrics, run.record.label_names(),
                         config.task.kind, 0);
}

}  // namespace

std::string lengths_section(const RunReport& run) {
  if (!run.answers || !reason_without_curves(run.answers->predictions).empty()) return "";
  const StringRows& texts = run.answers->texts;
  const std::vector<Slice> slices = quarters(texts.size(), [&](int64_t i) { return count_words(texts[i]); });
  if (slices.size() < 2) return "";
  std::vector<std::string> head = {"words", "examples"};
  std::vector<std::vector<std::string>> rows;
  for (const Slice& slice : slices) {
    const Json figures = to_json(figures_of_slice(run, slice).metrics);
    rows.push_back({slice.name, grouped(std::ssize(slice.examples))});
    for (const char* name : kSliceMetrics) {
      if (!figures.contains(name)) continue;
      if (rows.size() == 1) head.emplace_back(name);
      rows.back().push_back(metric_text(figures[name]));
    }
  }
  Table table(head);
  for (const std::vector<std::string>& row : rows) table.row(row);
  return fmt::format(
             "<h2>Short and long texts</h2>\n<p>The {} data by length, in parts as near to the same size as "
             "texts of one length allow.</p>\n",
             run.answers->name) +
         table.html();
}

}  // namespace bernoulli::report
