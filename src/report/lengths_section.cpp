#include <fmt/format.h>

#include "metrics/compute.h"
#include "metrics/slices.h"
#include "report/answer_plots.h"
#include "report/html.h"
#include "report/sections.h"
#include "text/standardize.h"

namespace bernoulli::report {
namespace {

std::vector<Slice> by_words(const StringRows& texts) {
  std::vector<int64_t> words;
  words.reserve(static_cast<size_t>(texts.size()));
  for (int64_t i = 0; i < texts.size(); ++i) words.push_back(count_words(texts[i]));
  return quarters(words);
}

MetricReport figures_of_slice(const RunReport& run, const Slice& slice) {
  const RunConfig& config = run.record.config;
  const SlicedPredictions part(run.answers->predictions, slice.examples);
  return compute_metrics(part.predictions(), run.answers->thresholds, config.metrics,
                         run.record.label_names(), config.task.kind, 0);
}

Json value_of(const MetricValue& metric) { return metric.value ? Json(*metric.value) : Json(); }

}  // namespace

std::string lengths_section(const RunReport& run) {
  if (!run.answers || !reason_without_curves(run.answers->predictions).empty()) return "";
  const std::vector<Slice> slices = by_words(run.answers->texts);
  if (slices.size() < 2) return "";
  std::vector<std::string> head = {"words", "examples"};
  std::vector<std::vector<std::string>> rows;
  for (const Slice& slice : slices) {
    const MetricReport figures = figures_of_slice(run, slice);
    rows.push_back({slice.name, grouped(figures.num_examples)});
    for (const char* name : kSliceMetrics) {
      const MetricValue* metric = figures.find(name);
      if (metric == nullptr) continue;
      if (rows.size() == 1) head.emplace_back(name);
      rows.back().push_back(metric_text(value_of(*metric)));
    }
  }
  Table table(head);
  for (const std::vector<std::string>& row : rows) table.row(row);
  return fmt::format("<h2>Short and long texts</h2>\n<p>The {} data in parts of about the same size.</p>\n",
                     run.answers->name) +
         table.html();
}

}  // namespace bernoulli::report
