#pragma once

#include <cmath>

#include "kernels/cuda/gradient_bodies.h"
#include "kernels/cuda/view.h"
#include "kernels/update_number.h"

namespace bernoulli::card {

/// One block: sums what the update saw, decides whether its gradient may be applied, and moves the cursor.
class DecideBody {
 public:
  explicit DecideBody(const View& view) : v_(view) {}
  static int64_t shared_bytes() { return kSums * kThreads * static_cast<int64_t>(sizeof(double)); }
  BERNOULLI_HOST_DEVICE int64_t phases() const { return kSumLevels + 2; }
  BERNOULLI_HOST_DEVICE void run(int64_t phase, const Place& place, void* shared) const {
    if (phase > kSumLevels && place.thread != 0) return;  // the cursor moves
    const Update* const update = current(v_);
    auto* const sums = static_cast<double*>(shared);
    double* const largest = sums + kLargest * kThreads;
    if (update == nullptr) {
      if (phase > kSumLevels) v_.state->applying = -1;
    } else if (phase == 0) {
      observe(*update, place.thread, sums + kLargest * place.thread, largest[place.thread]);
    } else if (phase <= kSumLevels) {
      const int level = static_cast<int>(phase) - 1;
      sum_level(sums, kLargest, level, place.thread);
      const int64_t half = kThreads >> (level + 1);
      if (place.thread < half && largest[place.thread + half] > largest[place.thread])
        largest[place.thread] = largest[place.thread + half];
    } else {
      decide(sums, largest[0]);
    }
  }

 private:
  /// Squares that float32, in which the other engines sum them, does not hold are refused as there.
  static constexpr double kLargestFloat = 3.40282346638528859812e38;
  enum Sum : int { kLoss, kSquares, kClampedSquares, kSaturated, kDead, kLargest, kSums };

  BERNOULLI_HOST_DEVICE void observe(const Update& update, int64_t thread, double* sums,
                                     double& largest) const {
    for (int i = 0; i < kLargest; ++i) sums[i] = 0;
    largest = 0;
    for (int64_t i = thread; i < update.size * v_.num_labels; i += kThreads) {
      const RowColumn at = row_column(i, v_.num_labels);
      const float z = v_.values[at.row * v_.width + v_.width_begin[v_.num_layers] + at.column];
      const int64_t example = v_.examples[update.first + at.row];
      const bool positive = v_.targets[example * v_.num_labels + at.column] > 0.5f;
      sums[kLoss] += v_.entry_loss[i];
      sums[kSaturated] += z >= v_.saturated_from || z <= v_.saturated_until ? 1 : 0;
      sums[kDead] += (positive ? z <= v_.positives_dead_until : z >= v_.negatives_dead_from) ? 1 : 0;
      const auto size = static_cast<double>(z < 0 ? -z : z);
      if (size > largest) largest = size;
    }
    for (int64_t block = thread; block < v_.num_squares; block += kThreads) {
      sums[kSquares] += v_.squares[2 * block];
      sums[kClampedSquares] += v_.squares[2 * block + 1];
    }
  }

  BERNOULLI_HOST_DEVICE static bool is_finite(double x) { return x - x == 0; }

  BERNOULLI_HOST_DEVICE void decide(const double* sums, double largest) const {
    State& state = *v_.state;
    Record& record = v_.records[state.cursor];
    record.loss_sum = sums[kLoss];
    record.gradient_norm = std::sqrt(sums[kSquares]);
    record.max_abs_logit = largest;
    record.saturated = static_cast<int64_t>(sums[kSaturated]);
    record.wrong_and_dead = static_cast<int64_t>(sums[kDead]);
    record.outcome = Outcome::kDone;
    if (!is_finite(record.loss_sum)) {
      record.outcome = Outcome::kLossNotFinite;
    } else if (!(sums[kSquares] <= kLargestFloat)) {  // NaN is not either
      record.outcome = Outcome::kGradientNotFinite;
    }
    state.applying = -1;
    ++state.stamp;  // of one that is refused too: its gradient is not the next one's
    if (record.outcome != Outcome::kDone) {
      state.refused = 1;
      return;
    }
    state.clip = 1;
    if (v_.clip_norm != 0) {
      const double norm = v_.clip_value != 0 ? std::sqrt(sums[kClampedSquares]) : record.gradient_norm;
      const double by = v_.clip_norm / (norm + 1e-6);  // torch.nn.utils.clip_grad_norm_
      if (by < 1) state.clip = static_cast<float>(by);
    }
    state.applying = state.cursor++;
  }

  View v_;
};

/// The update itself, of every row of the table: rows that were not read have no gradient, not a zero one to
/// be read.
class ApplyBody {
 public:
  explicit ApplyBody(const View& view) : v_(view) {}
  BERNOULLI_HOST_DEVICE int64_t phases() const { return 1; }
  BERNOULLI_HOST_DEVICE void run(int64_t, const Place& place, void*) const {
    const State& state = *v_.state;
    if (state.applying < 0) return;
    const kernels::UpdateConstants& constants = v_.updates[state.applying].constants;
    const int64_t embedding = v_.num_rows * v_.dim;
    for (int64_t i = place.first(); i < embedding + v_.head_size; i += place.all()) {
      if (i < embedding) {
        const bool touched = v_.stamp[row_column(i, v_.dim).row] == state.stamp - 1;
        if (!touched && v_.rests) continue;
        apply(v_.rule, constants, v_.embedding, i, touched, touched ? v_.gradient[i] : 0.0f, state.clip);
      } else {
        const int64_t number = i - embedding;
        const HeadPart* part = v_.parts + v_.num_parts - 1;
        while (part->begin > number) --part;
        apply(part->rule, constants, v_.head, number, true, v_.head_gradient[number], state.clip);
      }
    }
  }

 private:
  BERNOULLI_HOST_DEVICE void apply(const kernels::UpdateRule& rule, const kernels::UpdateConstants& constants,
                                   const Tables& tables, int64_t at, bool has_gradient, float g,
                                   float clip) const {
    g = CombineBody::clamped(v_, g);
    if (clip < 1) g = g * clip;
    kernels::Number number;
    number.w = tables.w[at];
    if (tables.s0 != nullptr) number.s0 = tables.s0[at];
    if (tables.s1 != nullptr) number.s1 = tables.s1[at];
    kernels::update_number(rule, constants, has_gradient, g, number);
    tables.w[at] = number.w;
    if (tables.s0 != nullptr) tables.s0[at] = number.s0;
    if (tables.s1 != nullptr) tables.s1[at] = number.s1;
  }

  View v_;
};

}  // namespace bernoulli::card
