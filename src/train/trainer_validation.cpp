#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>

#include "config/metric_facts.h"
#include "core/log.h"
#include "optim/schedule.h"
#include "train/evaluate.h"
#include "train/trainer.h"

namespace bernoulli {

/// At the threshold that the model would get if its training ended here: at any other one, decisions of a
/// model that is yet unsure, or of rare labels, say little of it.
MetricReport Trainer::validate() {
  const std::vector<float> logits = parts_.step.logits(parts_.validation->rows);
  return evaluate_as_fitted(predictions_of(logits, *parts_.validation), parts_.loss, parts_.config,
                            parts_.label_names, *state_.threshold);
}

void Trainer::validate_and_save() {
  const double train_loss = state_.loss_sum / state_.loss_weight;
  std::optional<MetricReport> report;
  if (parts_.validation != nullptr) report = validate();
  keeper_.wait();
  progress_.clear();
  const double epoch_s = parts_.log.epoch_seconds().empty() ? 0 : parts_.log.epoch_seconds().back();
  std::string line = fmt::format("epoch {:3}  step {:7}  {:7.2f} s  loss {:.4f}", epoch_of(state_.step),
                                 state_.step, epoch_s, train_loss);
  parts_.log.append(
      "train", epoch_of(state_.step), state_.step,
      {{"loss", train_loss}, {"gradient_norm", last_result_.gradient_norm}, {"lr", lr_of(state_.step - 1)}});
  parts_.log.append("stability", epoch_of(state_.step), state_.step,
                    {{"saturated", state_.telemetry.saturated_share()},
                     {"wrong_and_dead", state_.telemetry.wrong_and_dead_share()},
                     {"max_abs_logit", state_.telemetry.max_abs_logit}});
  state_.loss_sum = state_.loss_weight = 0;
  state_.telemetry = {};
  if (report) {
    record_validation(*report);
    std::vector<std::string> names = {"loss", report->one_label_each ? "precision_at_1" : "accuracy", "f1",
                                      "micro_f1"};
    const std::string& monitored = parts_.config.training.monitor;
    if (std::find(names.begin(), names.end(), monitored) == names.end()) names.push_back(monitored);
    for (const std::string& name : names) {
      const MetricValue* metric = report->find(name);
      if (metric != nullptr && metric->value) line += fmt::format("  val {} {:.4f}", name, *metric->value);
    }
    if (!state_.best.empty() && state_.best.front().step == state_.step) line += "  best";
  }
  log_info(line);
  state_.validated_step = state_.step;
  save();
}

void Trainer::record_validation(const MetricReport& report) {
  parts_.log.append("validation", epoch_of(state_.step), state_.step, to_json(report.metrics));
  const TrainingConfig& training = parts_.config.training;
  const MetricValue* monitored = report.find(training.monitor);
  const double value = monitored != nullptr && monitored->value ? *monitored->value : std::nan("");
  if (std::isnan(value)) {
    log_warning(fmt::format("step {}: validation {} is undefined ({}); it cannot count as best", state_.step,
                            training.monitor,
                            monitored != nullptr ? monitored->undefined_reason : "no such metric"));
  }
  if (training.schedule.kind == "reduce_on_plateau") {
    const double before = state_.plateau.factor;
    state_.plateau = advance_plateau(training.schedule, state_.plateau, value, lower_is_better_);
    if (state_.plateau.factor != before)
      log_info(
          fmt::format("step {}: validation {} gains no more: the learning rate goes from {:.4g} to {:.4g}",
                      state_.step, training.monitor, parts_.step.base_lr() * before, lr_of(state_.step)));
  }
  const double min_delta = training.early_stopping ? training.early_stopping->min_delta : 0;
  const bool improved =
      !std::isnan(value) && (!state_.value_to_beat || better(value, *state_.value_to_beat, min_delta));
  if (improved) state_.value_to_beat = value;
  state_.bad_validations = improved ? 0 : state_.bad_validations + 1;
  if (std::isnan(value)) return;
  insert_best({state_.step, value});
}

bool Trainer::better(double a, double b, double by) const {
  return lower_is_better_ ? a < b - by : a > b + by;
}

void Trainer::insert_best(const BestEntry& entry) {
  const auto place = std::find_if(state_.best.begin(), state_.best.end(),
                                  [&](const BestEntry& other) { return better(entry.value, other.value); });
  state_.best.insert(place, entry);
  if (static_cast<int64_t>(state_.best.size()) > parts_.config.training.keep_best) state_.best.pop_back();
}

std::vector<int64_t> Trainer::best_steps() const {
  std::vector<int64_t> steps;
  for (const BestEntry& entry : state_.best) steps.push_back(entry.step);
  return steps;
}

void Trainer::replace_lost_checkpoints() {
  const std::string& metric = parts_.config.training.monitor;
  const auto fault_of = [&](int64_t step) { return step == state_.step ? "" : keeper_.fault_of(step); };
  std::set<int64_t> seen;
  const size_t lost = std::erase_if(state_.best, [&](const BestEntry& entry) {
    seen.insert(entry.step);
    const std::string fault = fault_of(entry.step);
    if (!fault.empty())
      log_warning(
          fmt::format("{}; it was the checkpoint of validation {} {:.6g}, and the next best of those that "
                      "are left takes its place",
                      fault, metric, entry.value));
    return !fault.empty();
  });
  if (lost == 0) return;
  const std::map<int64_t, double> values = parts_.log.validation_values(metric);
  for (const int64_t step : parts_.checkpoints.steps()) {
    if (step > state_.validated_step || seen.contains(step)) continue;
    const auto value = values.find(step);
    if (value != values.end() && fault_of(step).empty()) insert_best({step, value->second});
  }
  if (state_.best.empty())
    log_warning(
        fmt::format("no checkpoint that is left has a known validation {}: the last one is taken", metric));
}

void Trainer::warn_of_other_threshold() const {
  const std::string& monitor = parts_.config.training.monitor;
  if (parts_.validation == nullptr || !facts_of_metric(monitor).of_decisions ||
      state_.threshold->setting == parts_.config.metrics.threshold.setting || limit_reached())
    return;
  log_warning(
      fmt::format("training.monitor is {}, and the validations so far were judged at another threshold than "
                  "metrics.threshold asks for now: those to come are judged as those so far, for only such "
                  "values can be compared; the threshold of the model is fitted as metrics.threshold asks",
                  monitor));
}

void Trainer::warn_of_monitor_that_stood_still() const {
  const std::string& monitor = parts_.config.training.monitor;
  const std::map<int64_t, double> values = parts_.log.validation_values(monitor);
  const auto is_first = [&](const auto& entry) { return entry.second == values.begin()->second; };
  if (values.size() < 2 || !std::all_of(values.begin(), values.end(), is_first)) return;
  const bool has_labels = parts_.train.num_labels > 1;
  const bool at_fixed =
      facts_of_metric(monitor).of_decisions && state_.threshold->method == ThresholdConfig::Method::kFixed;
  log_warning(fmt::format(
      "validation {} was {:.4g} at each of {} validations and tells no checkpoint from another: that of step "
      "{}, the first one, is kept, however little it was trained; set training.monitor to a metric that "
      "moves, such as loss or {}average_precision{}",
      monitor, values.begin()->second, values.size(), state_.best.front().step, has_labels ? "macro_" : "",
      at_fixed ? ", or metrics.threshold to one that is fitted" : ""));
}

}  // namespace bernoulli
