#include "metrics/metric_intervals.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "config/metric_facts.h"
#include "core/name_list.h"
#include "core/stop.h"
#include "metrics/compute.h"
#include "metrics/metric_list.h"
#include "metrics/probability_metrics.h"
#include "metrics/ranked_decisions.h"
#include "metrics/significance.h"

namespace bernoulli {
namespace {

using Json = nlohmann::ordered_json;
using LabelColumns = std::vector<std::vector<ScoredExample>>;

/// The metrics of resamples: what does not depend on how often an example is drawn is worked out once.
class ResampledMetrics {
 public:
  ResampledMetrics(const LabelColumns& columns, const MetricsConfig& config, TaskConfig::Kind kind)
      : config_(config), pooled_(columns) {
    if (kind == TaskConfig::Kind::kMultiLabel) {
      for (const std::vector<ScoredExample>& column : columns) labels_.emplace_back(LabelColumns{column});
    }
    for (size_t i = 0; i < columns[0].size(); ++i) {
      Example example{.weight = columns[0][i].weight, .overlap = overlap_of(columns, i)};
      for (const std::vector<ScoredExample>& column : columns) {
        example.log_loss += log_loss_of(column[i]);
        example.squared_error += squared_error_of(column[i]);
      }
      examples_.push_back(example);
    }
  }

  /// Where example i is drawn `times[i]` times.
  NamedMetrics metrics(const std::vector<uint32_t>& times) const {
    DecisionFigures pooled = figures_of(pooled_.weigh(times));
    ExampleFigures shares;
    weigh_examples(times, pooled, shares);
    if (labels_.empty()) return binary_metrics(pooled, config_);
    std::vector<std::pair<std::string, NamedMetrics>> per_label;
    for (const RankedDecisions& label : labels_)
      per_label.emplace_back("", binary_metrics(figures_of(label.weigh(times)), config_));
    return multi_label_metrics(pooled, shares, per_label);
  }

 private:
  /// Of one example: its weight, and sums over its labels.
  struct Example {
    double weight = 0;
    double log_loss = 0;
    double squared_error = 0;
    LabelOverlap overlap = {};
  };

  static DecisionFigures figures_of(RankedDecisions::Weighed weighed) {
    DecisionFigures figures;
    figures.counts = weighed.counts;
    figures.ranking = std::move(weighed.ranking);
    return figures;
  }

  void weigh_examples(const std::vector<uint32_t>& times, DecisionFigures& pooled,
                      ExampleFigures& shares) const {
    double log_loss = 0, squared_error = 0;
    ExampleSums sums;
    for (size_t i = 0; i < times.size(); ++i) {
      const Example& example = examples_[i];
      const double weight = example.weight * times[i];
      if (weight == 0) continue;
      log_loss += weight * example.log_loss;
      squared_error += weight * example.squared_error;
      sums.add(example.overlap, weight);
    }
    pooled.log_loss = mean_log_loss(log_loss, pooled.counts.total());
    pooled.brier_score = ratio(squared_error, pooled.counts.total(), "no example");
    shares = sums.figures();
  }

  MetricsConfig config_;
  RankedDecisions pooled_;
  std::vector<RankedDecisions> labels_;  ///< multi-label only
  std::vector<Example> examples_;
};

/// Hits of trials that are independent of one another.
struct Share {
  double hits = 0, trials = 0;
};

/// How many answers metrics rest on; weights of examples do not count.
class AnswerCounts {
 public:
  AnswerCounts(const LabelColumns& columns, TaskConfig::Kind kind)
      : num_examples_(static_cast<double>(columns[0].size())), binary_(kind == TaskConfig::Kind::kBinary) {
    for (std::vector<ScoredExample> column : columns) {
      for (ScoredExample& scored : column) {
        weights_are_one_ = weights_are_one_ && scored.weight == 1;
        scored.weight = scored.weight > 0 ? 1 : 0;
      }
      labels_.push_back(count_confusion(column));
      pooled_ += labels_.back();
    }
    for (size_t i = 0; i < columns[0].size(); ++i) {
      const LabelOverlap overlap = overlap_of(columns, i);
      num_right_ += overlap.is_right() ? 1 : 0;
      num_with_target_ += overlap.has_target && columns[0][i].weight > 0 ? 1 : 0;
      num_top_right_ += overlap.top_is_target ? 1 : 0;
    }
  }

  /// Of a metric that is a share of examples, each of which counts the same.
  std::optional<Share> share_of(std::string_view metric) const {
    if (!weights_are_one_) return std::nullopt;
    const auto share = [&](double hits) { return Share{hits, behind(metric, pooled_)}; };
    if (metric == "subset_accuracy" || (binary_ && metric == "accuracy")) return share(num_right_);
    if (metric == "precision_at_1") return share(num_top_right_);
    if (!binary_) return std::nullopt;
    if (metric == "precision" || metric == "recall") return share(pooled_.true_positives);
    if (metric == "specificity") return share(pooled_.true_negatives);
    return std::nullopt;
  }

