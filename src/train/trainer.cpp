#include "train/trainer.h"

#include <algorithm>
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
#include "train/non_finite.h"
#include "train/training_length.h"
#include "train/turn.h"

namespace bernoulli {
namespace {

using Json = nlohmann::ordered_json;

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
    : parts_(std::move(parts)),
      order_(parts_.config.training, parts_.train.size()),
      keeper_(parts_.checkpoints, parts_.log, parts_.largest_copy) {
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
  replace_lost_checkpoints();
  keeper_.take_over(checkpoint.step, best_steps());
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

TrainingOutcome Trainer::run() {
  warn_of_other_threshold();
  rate_started_s_ = monotonic_seconds();
  rate_started_step_ = state_.step;
  std::optional<std::string> limit;
  try {
    for (Turn turn = Turn::kUpdate; turn != Turn::kEnd;) {
      throw_if_stopped();
      keeper_.rethrow_failure();
      limit = limit_reached();
      turn = next_turn(
          parts_.config.training, order_.steps_per_epoch(),
          {state_.step, state_.validated_step, keeper_.saved_step(), limit.has_value(), pause_due()});
      if (turn == Turn::kValidate) validate_and_save();
      if (turn == Turn::kSave) save();
      if (turn == Turn::kUpdate) some_updates();
    }
    keeper_.wait();
  } catch (const StopRequested&) {
    progress_.clear();
    if (keeper_.saved_step() != state_.step) save();
    keeper_.wait();
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
  const bool ends_epoch = end % order_.steps_per_epoch() == 0;
  if (!ends_epoch && end < total_steps_) parts_.step.announce(order_.examples_of(end));
  for (const StepResult& result : parts_.step.update_all(planned_)) take_in(result);
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
      "rounded or was clipped (largest |logit| {:.1f}); they cannot be learned. Set loss.mode: "
      "bce_with_logits, which keeps the gradient at every logit; wrong_and_dead in metrics.jsonl has the "
      "share of each epoch",
      state_.step, seen.wrong_and_dead, seen.entries, seen.max_abs_logit));
}

void Trainer::save() {
  keeper_.wait();
  Checkpoint checkpoint;
  checkpoint.step = state_.step;
  checkpoint.state = to_json(state_);
  if (!parts_.engine.empty()) checkpoint.state["engine"] = parts_.engine;
  if (!parts_.settings.empty()) checkpoint.state["settings"] = parts_.settings;
  checkpoint.fingerprints = parts_.fingerprints;
  checkpoint.weights = parts_.step.evaluation_weights();
  checkpoint.training = parts_.step.training_state();
  refuse_non_finite_state(checkpoint, keeper_.saved_step());
  keeper_.save(std::move(checkpoint), epoch_of(state_.step), best_steps());
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
