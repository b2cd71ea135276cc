#include "cli/check_validation.h"

#include <fmt/format.h>

#include "core/error.h"
#include "core/log.h"
#include "core/name_list.h"
#include "metrics/target_counts.h"
#include "metrics/thresholds.h"

namespace bernoulli::cli {
namespace {

void check_threshold(const Labels& labels, const std::vector<TargetCounts>& counts) {
  const char* const next_step = "add some (data.validation), or set metrics.threshold to a number";
  const std::vector<std::string> names = labels.output_names();
  std::vector<std::string> not_fitted;
  for (size_t i = 0; i < counts.size(); ++i) {
    if (!counts[i].has_both()) not_fitted.push_back(names[i]);
  }
  if (not_fitted.empty()) return;
  if (not_fitted.size() < counts.size()) {
    log_warning(fmt::format(
        "metrics.threshold cannot be fitted for {} and stays 0.5 there: the validation data have no "
        "example with the label, or none without it; {}",
        name_list(not_fitted), next_step));
    return;
  }
  if (labels.kind == TaskConfig::Kind::kBinary) {
    throw DataError(fmt::format("metrics.threshold is to be fitted, and no validation example is '{}': {}",
                                counts[0].positive == 0 ? labels.names.back() : labels.names.front(),
                                next_step));
  }
  throw DataError(
      fmt::format("metrics.threshold is to be fitted, and no label has validation examples both with it and "
                  "without it: {}",
                  next_step));
}

/// What the threshold of each label is fitted on: labels that share one have the examples of their pool.
std::vector<TargetCounts> pooled(std::vector<TargetCounts> counts, const ThresholdConfig& threshold) {
  const std::vector<int64_t> rare = rare_labels(counts, threshold);
  TargetCounts pool;
  for (const int64_t label : pooled_labels(counts, threshold)) {
    pool.positive += counts[static_cast<size_t>(label)].positive;
    pool.negative += counts[static_cast<size_t>(label)].negative;
  }
  for (const int64_t label : rare) counts[static_cast<size_t>(label)] = pool;
  return counts;
}

/// Fewer examples of a class, and a threshold follows those that there happen to be.
constexpr int64_t kFew = 30;

void warn_of_few(const Labels& labels, const std::vector<TargetCounts>& counts) {
  const bool binary = labels.kind == TaskConfig::Kind::kBinary;
  std::vector<std::string> few;
  const auto note = [&](const std::string& name, int64_t count, const char* which) {
    if (count < kFew) few.push_back(fmt::format("'{}' ({}{})", name, count, binary ? "" : which));
  };
  const std::vector<std::string> names = labels.output_names();
  for (size_t i = 0; i < counts.size(); ++i) {
    if (!counts[i].has_both()) continue;
    note(names[i], counts[i].positive, " with it");
    note(binary ? labels.names.front() : names[i], counts[i].negative, " without it");
  }
  if (few.empty()) return;
  log_warning(fmt::format(
      "metrics.threshold is fitted on fewer than {} validation examples of {}: it will vary with the "
      "examples that happen to be there; take more validation data (data.validation), or set "
      "metrics.threshold to a number",
      kFew, item_list(few)));
}

/// A metric that is undefined, or the same throughout, would end the training early, or never, and choose
/// nothing.
void check_monitor(const std::string& monitor, const std::vector<TargetCounts>& counts) {
  const std::string missing = missing_for(monitor, counts);
  if (missing.empty()) return;
  throw DataError(fmt::format(
      "training.monitor.metric is {}, which cannot tell one checkpoint from another on the "
      "validation data: they have {}; add some (data.validation), or monitor another metric, such "
      "as loss",
      monitor, missing));
}

}  // namespace

void check_validation(const RunConfig& config, const Labels& labels, const std::vector<double>& pos_weight,
                      const EncodedDataset& validation) {
  const std::vector<TargetCounts> counts = count_targets(validation.targets, validation.num_labels);
  check_monitor(config.training.monitor, counts);
  if (config.metrics.threshold.is_fitted()) {
    const std::vector<TargetCounts> fitted_on = pooled(counts, config.metrics.threshold);
    check_threshold(labels, fitted_on);
    warn_of_few(labels, fitted_on);
  }
  if (config.metrics.fits_temperature && !config.metrics.fits_shift && !pos_weight.empty())
    log_warning(
        "metrics.temperature cannot undo loss.pos_weight, which moves each logit by log(pos_weight): the "
        "probabilities stay too high for weights above 1; where they matter, set metrics.shift: min_log_loss "
        "too, or leave pos_weight out and choose metrics.threshold");
}

}  // namespace bernoulli::cli
