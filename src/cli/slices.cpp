#include "cli/slices.h"

#include <cstdint>
#include <utility>

#include "metrics/slices.h"
#include "text/standardize.h"

namespace bernoulli::cli {
namespace {

constexpr size_t kMostValues = 50;

using Judge = std::function<MetricReport(const Predictions&)>;

SlicedReport report_of(std::string by, const std::vector<Slice>& slices, const Predictions& whole,
                       const Judge& judge) {
  SlicedReport report{std::move(by), {}};
  for (const Slice& slice : slices) {
    const SlicedPredictions part(whole, slice.examples);
    report.slices.emplace_back(slice.name, judge(part.predictions()));
  }
  return report;
}

}  // namespace

std::vector<SlicedReport> sliced_reports(const EvaluateArguments& arguments, const Dataset& dataset,
                                         const Predictions& whole, const Judge& judge) {
  std::vector<SlicedReport> reports;
  if (arguments.by_length) {
    const auto words = [&](int64_t i) { return count_words(dataset.texts[static_cast<size_t>(i)]); };
    reports.push_back(report_of("words", quarters(dataset.size(), words), whole, judge));
  }
  for (size_t i = 0; i < arguments.by.size(); ++i)
    reports.push_back(
        report_of(arguments.by[i], slices_by_value(dataset.slices[i], kMostValues), whole, judge));
  return reports;
}

nlohmann::ordered_json to_json(const std::vector<SlicedReport>& reports) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const SlicedReport& report : reports) {
    nlohmann::ordered_json slices = nlohmann::ordered_json::array();
    for (const auto& [name, figures] : report.slices) {
      nlohmann::ordered_json slice = {{"slice", name}};
      slice.update(to_json(figures));
      slices.push_back(std::move(slice));
    }
    json.push_back({{"by", report.by}, {"slices", std::move(slices)}});
  }
  return json;
}

}  // namespace bernoulli::cli
