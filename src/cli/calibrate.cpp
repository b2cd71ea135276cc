#include "cli/calibrate.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/error.h"
#include "core/log.h"
#include "core/name_list.h"
#include "core/shell_word.h"
#include "metrics/confusion.h"
#include "metrics/scored_example.h"
#include "metrics/thresholds.h"
#include "train/evaluate.h"

namespace bernoulli::cli {
namespace {

/// "temperature fitted on validation data: 'NAME' 1.5, 'NAME' 2"
/// @param remarks  one a value, or none
void log_fitted(const char* what, const std::vector<double>& values, const std::vector<std::string>& names,
                const std::vector<std::string>& remarks = {}) {
  std::vector<std::string> items;
  for (size_t label = 0; label < values.size(); ++label) {
    items.push_back(fmt::format("{}{:.7g}{}", values.size() > 1 ? fmt::format("'{}' ", names[label]) : "",
                                values[label], remarks.empty() ? "" : fmt::format(" ({})", remarks[label])));
  }
  log_info(fmt::format("{} fitted on validation data: {}", what, item_list(items)));
}

/// One a label; what the others are is in the summary.
void warn_of_each(const std::vector<std::string>& reasons, const char* of_others) {
  for (size_t i = 0; i < std::min(reasons.size(), kMostShown); ++i) log_warning(reasons[i]);
  if (reasons.size() > kMostShown)
    log_warning(fmt::format("{} more labels {}", reasons.size() - kMostShown, of_others));
}

/// The decisions about each label at the fitted thresholds.
std::vector<Confusion> decisions_of(const Predictions& validation, const FittedThresholds& fitted) {
  std::vector<Confusion> decisions;
  for (const std::vector<ScoredExample>& column : score_labels(validation, fitted.thresholds))
    decisions.push_back(count_confusion(column));
  return decisions;
}

/// Of each label, how many of the validation examples above its threshold have it.
std::vector<std::string> precisions(const std::vector<Confusion>& decisions, const FittedThresholds& fitted) {
  std::vector<std::string> remarks;
  for (const Confusion& counts : decisions)
    remarks.push_back(
        fmt::format("precision {:.6g} of {:.6g}", counts.true_positives, counts.predicted_positives()));
  for (const int64_t label : fitted.shared)
    remarks[static_cast<size_t>(label)] +=
        fitted.pools_all ? ", threshold of all labels together" : ", threshold shared by rare labels";
  for (const int64_t label : fitted.left_at_half) remarks[static_cast<size_t>(label)] = "not fitted";
  return remarks;
}

LogitScaling fitted_scaling(const Predictions& validation, const FinishedTraining& training) {
  const MetricsConfig& metrics = training.config.metrics;
  const std::vector<std::string>& names = training.run.labels.names;
  FittedScaling fitted = fit_scaling(validation, metrics, names);
  warn_of_each(fitted.left_alone,
               metrics.fits_temperature ? "have their temperature left at 1" : "have their shift left at 0");
  if (metrics.fits_temperature) log_fitted("temperature", fitted.scaling.temperatures, names);
  if (metrics.fits_shift) log_fitted("shift", fitted.scaling.shifts, names);
  return std::move(fitted.scaling);
}

void tell_of_pool(const FittedThresholds& fitted, int64_t min_positives,
                  const std::vector<std::string>& names) {
  if (!fitted.pools_all) return;
  std::vector<std::string> rare;
  for (const int64_t label : fitted.shared) rare.push_back(names[static_cast<size_t>(label)]);
  log_info(fmt::format(
      "fewer than {} validation examples with {}, all taken together: the threshold there is that of the "
      "decisions about all labels",
      min_positives, name_list(rare)));
}

/// The best F of a rare label that nothing tells apart is found where nearly all examples get it. Of several
/// labels those with a threshold of their own.
void warn_of_generous_thresholds(const std::vector<Confusion>& decisions, const FittedThresholds& fitted,
                                 const ThresholdConfig& threshold, const std::vector<std::string>& names) {
  constexpr double kFarMore = 5;  // times as often as in the data
  using Method = ThresholdConfig::Method;
  if (threshold.method != Method::kMaxF1 && threshold.method != Method::kMaxFBeta) return;
  if (decisions.size() == 1) return;
  const auto has_its_own = [&](size_t label) {
    const auto number = static_cast<int64_t>(label);
    return std::ranges::find(fitted.shared, number) == fitted.shared.end() &&
           std::ranges::find(fitted.left_at_half, number) == fitted.left_at_half.end();
  };
  std::vector<std::string> generous;
  for (size_t label = 0; label < decisions.size(); ++label) {
    if (!has_its_own(label)) continue;
    const double given = decisions[label].predicted_positives(), there = decisions[label].positives();
    if (given > kFarMore * there)
      generous.push_back(fmt::format("'{}' ({:.6g}, {:.6g} have it)", names[label], given, there));
  }
  if (generous.empty()) return;
  log_warning(fmt::format(
      "at the fitted threshold far more validation examples get a label than have it: {}; a rare label is "
      "told too little apart for a threshold of its own "
      "(metrics.threshold: {{max_f1: {{min_positives: 10}}}})",
      item_list(generous)));
}

/// check_validation() has told which labels have no examples to fit one on.
FittedThresholds fitted_thresholds(const Predictions& validation, const FinishedTraining& training) {
  const std::vector<std::string>& names = training.run.labels.names;
  FittedThresholds fitted;
  try {
    fitted = choose_thresholds(validation, training.config.metrics.threshold, names);
  } catch (const DataError& error) {
    throw DataError(fmt::format(
        "{}; the training is kept: bernoulli train --resume --run-dir {} --set metrics.threshold=0.5",
        error.what(), shell_word(training.paths.folder.string())));
  }
  for (std::string& reason : fitted.reasons) reason += "; it stays 0.5 there";
  warn_of_each(fitted.reasons, "miss what metrics.threshold demands, and keep 0.5");
  tell_of_pool(fitted, training.config.metrics.threshold.min_positives, names);
  const std::vector<Confusion> decisions = decisions_of(validation, fitted);
  log_fitted("threshold", fitted.thresholds, names, precisions(decisions, fitted));
  warn_of_generous_thresholds(decisions, fitted, training.config.metrics.threshold, names);
  return fitted;
}

}  // namespace

Calibration calibrate(const FinishedTraining& training, std::vector<float> validation_logits) {
  const MetricsConfig& metrics = training.config.metrics;
  const bool fits_threshold = metrics.threshold.is_fitted();
  Calibration calibration{
      {}, configured_rule(metrics.threshold, training.run.train.num_labels, training.run.labels.names), {}};
  const bool scales = metrics.fits_temperature || metrics.fits_shift;
  if (!scales && !fits_threshold) return calibration;
  if (!training.run.validation)  // config/ refuses it
    throw InternalError("what is fitted needs validation data, and there are none");
  const auto validation = [&] { return predictions_of(validation_logits, *training.run.validation); };
  if (scales) {
    calibration.scaling = fitted_scaling(validation(), training);
    scale_logits(validation_logits, calibration.scaling);
  }
  if (fits_threshold) {
    FittedThresholds fitted = fitted_thresholds(validation(), training);
    calibration.rule = std::move(fitted.thresholds);
    for (const int64_t label : fitted.left_at_half)
      calibration.threshold_not_fitted.push_back(training.run.labels.names[static_cast<size_t>(label)]);
  }
  return calibration;
}

}  // namespace bernoulli::cli
