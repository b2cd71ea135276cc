#pragma once

#include <cmath>

#include "kernels/cuda/view.h"

namespace bernoulli::card {

/// What an update saw, summed by the threads of one block in four phases: what its examples and the blocks of
/// GradientsBody left, in an order that depends on model and data alone. Then whether it is refused.
class UpdateSummary {
 public:
  enum Phase : int { kObserve, kFoldSums, kSumUp, kNote, kPhases };
  enum Sum : int { kSquares, kClampedSquares, kLoss, kSaturated, kDead, kLargest, kSums };
  /// In a block's own memory.
  struct Sums {
    double of[kSums][kThreads];
  };

  /// kObserve. @param seen  of the update's `size` examples
  BERNOULLI_HOST_DEVICE static void observe(const View& v, const Seen* seen, int64_t size, int thread,
                                            Sums& sums) {
    Seen all;
    for (int64_t e = thread; e < size; e += kThreads) add(all, seen[e]);
    double raw = 0, cut = 0;
    for (int64_t block = thread; block < v.head_blocks + v.embedding_blocks; block += kThreads) {
      raw += read_fresh(v.squares + 2 * block);
      cut += read_fresh(v.squares + 2 * block + 1);
    }
    sums.of[kSquares][thread] = raw;
    sums.of[kClampedSquares][thread] = cut;
    sums.of[kLoss][thread] = all.loss;
    sums.of[kSaturated][thread] = static_cast<double>(all.saturated);
    sums.of[kDead][thread] = static_cast<double>(all.wrong_and_dead);
    sums.of[kLargest][thread] = static_cast<double>(all.max_abs_logit);
  }

  /// kFoldSums. Of each of the first `count` sums, sixteen threads' become one, in the place of the first.
  /// They are kParts apart, so that threads beside each other read from different banks of the memory.
  BERNOULLI_HOST_DEVICE static void fold(int count, int thread, Sums& sums) {
    if (thread < count * kParts) fold_from(thread / kParts, thread % kParts, kParts, sums);
  }

  /// kSumUp. What was folded becomes one number, of[sum][0].
  BERNOULLI_HOST_DEVICE static void sum_up(int count, int thread, Sums& sums) {
    if (thread < count) fold_from(thread, 0, 1, sums);
  }

  /// kNote, by one thread: the record of update `number` of the piece. @return  whether it is refused
  BERNOULLI_HOST_DEVICE static bool note(const View& v, int64_t number, const Sums& sums) {
    Record record;
    record.loss_sum = sums.of[kLoss][0];
    record.gradient_norm = std::sqrt(sums.of[kSquares][0]);
    record.max_abs_logit = sums.of[kLargest][0];
    record.saturated = static_cast<int64_t>(sums.of[kSaturated][0]);
    record.wrong_and_dead = static_cast<int64_t>(sums.of[kDead][0]);
    record.outcome = Outcome::kDone;
    if (!(record.loss_sum - record.loss_sum == 0)) {
      record.outcome = Outcome::kLossNotFinite;
    } else if (!(sums.of[kSquares][0] <= kLargestFloat)) {  // NaN is not either
      record.outcome = Outcome::kGradientNotFinite;
    }
    v.records[number] = record;
    const bool is_refused = record.outcome != Outcome::kDone;
    if (is_refused) {
      v.state->refused = 1;
    } else {
      v.state->done = number + 1;
    }
    return is_refused;
  }

  /// The factor of clip_norm.
  BERNOULLI_HOST_DEVICE static float clip(const View& v, const Sums& sums) {
    if (v.clip_norm == 0) return 1;
    const double norm = std::sqrt(sums.of[v.clip_value != 0 ? kClampedSquares : kSquares][0]);
    const double by = v.clip_norm / (norm + 1e-6);  // torch.nn.utils.clip_grad_norm_
    return by < 1 ? static_cast<float>(by) : 1;
  }

 private:
  static constexpr int kParts = kThreads / kFold;
  static_assert(kParts == kFold, "sum_up() adds as many parts as fold() leaves");
  /// Squares that float32, in which the other engines sum them, does not hold are refused as there.
  static constexpr double kLargestFloat = 3.40282346638528859812e38;

  BERNOULLI_HOST_DEVICE static void fold_from(int sum, int first, int apart, Sums& sums) {
    double* const to = sums.of[sum] + first;
    double all = *to;
    for (int i = 1; i < kFold; ++i) {
      const double next = to[i * apart];
      all = sum != kLargest ? all + next : next > all ? next : all;
    }
    *to = all;
  }
};

/// One block of ExamplesBody writes the turn of the next update. Where GradientsBody applies the rule, it
/// first sums what the update before this one saw: that one is done in front of this launch, and what it
/// decides here is read by the GradientsBody of this update, which writes no weight once an update was
/// refused.
class TurnKeeper {
 public:
  /// In the block's memory.
  struct Memory {
    UpdateSummary::Sums sums;
    Turn next;
    int32_t size_before;  ///< of the update before; negative: nothing is to be summed
  };

  BERNOULLI_HOST_DEVICE static void prepare(const View& v, int64_t thread, Memory& m) {
    if (thread != 0) return;
    const auto num_updates = static_cast<int32_t>(read_fresh(&v.state->num_updates));
    const Turn::Head now = head_of_turn(v);
    const int32_t next = now.number + 1;
    const bool sums = applies_at_once(v) && now.stopped == 0 && now.number > 0 && now.number <= num_updates;
    m.size_before = sums ? static_cast<int32_t>(read_fresh(&v.updates[now.number - 1].size)) : -1;
    m.next = Turn();
    if (next < num_updates) {
      copy_fresh(&m.next.update, v.updates + next);
      m.next.head.first = static_cast<int32_t>(m.next.update.first);
      m.next.head.size = static_cast<int32_t>(m.next.update.size);
    }
    m.next.head.number = next;
    m.next.head.stopped = now.stopped;
  }

  BERNOULLI_HOST_DEVICE static void run(const View& v, int phase, int thread, Memory& m) {
    using Summary = UpdateSummary;
    const bool sums = m.size_before >= 0;
    switch (phase) {
      case Summary::kObserve:
        return sums ? Summary::observe(v, v.seen_before, m.size_before, thread, m.sums) : void();
      case Summary::kFoldSums:
        return sums ? Summary::fold(Summary::kSums, thread, m.sums) : void();
      case Summary::kSumUp:
        return sums ? Summary::sum_up(Summary::kSums, thread, m.sums) : void();
      case Summary::kNote:
        return thread == 0 ? hand_on(v, m) : void();
      default:
        return;
    }
  }

 private:
  BERNOULLI_HOST_DEVICE static void hand_on(const View& v, Memory& m) {
    const int32_t before = m.next.head.number - 2;
    if (m.size_before >= 0 && UpdateSummary::note(v, before, m.sums)) m.next.head.stopped = 1;
    *v.next_turn = m.next;
  }
};

}  // namespace bernoulli::card