  /// A share's denominator, else the rarer of what the metric weighs up. A macro mean rests on what the
  /// label with the fewest does, of those that have the metric.
  int64_t behind(std::string_view metric) const {
    if (!metric.starts_with("macro_")) {
      if (metric.starts_with("micro_")) metric.remove_prefix(6);
      if (metric == "weighted_f1") metric = "f1";  // rare labels weigh little in it
      return static_cast<int64_t>(behind(metric, pooled_));
    }
    metric.remove_prefix(6);
    double fewest = num_examples_;
    for (const Confusion& label : labels_) {
      const double answers = behind(metric, label);
      if (answers > 0) fewest = std::min(fewest, answers);
    }
    return static_cast<int64_t>(fewest);
  }

 private:
  double behind(std::string_view metric, const Confusion& counts) const {
    if (metric == "precision") return counts.predicted_positives();
    if (metric == "recall") return counts.positives();
    if (metric == "specificity") return counts.negatives();
    if (metric == "f1" || metric == "f_beta")
      return std::min(counts.positives(), counts.predicted_positives());
    if (metric == "matthews_corrcoef" || metric == "cohen_kappa")
      return std::min({counts.positives(), counts.negatives(), counts.predicted_positives(),
                       counts.predicted_negatives()});
    if (metric == "precision_at_1") return num_with_target_;
    for (const char* name :
         {"balanced_accuracy", "roc_auc", "average_precision", "log_loss", "brier_score"}) {
      if (metric == name) return std::min(counts.positives(), counts.negatives());
    }
    return num_examples_;
  }

  double num_examples_, num_right_ = 0;
  double num_with_target_ = 0, num_top_right_ = 0;
  bool binary_, weights_are_one_ = true;
  std::vector<Confusion> labels_;
  Confusion pooled_;
};

/// Both ends at 97.5 %.
Interval exact_interval(const Share& share) {
  const auto hits = static_cast<int64_t>(share.hits), trials = static_cast<int64_t>(share.trials);
  return {share_lower_bound(hits, trials, 0.975), 1 - share_lower_bound(trials - hits, trials, 0.975), ""};
}

/// Whether figures are the same but for how their sums were rounded.
bool are_one(double low, double high) {
  constexpr double kRounding = 1e-12;
  return high - low <= kRounding * std::max(std::abs(low), std::abs(high));
}

Interval resampled_interval(std::vector<double> figures) {
  Interval interval = percentile_interval(std::move(figures));
  if (interval.low && are_one(*interval.low, *interval.high))
    return {{}, {}, "the resamples give one and the same figure"};
  return interval;
}

}  // namespace

const MetricInterval* MetricIntervals::find(const std::string& name) const {
  const auto found = std::ranges::find(intervals, name, &MetricInterval::metric);
  return found == intervals.end() ? nullptr : &*found;
}

MetricIntervals metric_intervals(const Predictions& predictions, const DecisionRule& rule,
                                 const MetricsConfig& config, TaskConfig::Kind kind, uint64_t seed,
                                 const std::function<void(int64_t done)>& tell) {
  const std::vector<std::string> names(static_cast<size_t>(predictions.num_labels));
  NamedMetrics metrics = compute_metrics(predictions, rule, config, names, kind, 0).metrics;
  std::erase_if(metrics, [](const auto& metric) { return !facts_of_metric(metric.first).has_interval; });
  MetricIntervals result;
  for (const auto& [name, value] : metrics)
    result.intervals.push_back({name, {{}, {}, value.undefined_reason}, false, 0});
  if (std::ranges::none_of(metrics, [](const auto& metric) { return metric.second.value.has_value(); }))
    return result;

  const LabelColumns columns = score_labels(predictions, rule);
  const ResampledMetrics resampled(columns, config, kind);
  std::vector<std::vector<double>> figures(metrics.size());
  for (int64_t i = 0; i < kNumResamples; ++i) {
    throw_if_stopped();
    if (tell) tell(i);
    auto slot = figures.begin();
    for (const auto& [name, value] : resampled.metrics(draw_resample(columns[0].size(), seed, i))) {
      if (!facts_of_metric(name).has_interval) continue;
      if (value.value) slot->push_back(*value.value);
      ++slot;
    }
  }
  const AnswerCounts answers(columns, kind);
  for (size_t i = 0; i < metrics.size(); ++i) {
    const auto& [name, value] = metrics[i];
    if (!value.value) continue;
    const std::optional<Share> share = answers.share_of(name);
    MetricInterval& of = result.intervals[i];
    of.interval = share ? exact_interval(*share) : resampled_interval(std::move(figures[i]));
    of.exact = share.has_value();
    of.num_answers = answers.behind(name);
  }
  return result;
}

std::string narrow_warning(const MetricIntervals& intervals) {
  std::vector<std::string> narrow;
  for (const MetricInterval& of : intervals.intervals) {
    if (of.is_too_narrow()) narrow.push_back(fmt::format("{} ({})", of.metric, of.num_answers));
  }
  if (narrow.empty()) return "";
  return fmt::format(
      "intervals that rest on fewer than {} answers are too narrow: {}; evaluate on more examples",
      kFewestForInterval, item_list(narrow));
}

Json to_json(const MetricIntervals& intervals, Json& undefined) {
  Json json = Json::object();
  for (const auto& [metric, interval, exact, num_answers] : intervals.intervals) {
    json[metric] = interval.low ? Json{*interval.low, *interval.high} : Json(nullptr);
    if (!interval.low) undefined[fmt::format("intervals.{}", metric)] = interval.undefined_reason;
  }
  return json;
}

}  // namespace bernoulli
