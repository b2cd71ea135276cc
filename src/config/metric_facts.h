#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/run_config.h"

/// What is known of a metric by its name alone. How it is computed: metrics/metric_list.h.
namespace bernoulli {

struct MetricFacts {
  std::string_view name;
  bool binary = false;       ///< one of binary tasks, and of each label of a multi_label one
  bool multi_label = false;  ///< one of all labels together
  bool lower_is_better = false;
  bool of_decisions = false;  ///< another one at another threshold
  /// What data need for the metric to tell predictions apart.
  bool needs_positive = false, needs_negative = false;
  bool has_interval = false;  ///< evaluate --intervals
};

/// False for all facts where no metric has this name: reports of other versions may hold any.
MetricFacts facts_of_metric(std::string_view name);

/// Those that a validation of this kind of task yields (compute_metrics), in their order: what
/// training.monitor may name.
std::vector<std::string> metric_names(TaskConfig::Kind kind);
/// The direction of training.monitor, as training.monitor.mode has it.
bool monitor_is_better_lower(const TrainingConfig& training);

}  // namespace bernoulli
