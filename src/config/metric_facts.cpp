#include "config/metric_facts.h"

#include <algorithm>
#include <array>

namespace bernoulli {
namespace {

// A table reads as one.
// clang-format off
constexpr std::array kMetrics = {
    //          name                          binary multi  lower  decide positive negative interval
    MetricFacts{"loss",                       true,  true,  true,  false, false, false, false},
    MetricFacts{"accuracy",                   true,  true,  false, true,  false, false, true},
    MetricFacts{"balanced_accuracy",          true,  false, false, true,  true,  true,  true},
    MetricFacts{"hamming_loss",               false, true,  true,  true,  false, false, true},
    MetricFacts{"subset_accuracy",            false, true,  false, true,  false, false, true},
    MetricFacts{"precision_at_1",             false, true,  false, false, true,  true,  true},
    MetricFacts{"jaccard",                    false, true,  false, true,  false, false, true},
    MetricFacts{"samples_f1",                 false, true,  false, true,  true,  false, true},
    MetricFacts{"precision",                  true,  false, false, true,  true,  true,  true},
    MetricFacts{"recall",                     true,  false, false, true,  true,  false, true},
    MetricFacts{"specificity",                true,  false, false, true,  false, true,  true},
    MetricFacts{"f1",                         true,  false, false, true,  true,  false, true},
    MetricFacts{"f_beta",                     true,  false, false, true,  true,  false, true},
    MetricFacts{"matthews_corrcoef",          true,  false, false, true,  true,  true,  true},
    MetricFacts{"cohen_kappa",                true,  false, false, true,  true,  true,  true},
    MetricFacts{"roc_auc",                    true,  false, false, false, true,  true,  true},
    MetricFacts{"average_precision",          true,  false, false, false, true,  true,  true},
    MetricFacts{"micro_precision",            false, true,  false, true,  true,  true,  true},
    MetricFacts{"micro_recall",               false, true,  false, true,  true,  false, true},
    MetricFacts{"micro_f1",                   false, true,  false, true,  true,  false, true},
    MetricFacts{"micro_roc_auc",              false, true,  false, false, true,  true,  true},
    MetricFacts{"micro_average_precision",    false, true,  false, false, true,  true,  true},
    MetricFacts{"macro_precision",            false, true,  false, true,  true,  true,  true},
    MetricFacts{"macro_recall",               false, true,  false, true,  true,  false, true},
    MetricFacts{"macro_f1",                   false, true,  false, true,  true,  false, true},
    MetricFacts{"macro_roc_auc",              false, true,  false, false, true,  true,  true},
    MetricFacts{"macro_average_precision",    false, true,  false, false, true,  true,  true},
    MetricFacts{"weighted_f1",                false, true,  false, true,  true,  false, true},
    MetricFacts{"log_loss",                   true,  true,  true,  false, false, false, true},
    MetricFacts{"brier_score",                true,  true,  true,  false, false, false, true},
    MetricFacts{"expected_calibration_error", true,  true,  true,  false, false, false, false},
    MetricFacts{"true_positives",             true,  false, false, true,  false, false, false},
    MetricFacts{"false_positives",            true,  false, true,  true,  false, false, false},
    MetricFacts{"true_negatives",             true,  false, false, true,  false, false, false},
    MetricFacts{"false_negatives",            true,  false, true,  true,  false, false, false},
};
// clang-format on

}  // namespace

MetricFacts facts_of_metric(std::string_view name) {
  const auto* const found = std::ranges::find(kMetrics, name, &MetricFacts::name);
  return found == kMetrics.end() ? MetricFacts{} : *found;
}

std::vector<std::string> metric_names(TaskConfig::Kind kind) {
  std::vector<std::string> names;
  for (const MetricFacts& metric : kMetrics) {
    if (kind == TaskConfig::Kind::kBinary ? metric.binary : metric.multi_label)
      names.emplace_back(metric.name);
  }
  return names;
}

bool monitor_is_better_lower(const TrainingConfig& training) {
  return training.monitor_mode == "auto" ? facts_of_metric(training.monitor).lower_is_better
                                         : training.monitor_mode == "min";
}

}  // namespace bernoulli
