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

/// A number of a parameter with what the optimizer keeps beside it, on its way through some updates.
class NumberAt {
 public:
  BERNOULLI_HOST_DEVICE NumberAt(const Tables& tables, int64_t at) : tables_(tables), at_(at) {
    number.w = tables.w[at];
    if (tables.s0 != nullptr) number.s0 = tables.s0[at];
    if (tables.s1 != nullptr) number.s1 = tables.s1[at];
  }
  BERNOULLI_HOST_DEVICE void store() const {
    tables_.w[at_] = number.w;
    if (tables_.s0 != nullptr) tables_.s0[at_] = number.s0;
    if (tables_.s1 != nullptr) tables_.s1[at_] = number.s1;
  }
  kernels::Number number;

 private:
  const Tables& tables_;
  int64_t at_;
};

/// The updates [from, to) of the run without gradient, of one number of the embedding.
BERNOULLI_HOST_DEVICE inline void replay(const View& v, int64_t at, int64_t from, int64_t to) {
  if (from >= to) return;
  NumberAt n(v.embedding, at);
  for (; from < to; ++from) kernels::update_number(v.rule, v.updates[from].constants, false, 0.0f, n.number);
  n.store();
}

/// Deferred: rows that the update reads get the steps that they missed. GradientsBody notes it.
class CatchUpBody {
 public:
  explicit CatchUpBody(const View& view) : v_(view) {}
  BERNOULLI_HOST_DEVICE int64_t phases() const { return 1; }
  BERNOULLI_HOST_DEVICE void run(int64_t, const Place& place, void*) const {
    const Update* const update = current(v_);
    if (update == nullptr) return;
    const Span span = occurrences_of(v_, *update);
    for (int64_t i = place.first(); i < (span.end - span.begin) * v_.dim; i += place.all()) {
      const RowColumn item = row_column(i, v_.dim);
      const int64_t at = span.begin + item.row;
      if (at > span.begin && v_.keys[at] == v_.keys[at - 1]) continue;
      const int64_t row = row_of(v_, v_.state->cursor, at);
      replay(v_, row * v_.dim + item.column, v_.stamp[row], v_.state->cursor);
    }
  }

 private:
  View v_;
};

/// Deferred, at the end of a run: every row gets the steps that it missed.
class SettleBody {
 public:
  explicit SettleBody(const View& view) : v_(view) {}
  BERNOULLI_HOST_DEVICE int64_t phases() const { return 1; }
  BERNOULLI_HOST_DEVICE void run(int64_t, const Place& place, void*) const {
    const int64_t done = v_.state->cursor;  // those that were made
    for (int64_t i = place.first(); i < v_.num_rows * v_.dim; i += place.all()) {
      const int64_t stamp = v_.stamp[row_column(i, v_.dim).row];
      replay(v_, i, stamp < done ? stamp : done, done);  // a refused update read rows, too
    }
  }

 private:
  View v_;
};

/// The update itself: of every row of the table (dense; a row that was not read has no gradient, not a zero
/// one), or of those that it read.
class ApplyBody {
 public:
  explicit ApplyBody(const View& view) : v_(view) {}
  BERNOULLI_HOST_DEVICE int64_t phases() const { return 1; }
  BERNOULLI_HOST_DEVICE void run(int64_t, const Place& place, void*) const {
    const int64_t applying = v_.state->applying;
    if (applying < 0) return;
    const Span span = occurrences_of(v_, v_.updates[applying]);
    const int64_t embedding = (v_.deferred ? span.end - span.begin : v_.num_rows) * v_.dim;
    for (int64_t i = place.first(); i < embedding + v_.head_size; i += place.all()) {
      if (i >= embedding) {
        apply_head(i - embedding);
      } else if (v_.deferred) {
        const RowColumn item = row_column(i, v_.dim);
        const int64_t at = span.begin + item.row;
        if (at > span.begin && v_.keys[at] == v_.keys[at - 1]) continue;
        apply(v_.rule, v_.embedding, row_of(v_, applying, at) * v_.dim + item.column, true, v_.gradient);
      } else {
        apply(v_.rule, v_.embedding, i, v_.stamp[row_column(i, v_.dim).row] == applying + 1, v_.gradient);
      }
    }
  }

 private:
  BERNOULLI_HOST_DEVICE void apply_head(int64_t number) const {
    const HeadPart* part = v_.parts + v_.num_parts - 1;
    while (part->begin > number) --part;
    apply(part->rule, v_.head, number, true, v_.head_gradient);
  }
  BERNOULLI_HOST_DEVICE void apply(const kernels::UpdateRule& rule, const Tables& tables, int64_t at,
                                   bool has_gradient, const float* gradient) const {
    float g = has_gradient ? CombineBody::clamped(v_, gradient[at]) : 0.0f;
    if (v_.state->clip < 1) g = g * v_.state->clip;
    NumberAt n(tables, at);
    kernels::update_number(rule, v_.updates[v_.state->applying].constants, has_gradient, g, n.number);
    n.store();
  }

  View v_;
};

}  // namespace bernoulli::card
