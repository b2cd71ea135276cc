#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "data/encoded_dataset.h"
#include "kernels/binomial.h"
#include "kernels/entry_loss.h"
#include "kernels/kernels.h"
#include "kernels/touched_rows.h"
#include "train/fused_head.h"
#include "train/fused_parameter.h"
#include "train/fused_plan.h"
#include "train/logit_telemetry.h"
#include "train/step.h"

namespace bernoulli {

/// Trains a FusedPlan on one CPU thread: embedding, dropout and pool in one pass over ragged ids, and the
/// exact update of the reference without touching untouched rows. A row that an update did not read gets that
/// update's zero-gradient step when it is next read, or when the weights are asked for; the order of a row's
/// own updates stays, so the bits are those of a sweep over the whole table (tests/train compares).
///
/// Agrees with ReferenceStep within rounding where there is no dropout; with dropout the draws are other ones
/// of the same distribution.
class FusedStep : public Step {
 public:
  /// The loss is asked for its dead range only. @param kernels  where they are not given, the best that this
  /// processor runs
  FusedStep(const EngineParts& parts, const FusedPlan& fused,
            const kernels::Kernels& kernels = *kernels::available_kernels().front());
  FusedStep(const FusedStep&) = delete;
  FusedStep& operator=(const FusedStep&) = delete;

  StepResult update(std::span<const int64_t> examples, int64_t step, double lr) override;
  std::vector<float> logits(const TokenView& rows) override;
  NamedTensors evaluation_weights() const override;
  NamedTensors training_state() const override;
  void load(const NamedTensors& evaluation_weights, const NamedTensors& training_state) override;
  double base_lr() const override { return optimizer_.base_lr(); }
  const kernels::Kernels& kernels() const { return kernels_; }

 private:
  /// Sets tokens_.
  void read_tokens(std::span<const int64_t> examples);
  /// Takes tokens out of tokens_, as word_dropout says.
  void drop_words(int64_t step);
  /// Gives every row that the examples read a slot in the gradient and brings it up to date; of a table that
  /// is not trained, no row has one.
  void touch_rows(std::span<const int64_t> examples, int64_t step);
  /// Forward and backward of some examples of an update, the first being number `first` of it. Adds loss and
  /// telemetry to `result`, whose weight is the global one.
  void accumulate_gradient(std::span<const int64_t> examples, size_t first, int64_t step, StepResult& result);
  double loss_and_slopes(std::span<const int64_t> examples, const float* logits, double total_weight,
                         float* slopes) const;
  void make_gradients_zero();
  double checked_gradient_norm(int64_t step) const;
  /// Numbers: of the embedding those of the rows that the update touched.
  int64_t gradient_size(size_t parameter) const;
  double sum_of_squares() const;
  void clip_gradients(double norm);
  void apply_update(double lr);
  /// @param dropped  tokens of the text that are not among `ids` any more.
  kernels::PoolInput pool_input(std::span<const int32_t> ids, int64_t dropped) const;
  /// Replays what rows missed, so that the tables hold what a sweep at every update would have left. Changes
  /// when something is computed, not what: therefore const.
  void bring_up_to_date(std::span<const int32_t> rows) const;
  void bring_all_up_to_date() const;
  FusedParameter& embedding() { return parameters_.front(); }
  const FusedParameter& embedding() const { return parameters_.front(); }

  const EncodedDataset& train_;
  const FusedPlan fused_;
  const kernels::Kernels& kernels_;
  uint64_t seed_;
  int64_t eval_batch_size_;
  std::optional<double> clip_norm_;
  std::optional<double> clip_value_;
  int64_t num_labels_;
  std::vector<double> pos_weight_;  ///< one a label
  kernels::EntryLoss loss_;
  DeadRange dead_range_;
  FusedOptimizer optimizer_;
  std::vector<FusedParameter> parameters_;  ///< in the order of the plan: the embedding first
  FusedHead head_;
  kernels::BinomialTables binomial_;
  int64_t updates_ = 0;

  mutable kernels::TouchedRows rows_;
  mutable std::vector<kernels::UpdateConstants> history_;  ///< of the last updates, the newest at the end

  bool gradients_are_zero_ = true;  ///< the update leaves them so; one that was refused does not
  std::vector<std::span<const int32_t>> tokens_;  ///< of every example of the update
  std::vector<int32_t> widened_;                  ///< room for tokens_ where the data set keeps 16 bits
  std::vector<int32_t> thinned_;                  ///< room for tokens_ where some were dropped
  std::vector<int64_t> dropped_;                  ///< how many, for each of tokens_
  std::vector<uint64_t> seeds_;
  std::vector<kernels::PoolInput> inputs_;
  std::vector<uint16_t> keep_;
  kernels::LaneVector pad_count_;
};

}  // namespace bernoulli
