#include "metrics/metric_intervals.h"

#include <algorithm>
#include <numeric>
#include <string_view>

#include <fmt/format.h>

#include "core/stop.h"
#include "metrics/compute.h"
#include "metrics/target_counts.h"

namespace bernoulli {
namespace {

using Json = nlohmann::ordered_json;

bool has_interval(std::string_view metric) {
  return metric != "loss" && metric != "expected_calibration_error" && !metric.ends_with("_positives") &&
         !metric.ends_with("_negatives");
}

/// The same predictions, by descending logit of the first label: each resample ranks them, and what is in
/// order already is ranked soonest.
struct RankedPredictions {
  std::vector<float> logits, targets, weights;

  explicit RankedPredictions(const Predictions& given) {
    std::vector<size_t> order(static_cast<size_t>(given.size()));
    std::iota(order.begin(), order.end(), size_t{0});
    const auto labels = static_cast<size_t>(given.num_labels);
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return given.logits[a * labels] > given.logits[b * labels]; });
    place_of.resize(order.size());
    for (size_t place = 0; place < order.size(); ++place) {
      const size_t example = order[place];
      place_of[example] = place;
      for (size_t label = 0; label < labels; ++label) {
        logits.push_back(given.logits[example * labels + label]);
        targets.push_back(given.targets[example * labels + label]);
      }
      weights.push_back(given.weights.empty() ? 1 : given.weights[example]);
    }
  }

  std::vector<size_t> place_of;
};

}  // namespace

const Interval* MetricIntervals::find(const std::string& name) const {
  const auto found = std::ranges::find(intervals, name, &std::pair<std::string, Interval>::first);
  return found == intervals.end() ? nullptr : &found->second;
}

MetricIntervals metric_intervals(const Predictions& predictions, const std::vector<double>& thresholds,
                                 const MetricsConfig& config, TaskConfig::Kind kind, uint64_t seed,
                                 const std::function<void(int64_t done)>& tell) {
  const auto metrics_of = [&](const Predictions& of) {
    const std::vector<std::string> labels(static_cast<size_t>(of.num_labels));
    return compute_metrics(of, thresholds, config, labels, kind, 0).metrics;
  };
  MetricIntervals result;
  const TargetCounts all = count_targets(predictions.targets, 1).front();
  result.num_rarer = std::min(all.positive, all.negative);
  std::vector<std::pair<std::string, std::vector<double>>> resampled;
  for (const auto& [name, value] : metrics_of(predictions)) {
    if (has_interval(name)) resampled.emplace_back(name, std::vector<double>());
  }
  const auto num_examples = static_cast<size_t>(predictions.size());
  const RankedPredictions ranked(predictions);
  std::vector<float> weights(num_examples);
  for (int64_t i = 0; i < kNumResamples && num_examples > 0; ++i) {
    throw_if_stopped();
    if (tell) tell(i);
    const std::vector<uint32_t> times = draw_resample(num_examples, seed, i);
    for (size_t example = 0; example < num_examples; ++example) {
      const size_t place = ranked.place_of[example];
      weights[place] = ranked.weights[place] * static_cast<float>(times[example]);
    }
    auto slot = resampled.begin();
    for (const auto& [name, value] :
         metrics_of({ranked.logits, ranked.targets, weights, predictions.num_labels})) {
      if (!has_interval(name)) continue;
      if (value.value) slot->second.push_back(*value.value);
      ++slot;
    }
  }
  for (auto& [name, values] : resampled)
    result.intervals.emplace_back(name, percentile_interval(std::move(values)));
  return result;
}

Json to_json(const MetricIntervals& intervals, Json& undefined) {
  Json json = Json::object();
  for (const auto& [name, interval] : intervals.intervals) {
    json[name] = interval.low ? Json{*interval.low, *interval.high} : Json(nullptr);
    if (!interval.low) undefined[fmt::format("intervals.{}", name)] = interval.undefined_reason;
  }
  return json;
}

}  // namespace bernoulli
