#include "train/epoch_order.h"

#include <algorithm>

#include "core/divide_up.h"
#include "core/random.h"

namespace bernoulli {

EpochOrder::EpochOrder(const TrainingConfig& training, int64_t num_examples)
    : seed_(training.seed),
      num_examples_(num_examples),
      examples_per_step_(training.batch_size * training.accumulate),
      steps_per_epoch_(divide_up(num_examples, examples_per_step_)) {}

std::span<const int64_t> EpochOrder::examples_of(int64_t step) {
  const int64_t epoch = step / steps_per_epoch_;
  if (epoch != epoch_) {
    order_ = random_permutation(num_examples_,
                                mix_seed(seed_, random_stream::kEpochOrder, static_cast<uint64_t>(epoch)));
    epoch_ = epoch;
  }
  const auto begin = static_cast<size_t>(step % steps_per_epoch_ * examples_per_step_);
  return std::span<const int64_t>(order_).subspan(
      begin, std::min(static_cast<size_t>(examples_per_step_), order_.size() - begin));
}

}  // namespace bernoulli
