#include "train/turn.h"

#include <optional>

namespace bernoulli {

Turn next_turn(const TrainingConfig& training, int64_t steps_per_epoch, const Standing& standing) {
  const int64_t step = standing.step;
  const auto is_multiple_of = [&](const std::optional<int64_t>& every) {
    return every && step % *every == 0;
  };
  const bool epochs_ended =
      is_multiple_of(steps_per_epoch) && step / steps_per_epoch % training.validate_every_epochs == 0;
  const bool validate =
      epochs_ended || is_multiple_of(training.validate_every_steps) || standing.limit_reached;
  const bool save =
      is_multiple_of(training.checkpoint_every_steps) || standing.limit_reached || standing.pause_due;
  if (step > 0 && validate && standing.validated_step != step) return Turn::kValidate;
  if (step > 0 && save && standing.saved_step != step) return Turn::kSave;
  return standing.limit_reached || standing.pause_due ? Turn::kEnd : Turn::kUpdate;
}

}  // namespace bernoulli
