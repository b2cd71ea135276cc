#include "train/trainer.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "config/bind.h"
#include "config/metric_facts.h"
#include "core/divide_up.h"
#include "core/error.h"
#include "core/json_fault.h"
#include "core/stop.h"
#include "metrics/thresholds.h"
#include "optim/schedule.h"
#include "train/evaluate.h"
#include "train/non_finite.h"
#include "train/training_length.h"
#include "train/turn.h"

namespace bernoulli {
namespace {

using Json = nlohmann::ordered_json;

/// Bytes of a state that is copied and saved while training goes on. A larger one is not worth its memory:
/// what it costs to write is little beside the epoch that led to it.
constexpr int64_t kLargestCopy = int64_t{64} << 20;

/// What validations were judged at before a fitted threshold was fitted on each of them.
ThresholdConfig half_if_fitted(const ThresholdConfig& threshold) {
  return threshold.is_fitted() ? config::read_threshold({{"fixed", {{"value", 0.5}}}}, threshold.beta)
                               : threshold;
}

/// Empty where there is no text of that name.
std::string text_in(const Json& state, const char* key) {
  const auto text = state.find(key);
  return text != state.end() && text->is_string() ? text->get<std::string>() : "";
}

}  // namespace

Trainer::Trainer(TrainingParts parts)
    : parts_(std::move(parts)), order_(parts_.config.training, parts_.train.size()) {
  const TrainingConfig& training = parts_.config.training;
  const TrainingLength length = training_length(training, order_.steps_per_epoch());
  total_steps_ = length.total_steps;
  warn_of_length(parts_.config, length);
  lower_is_better_ = monitor_is_better_lower(training);
  state_.threshold = parts_.config.metrics.threshold;
}

std::string engine_of(const Checkpoint& checkpoint) { return text_in(checkpoint.state, "engine"); }

std::string settings_of(const Checkpoint& checkpoint) { return text_in(checkpoint.state, "settings"); }

bool is_validated(const Checkpoint& checkpoint) {
  const auto validated = checkpoint.state.find("validated_step");
  return validated != checkpoint.state.end() && *validated == checkpoint.step;
}

void Trainer::resume(const Checkpoint& checkpoint) {
  for (const auto& [what, fingerprint] : parts_.fingerprints.items()) {
    const std::string saved = checkpoint.fingerprints.value(what, "");
    if (saved != fingerprint.get<std::string>()) {
      throw ArtifactError(
          fmt::format("checkpoint of step {} belongs to another {} (fingerprint {}, now {}); restore it, or "
                      "start a new run",
                      checkpoint.step, what, saved, fingerprint.get<std::string>()));
    }
  }
  if (checkpoint.step > total_steps_) {
    throw UsageError(fmt::format(
        "the run has made {} steps, and training.epochs or training.max_steps now allow {}: raise them",
        checkpoint.step, total_steps_));
  }
  const auto refuse_damaged = [&](const std::string& cause) {
    throw ArtifactError(
        fmt::format("checkpoint of step {}: its trainer state is damaged: {}", checkpoint.step, cause));
  };
  try {
    state_ = trainer_state_from_json(checkpoint.state, parts_.config.metrics.f_beta);
  } catch (const nlohmann::json::exception& error) {
    refuse_damaged(json_cause(error));
  } catch (const UsageError& error) {
    refuse_damaged(error.what());
  }
  if (!state_.threshold) state_.threshold = half_if_fitted(parts_.config.metrics.threshold);
  if (state_.step != checkpoint.step)
    throw ArtifactError(fmt::format("checkpoint of step {}: its trainer state is that of step {}",
                                    checkpoint.step, state_.step));
  parts_.step.load(checkpoint.weights, checkpoint.training);
  saved_step_ = checkpoint.step;
  replace_lost_checkpoints();
  for (const int64_t step : parts_.checkpoints.steps()) {
    files_.insert(step);
    if (step < saved_step_) saved_before_ = step;
  }
  for (const int64_t step : take_outdated()) parts_.checkpoints.remove(step);
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

void Trainer::replace_lost_checkpoints() {
  const std::string& metric = parts_.config.training.monitor;
  const auto fault_of = [&](int64_t step) -> std::string {
    if (step == saved_step_) return "";
    try {
      load_weights(parts_.checkpoints.path_of(step));
      return "";
    } catch (const ArtifactError& error) {
      return error.what();
    } catch (const IoError& error) {
      return error.what();
    }
  };
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

int64_t Trainer::epoch_of(int64_t step) const {
  return std::max<int64_t>(1, divide_up(step, order_.steps_per_epoch()));
}

std::optional<std::string> Trainer::limit_reached() const {
  const TrainingConfig& training = parts_.config.training;
  const auto& stopping = training.early_stopping;
  if (stopping && state_.bad_validations >= stopping->patience) return "early_stopping";
  if (state_.step >= total_steps_)
    return training.max_steps && state_.step >= *training.max_steps ? "max_steps" : "epochs";
  const bool late = training.max_seconds && parts_.log.elapsed_s() >= *training.max_seconds;
  return late && state_.step > 0 ? std::optional("max_seconds") : std::nullopt;
}

bool Trainer::pause_due() const {
  const std::optional<int64_t>& last = parts_.pause_after_epoch;
  return last && state_.step / order_.steps_per_epoch() >= *last;
}

void Trainer::warn_of_other_length(const TrainingConfig& before) const {
  const TrainingConfig& training = parts_.config.training;
  warn_of_new_length(training, training_length(before, order_.steps_per_epoch()),
                     training_length(training, order_.steps_per_epoch()), state_.step);
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

TrainingOutcome Trainer::run() {
  warn_of_other_threshold();
  rate_started_s_ = monotonic_seconds();
  rate_started_step_ = state_.step;
  std::optional<std::string> limit;
  try {
    for (Turn turn = Turn::kUpdate; turn != Turn::kEnd;) {
      throw_if_stopped();
      saving_.rethrow_failure();
      limit = limit_reached();
      turn = next_turn(parts_.config.training, order_.steps_per_epoch(),
                       {state_.step, state_.validated_step, saved_step_, limit.has_value(), pause_due()});
      if (turn == Turn::kValidate) validate_and_save();
      if (turn == Turn::kSave) save();
      if (turn == Turn::kUpdate) some_updates();
    }
    saving_.wait();
  } catch (const StopRequested&) {
    progress_.clear();
    if (saved_step_ != state_.step) save();
    saving_.wait();
    parts_.log.append("stop", epoch_of(state_.step), state_.step, {{"reason", "signal"}});
    throw;
  }
  progress_.clear();
  TrainingOutcome outcome{state_.step,           epoch_of(state_.step), state_.step,
                          epoch_of(state_.step), std::nullopt,          limit.value_or("pause")};
  if (parts_.config.training.restore_best && !state_.best.empty()) {
    outcome.final_step = state_.best.front().step;
    outcome.final_epoch = epoch_of(outcome.final_step);
    outcome.best_value = state_.best.front().value;
    if (!outcome.is_paused()) warn_of_monitor_that_stood_still();
  }
  parts_.log.append("stop", outcome.epochs, state_.step, {{"reason", outcome.stop_reason}});
  return outcome;
}

double Trainer::lr_of(int64_t step) const {
  return parts_.step.base_lr() *
         schedule_factor(parts_.config.training.schedule, step, total_steps_, order_.steps_per_epoch()) *
         state_.plateau.factor;
}

int64_t Trainer::updates_at_once() const {
  const TrainingConfig& training = parts_.config.training;
  int64_t count = std::min(parts_.step.run_ahead(), total_steps_ - state_.step);
  const auto stop_at_multiple = [&](int64_t every) { count = std::min(count, every - state_.step % every); };
  stop_at_multiple(order_.steps_per_epoch());
  if (training.validate_every_steps) stop_at_multiple(*training.validate_every_steps);
  if (training.checkpoint_every_steps) stop_at_multiple(*training.checkpoint_every_steps);
  return count;
}

void Trainer::some_updates() {
  const double started = monotonic_seconds();
  planned_.clear();
  const int64_t end = state_.step + updates_at_once();
  for (int64_t step = state_.step; step < end; ++step)
    planned_.push_back({order_.examples_of(step), step, lr_of(step)});
  if (planned_.size() == 1) {
    const bool ends_epoch = end % order_.steps_per_epoch() == 0;
    if (!ends_epoch && end < total_steps_) parts_.step.announce(order_.examples_of(end));
    take_in(parts_.step.update(planned_[0].examples, planned_[0].step, planned_[0].lr));
  } else {
    for (const StepResult& result : parts_.step.update_all(planned_)) take_in(result);
  }
  parts_.log.add_epoch_seconds(epoch_of(state_.step), monotonic_seconds() - started);
  show_progress();
}

void Trainer::take_in(const StepResult& result) {
  last_result_ = result;
  ++state_.step;
  state_.loss_sum += result.loss_sum;
  state_.loss_weight += result.weight;
  state_.telemetry += result.telemetry;
  warn_of_lost_gradient();
}

void Trainer::warn_of_lost_gradient() {
  const LogitTelemetry& seen = last_result_.telemetry;
  if (seen.wrong_and_dead == 0 || warned_of_lost_gradient_) return;
  warned_of_lost_gradient_ = true;
  progress_.clear();
  log_warning(fmt::format(
      "step {}: {} of {} answers are wrong and get exactly no gradient, because their probability has "
      "rounded "
      "or was clipped (largest |logit| {:.1f}); they cannot be learned. Set loss.mode: bce_with_logits, "
      "which "
      "keeps the gradient at every logit; wrong_and_dead in metrics.jsonl has the share of each epoch",
      state_.step, seen.wrong_and_dead, seen.entries, seen.max_abs_logit));
}

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
  saving_.wait();
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

void Trainer::save() {
  saving_.wait();
  Checkpoint checkpoint;
  checkpoint.step = state_.step;
  checkpoint.state = to_json(state_);
  if (!parts_.engine.empty()) checkpoint.state["engine"] = parts_.engine;
  if (!parts_.settings.empty()) checkpoint.state["settings"] = parts_.settings;
  checkpoint.fingerprints = parts_.fingerprints;
  checkpoint.weights = parts_.step.evaluation_weights();
  checkpoint.training = parts_.step.training_state();
  refuse_non_finite_state(checkpoint, saved_step_);
  // Announced first and made durable: whichever checkpoint a resumed run finds, the log holds all that led to
  // it, and what it holds beyond that is known to be.
  const bool best = !state_.best.empty() && state_.best.front().step == state_.step;
  parts_.log.append("checkpoint", epoch_of(state_.step), state_.step,
                    {{"file", parts_.checkpoints.path_of(state_.step).filename().string()}, {"best", best}});
  if (saved_step_ != state_.step) saved_before_ = saved_step_;
  saved_step_ = state_.step;
  files_.insert(saved_step_);
  const bool large = num_bytes(checkpoint) > kLargestCopy;
  if (!large) copy_tensors(checkpoint);
  saving_.start([this, checkpoint = std::move(checkpoint), outdated = take_outdated()] {
    parts_.log.sync();
    parts_.checkpoints.save(checkpoint);
    if (!outdated.empty()) parts_.log.check_is_there();  // another run's checkpoints are not outdated
    for (const int64_t step : outdated) parts_.checkpoints.remove(step);
  });
  if (large) saving_.wait();
}

std::vector<int64_t> Trainer::take_outdated() {
  std::set<int64_t> keep = {saved_before_, saved_step_};
  for (const BestEntry& entry : state_.best) keep.insert(entry.step);
  std::vector<int64_t> outdated;
  std::copy_if(files_.begin(), files_.lower_bound(saved_step_), std::back_inserter(outdated),
               [&](int64_t step) { return !keep.contains(step); });
  for (const int64_t step : outdated) files_.erase(step);
  return outdated;
}

void Trainer::show_progress() {
  if (!progress_.due()) return;
  const double spent = monotonic_seconds() - rate_started_s_;
  const double rate = static_cast<double>(state_.step - rate_started_step_) / std::max(spent, 1e-9);
  std::string left;
  if (total_steps_ != kNoLimit)
    left = fmt::format("  {} left", format_duration(static_cast<double>(total_steps_ - state_.step) / rate));
  progress_.update(fmt::format("epoch {}  step {}{}  loss {:.4f}  {:.0f} examples/s{}", epoch_of(state_.step),
                               state_.step, total_steps_ != kNoLimit ? fmt::format("/{}", total_steps_) : "",
                               state_.loss_sum / state_.loss_weight,
                               rate * static_cast<double>(order_.examples_per_step()), left));
}

}  // namespace bernoulli
