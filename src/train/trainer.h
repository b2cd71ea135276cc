#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/run_config.h"
#include "core/log.h"
#include "data/encoded_dataset.h"
#include "loss/loss.h"
#include "metrics/report.h"
#include "tensor/checkpoint.h"
#include "train/checkpoint_keeper.h"
#include "train/epoch_order.h"
#include "train/metrics_log.h"
#include "train/step.h"
#include "train/trainer_state.h"

namespace bernoulli {

/// What a training came to.
struct TrainingOutcome {
  int64_t steps = 0;
  int64_t epochs = 0;                ///< begun
  int64_t final_step = 0;            ///< the checkpoint to evaluate and export: best, or last
  int64_t final_epoch = 0;           ///< that it belongs to
  std::optional<double> best_value;  ///< of the monitored metric at final_step
  std::string stop_reason;           ///< Trainer::limit_reached, or "pause"

  /// Whether there is some training left: nothing is to be evaluated or exported yet.
  bool is_paused() const { return stop_reason == "pause"; }
};

/// What the trainer works on; everything outlives it.
struct TrainingParts {
  const RunConfig& config;
  const std::vector<std::string>& label_names;
  const EncodedDataset& train;
  const EncodedDataset* validation;  ///< may be null
  const Loss& loss;
  Step& step;
  CheckpointFolder checkpoints;
  MetricsLog& log;
  nlohmann::ordered_json fingerprints;
  std::string engine = {};    ///< EngineChoice::family of `step`, which each checkpoint names
  std::string settings = {};  ///< what each checkpoint keeps of the configuration; the caller's own words
  std::optional<int64_t> pause_after_epoch = std::nullopt;
  int64_t largest_copy = CheckpointKeeper::kLargestCopy;  ///< of CheckpointKeeper; tests have their own
};

/// The engine that trained up to a checkpoint; empty in those of earlier versions.
std::string engine_of(const Checkpoint& checkpoint);

/// TrainingParts::settings of the trainer that saved a checkpoint; empty in those of earlier versions.
std::string settings_of(const Checkpoint& checkpoint);

/// Whether a checkpoint was saved after the validation of its step, not on the way to it.
bool is_validated(const Checkpoint& checkpoint);

/// Repeats: order of the epoch, update, validation, early stopping, checkpoint; until a limit is reached, or
/// the epoch after which it shall pause.
class Trainer {
 public:
  explicit Trainer(TrainingParts parts);

  /// Goes on from `checkpoint`, and removes what a killed process did not come to remove. @throws
  /// ArtifactError if it does not belong to this run.
  void resume(const Checkpoint& checkpoint);
  /// @throws StopRequested after saving; NonFiniteError; IoError
  TrainingOutcome run();
  /// The limit behind which nothing more is trained: "epochs", "max_steps", "max_seconds", "early_stopping";
  /// nothing while there is some training left. Reads the clock.
  std::optional<std::string> limit_reached() const;
  /// For a run that was resumed. @param before  its settings before it went on, which differ in limits only
  void warn_of_other_length(const TrainingConfig& before) const;

 private:
  /// Of the best ones, those whose file is damaged or gone. Other checkpoints that are there take their
  /// place. That of state_.step was read as a whole.
  void replace_lost_checkpoints();
  bool better(double a, double b, double by = 0) const;  ///< of values of training.monitor
  void insert_best(const BestEntry& entry);
  std::vector<int64_t> best_steps() const;  ///< best first
  int64_t epoch_of(int64_t step) const;     ///< from 1
  bool pause_due() const;
  double lr_of(int64_t step) const;  ///< of the update after `step` others
  /// Updates until something else than an update is due, or the engine answers.
  int64_t updates_at_once() const;
  void some_updates();
  void take_in(const StepResult& result);
  void warn_of_lost_gradient();
  MetricReport validate();
  void validate_and_save();
  void record_validation(const MetricReport& report);
  /// Before anything else is written, keeper_ is waited for.
  void save();
  void show_progress();
  void warn_of_other_threshold() const;
  /// Where the monitored metric had one value throughout, so that the first checkpoint counts as the best.
  void warn_of_monitor_that_stood_still() const;

  TrainingParts parts_;
  EpochOrder order_;
  int64_t total_steps_;  ///< or kNoLimit
  bool lower_is_better_;
  TrainerState state_;
  StepResult last_result_;
  std::vector<PlannedUpdate> planned_;
  bool warned_of_lost_gradient_ = false;
  double rate_started_s_ = 0;
  int64_t rate_started_step_ = 0;
  ProgressLine progress_;
  CheckpointKeeper keeper_;  ///< waits when it is destroyed: last, before what it uses
};

}  // namespace bernoulli
