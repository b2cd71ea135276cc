#include "train/training_length.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "core/log.h"
#include "optim/schedule.h"

namespace bernoulli {
namespace {

/// Share of the initial weights in an average from which on it is rather them than what was learned.
constexpr double kMuch = 0.1;

void warn_of_endless_warmup(const KindConfig& schedule, int64_t total_steps) {
  const int64_t warmup = schedule.args.value("warmup_steps", int64_t{0});
  if (warmup >= total_steps)
    log_warning(
        fmt::format("training.schedule.{}.warmup_steps is {}, and the training has {} updates: the learning "
                    "rate never comes up",
                    schedule.kind, warmup, total_steps));
}

/// Averages start from the initial weights, of which decay^t is left after t updates.
void warn_of_late_average(const std::optional<double>& decay, int64_t total_steps) {
  if (!decay) return;
  const auto steps = static_cast<double>(total_steps);
  const double left = std::pow(*decay, steps);
  if (left < kMuch) return;
  log_warning(fmt::format(
      "optimizer.ema_decay is {}, and the training has {} updates: the averages, which are what is validated "
      "and exported, keep {:.0f} % of the weights that it began with; {:.2g} would keep 1 %",
      *decay, total_steps, 100 * left, std::pow(0.01, 1 / steps)));
}

/// Those after epochs, those after steps, each once, and the one at the end.
int64_t num_validations(const TrainingConfig& training, const TrainingLength& length) {
  const int64_t total = length.total_steps;
  if (total == kNoLimit) return kNoLimit;
  const int64_t epochs = training.validate_every_epochs * length.steps_per_epoch;
  const int64_t steps = training.validate_every_steps.value_or(epochs);
  const bool at_end = total % epochs != 0 && total % steps != 0;
  const int64_t ratio = epochs / std::gcd(epochs, steps);  // ratio * steps is their common multiple
  const int64_t both = ratio > total / steps ? 0 : total / (ratio * steps);
  return total / epochs + total / steps - both + (at_end ? 1 : 0);
}

void warn_of_idle_schedule(const TrainingConfig& training, const TrainingLength& length) {
  const KindConfig& schedule = training.schedule;
  const auto never_acts = [&](const std::string& setting, int64_t value, int64_t has, const char* unit) {
    log_warning(fmt::format(
        "training.schedule.{}.{} is {}, and the training has {} {}: the learning rate never changes",
        schedule.kind, setting, value, has, unit));
  };
  const int64_t epochs =
      length.total_steps == kNoLimit ? kNoLimit : (length.total_steps - 1) / length.steps_per_epoch + 1;
  if (schedule.kind == "step") {
    const int64_t first = schedule.args.at("step_epochs");
    if (first >= epochs) never_acts("step_epochs", first, epochs, "epochs");
  } else if (schedule.kind == "multi_step") {
    const int64_t first = schedule.args.at("milestones").at(0);
    if (first >= epochs) never_acts("milestones[0]", first, epochs, "epochs");
  } else if (schedule.kind == "reduce_on_plateau") {
    // The first validation sets the mark, more than `patience` have to miss it, and an update has to follow.
    const int64_t patience = schedule.args.at("patience"), validations = num_validations(training, length);
    if (patience + 2 >= validations) never_acts("patience", patience, validations, "validations");
  }
}

}  // namespace

TrainingLength training_length(const TrainingConfig& training, int64_t steps_per_epoch) {
  const int64_t steps = training.epochs ? *training.epochs * steps_per_epoch : kNoLimit;
  return {steps_per_epoch, std::min(steps, training.max_steps.value_or(kNoLimit))};
}

void warn_of_length(const RunConfig& config, const TrainingLength& length) {
  warn_of_endless_warmup(config.training.schedule, length.total_steps);
  warn_of_late_average(config.optimizer.ema_decay, length.total_steps);
  warn_of_idle_schedule(config.training, length);
}

void warn_of_new_length(const TrainingConfig& training, const TrainingLength& before,
                        const TrainingLength& now, int64_t step) {
  if (step >= now.total_steps || before.total_steps == now.total_steps) return;
  const auto factor = [&](const TrainingLength& length) {
    return schedule_factor(training.schedule, step, length.total_steps, length.steps_per_epoch);
  };
  const double would_be = factor(before), is = factor(now);
  if (would_be == is) return;
  log_warning(
      fmt::format("training.schedule.{} spans the whole training, which now has {} updates instead of {}: "
                  "the learning rate goes on "
                  "at {:.3g} of its base where the earlier length had {:.3g}, and the run is not one that "
                  "its config.yaml repeats",
                  training.schedule.kind, now.total_steps, before.total_steps, is, would_be));
}

}  // namespace bernoulli
