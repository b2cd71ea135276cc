#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "core/background_work.h"
#include "tensor/checkpoint.h"
#include "train/metrics_log.h"

namespace bernoulli {

/// The checkpoints of one training: writes them, and removes those that need not stay. It keeps the last two
/// and the best ones.
class CheckpointKeeper {
 public:
  /// Bytes of a state that is copied and saved while training goes on. A larger one is not worth its memory:
  /// what it costs to write is little beside the epoch that led to it.
  static constexpr int64_t kLargestCopy = int64_t{64} << 20;

  /// Touches no file. @param log  outlives this
  CheckpointKeeper(CheckpointFolder folder, MetricsLog& log, int64_t largest_copy = kLargestCopy);

  /// Goes on behind the checkpoint of `step`, and removes what a killed process did not come to remove. Later
  /// ones are damaged, or belong to whoever looks into it, and stay.
  /// @param best_steps  checkpoints that stay whatever comes after them
  void take_over(int64_t step, const std::vector<int64_t>& best_steps);
  /// Why the weights in the file of `step` cannot be read; empty where they can.
  std::string fault_of(int64_t step) const;

  /// Announces a checkpoint in the log and writes it: in the background where its state is small, and then
  /// until wait() nothing else may be written. Its tensors may be those that a training goes on to change.
  /// @param best_steps  best first
  /// @throws what the write before this one threw; IoError
  void save(Checkpoint checkpoint, int64_t epoch, const std::vector<int64_t>& best_steps);
  /// The last one that was announced; negative: none.
  int64_t saved_step() const { return saved_step_; }

  /// @throws what the write threw
  void wait() { saving_.wait(); }
  /// As soon as a write has failed; does not wait. @throws what it threw
  void rethrow_failure() { saving_.rethrow_failure(); }

 private:
  /// Takes the checkpoints that need not stay out of files_.
  std::vector<int64_t> take_outdated(const std::vector<int64_t>& best_steps);

  CheckpointFolder folder_;
  MetricsLog& log_;
  int64_t largest_copy_;
  std::set<int64_t> files_;  ///< steps with a checkpoint
  int64_t saved_step_ = -1;
  int64_t saved_before_ = -1;  ///< the checkpoint before that one: what is left if that one is damaged
  BackgroundWork saving_;      ///< of the checkpoint of saved_step_; ends before what it uses
};

}  // namespace bernoulli
