#include <algorithm>

#include <fmt/format.h>

#include "config/key_path.h"
#include "config/setting_checks.h"
#include "core/name_list.h"
#include "core/text_distance.h"

namespace bernoulli::config {

void check_labels(const CheckedSettings& settings) {
  settings.each_once("task.labels", settings.run.task.labels, "label");
}

void check_positive(const CheckedSettings& settings) {
  const TaskConfig& task = settings.run.task;
  if (!settings.is_binary()) return;
  if (!task.labels.empty() && task.labels.size() != 2) {
    settings.fault(
        "task.labels",
        fmt::format("has {} items, but task.kind is binary (expected [negative, positive], or leave it out)",
                    task.labels.size()));
  }
  if (task.labels.size() == 2 && !task.positive.empty() && task.positive != task.labels[1]) {
    settings.fault("task.positive", fmt::format("is {}, but the second of task.labels is {} (expected the "
                                                "same: labels are [negative, positive])",
                                                quote(task.positive), quote(task.labels[1])));
  }
}

void check_columns_of_task(const CheckedSettings& settings) {
  const ColumnsConfig& columns = settings.run.data.columns;
  if (!settings.is_binary()) return;
  if (!columns.label_columns.empty())
    settings.fault("data.columns.label_columns",
                   "is for multi_label tasks, but task.kind is binary (name the one column in `label`)");
  if (columns.label_separator != ColumnsConfig().label_separator)
    settings.fault("data.columns.label_separator",
                   "separates the labels of a text, but task.kind is binary: each has one (leave it out)");
}

void check_sources_of_task(const CheckedSettings& settings) {
  if (settings.run.task.positive_above && known_formats(settings.run.data).contains("class_folders"))
    settings.fault(
        "task.positive_above",
        "compares numbers, but the labels of class folders are their names (name one in `positive`)");
}

void check_label_columns(const CheckedSettings& settings) {
  if (settings.is_binary()) return;
  const std::vector<std::string>& labels = settings.run.task.labels;
  const std::vector<std::string>& columns = settings.run.data.columns.label_columns;
  if (settings.run.task.min_count > 1 && !labels.empty())
    settings.fault("task.min_count",
                   "leaves rare ones out of the labels that are found in the data, but task.labels or "
                   "data.columns.label_columns name them (leave one of the two out)");
  if (!columns.empty() && columns.size() != labels.size()) {
    settings.fault("data.columns.label_columns",
                   fmt::format("has {} items, but task.labels has {} (expected one column a label)",
                               columns.size(), labels.size()));
  } else if (columns != labels && std::ranges::is_permutation(columns, labels)) {
    settings.fault(
        "data.columns.label_columns",
        fmt::format("has the labels in another order than task.labels, and each column is the label at its "
                    "place (expected the same order: [{}] is not [{}]; or no task.labels)",
                    item_list(columns), item_list(labels)));
  }
}

namespace {

/// @param what  one of the numbers is, such as "weight"
void check_label_numbers(const CheckedSettings& settings, const std::string& key,
                         const std::vector<LabelNumber>& numbers, const char* what) {
  const TaskConfig& task = settings.run.task;
  for (const LabelNumber& given : numbers) {
    const std::string path = join_path(key, given.label);
    if (settings.is_binary()) {
      settings.fault(path,
                     fmt::format("is the {} of a label, but task.kind is binary (expected one number for {})",
                                 what, key));
    } else if (!task.labels.empty() && std::ranges::find(task.labels, given.label) == task.labels.end()) {
      settings.fault(path, fmt::format("there is no such label (expected some of {}){}",
                                       item_list(task.labels), did_you_mean(given.label, task.labels)));
    }
  }
}

void check_one_a_label(const CheckedSettings& settings, const std::string& key, size_t num_numbers) {
  const size_t num_labels = settings.run.task.labels.size();
  const bool open = !settings.is_binary() && num_labels == 0;  // the data will tell, and prepare_run
  const size_t num_outputs = settings.is_binary() ? 1 : num_labels;
  if (!open && num_numbers > 1 && num_numbers != num_outputs) {
    settings.fault(
        key, fmt::format("has {} numbers, but the task has {} output{} (expected one number, or one a label)",
                         num_numbers, num_outputs, num_outputs == 1 ? "" : "s"));
  }
}

}  // namespace

void check_pos_weight(const CheckedSettings& settings) {
  const LossConfig& loss = settings.run.loss;
  check_label_numbers(settings, "loss.pos_weight", loss.pos_weight_of, "weight");
  check_one_a_label(settings, "loss.pos_weight", loss.pos_weight.size());
}

void check_fixed_threshold(const CheckedSettings& settings) {
  const ThresholdConfig& threshold = settings.run.metrics.threshold;
  constexpr const char* kKey = "metrics.threshold.fixed.value";
  check_label_numbers(settings, kKey, threshold.value_of, "threshold");
  check_one_a_label(settings, kKey, threshold.values.size());
}

}  // namespace bernoulli::config
