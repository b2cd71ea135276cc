#include "train/checkpoint_keeper.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/error.h"

namespace bernoulli {

CheckpointKeeper::CheckpointKeeper(CheckpointFolder folder, MetricsLog& log, int64_t largest_copy)
    : folder_(std::move(folder)), log_(log), largest_copy_(largest_copy) {}

void CheckpointKeeper::take_over(int64_t step, const std::vector<int64_t>& best_steps) {
  saved_step_ = step;
  for (const int64_t other : folder_.steps()) {
    files_.insert(other);
    if (other < saved_step_) saved_before_ = other;
  }
  for (const int64_t outdated : take_outdated(best_steps)) folder_.remove(outdated);
}

std::string CheckpointKeeper::fault_of(int64_t step) const {
  try {
    load_weights(folder_.path_of(step));
    return "";
  } catch (const ArtifactError& error) {
    return error.what();
  } catch (const IoError& error) {
    return error.what();
  }
}

void CheckpointKeeper::save(Checkpoint checkpoint, int64_t epoch, const std::vector<int64_t>& best_steps) {
  const int64_t step = checkpoint.step;
  // Announced first and made durable: whichever checkpoint a resumed run finds, the log holds all that led to
  // it, and what it holds beyond that is known to be.
  const bool best = !best_steps.empty() && best_steps.front() == step;
  log_.append("checkpoint", epoch, step,
              {{"file", folder_.path_of(step).filename().string()}, {"best", best}});
  if (saved_step_ != step) saved_before_ = saved_step_;
  saved_step_ = step;
  files_.insert(step);
  const bool large = num_bytes(checkpoint) > largest_copy_;
  if (!large) copy_tensors(checkpoint);
  saving_.start([this, checkpoint = std::move(checkpoint), outdated = take_outdated(best_steps)] {
    log_.sync();
    folder_.save(checkpoint);
    if (!outdated.empty()) log_.check_is_there();  // another run's checkpoints are not outdated
    for (const int64_t old : outdated) folder_.remove(old);
  });
  if (large) saving_.wait();
}

std::vector<int64_t> CheckpointKeeper::take_outdated(const std::vector<int64_t>& best_steps) {
  std::set<int64_t> keep(best_steps.begin(), best_steps.end());
  keep.insert({saved_before_, saved_step_});
  std::vector<int64_t> outdated;
  std::copy_if(files_.begin(), files_.lower_bound(saved_step_), std::back_inserter(outdated),
               [&](int64_t step) { return !keep.contains(step); });
  for (const int64_t step : outdated) files_.erase(step);
  return outdated;
}

}  // namespace bernoulli
