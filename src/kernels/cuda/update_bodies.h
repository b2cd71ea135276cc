#pragma once

#include "kernels/cuda/numbers.h"

namespace bernoulli::card {

/// The updates [from, to) of the run without gradient, of W numbers of the embedding.
template <int W>
BERNOULLI_HOST_DEVICE inline void replay(const View& v, int64_t at, int64_t from, int64_t to) {
  if (from >= to) return;
  Numbers<W> n = Numbers<W>::read(v.embedding, at);
  for (; from < to; ++from) n.update(v.rule, v.updates[from].constants, false, Features<W>());
  n.write(v.embedding, at);
}

/// Calls `each` with the rows that the update reads, once each, and where the thread's W numbers of them
/// begin.
template <int W, class Each>
BERNOULLI_HOST_DEVICE inline void each_row_read(const View& v, const Place& place, int64_t number,
                                                const Each& each) {
  const Span span = v.turn->update.readings;
  const int64_t columns = columns_of<W>(v);
  for (int64_t i = place.first(); i < (span.end - span.begin) * columns; i += place.all()) {
    const RowColumn item = row_column(i, columns);
    const int64_t at = span.begin + item.row;
    if (!opens_row(v, span, at)) continue;
    const int64_t row = row_of(v, number, at);
    each(row, row * v.dim + item.column * W);
  }
}

/// Deferred: rows that the update reads get the steps that they missed. GradientsBody notes it.
template <int W>
class CatchUpBody : public Plain {
 public:
  static constexpr const char* kName = "catch up";
  explicit CatchUpBody(const View& view) : v_(view) {}
  BERNOULLI_HOST_DEVICE int phases() const { return 1; }
  BERNOULLI_HOST_DEVICE void run(int, const Place& place, Own&, void*) const {
    const Turn::Head head = v_.turn->head;
    if (!head.is_there()) return;
    const int64_t number = head.number;
    each_row_read<W>(v_, place, number,
                     [&](int64_t row, int64_t begin) { replay<W>(v_, begin, v_.stamp[row], number); });
  }

 private:
  View v_;
};

/// Deferred, at the end of a run: every row gets the steps that it missed.
template <int W>
class SettleBody : public Plain {
 public:
  static constexpr const char* kName = "settle";
  explicit SettleBody(const View& view) : v_(view) {}
  BERNOULLI_HOST_DEVICE int phases() const { return 1; }
  BERNOULLI_HOST_DEVICE void run(int, const Place& place, Own&, void*) const {
    const int64_t done = v_.state->done;
    const int64_t columns = columns_of<W>(v_);
    for (int64_t i = place.first(); i < v_.num_rows * columns; i += place.all()) {
      const int64_t stamp = v_.stamp[row_column(i, columns).row];
      replay<W>(v_, i * W, stamp < done ? stamp : done, done);  // a refused update read rows, too
    }
  }

 private:
  View v_;
};

/// The update itself where it is not GradientsBody's: of every row of the table (dense; a row that was not
/// read has no gradient, not a zero one), or of those that it read; and of the head.
template <int W>
class ApplyBody {
 public:
  static constexpr const char* kName = "apply";
  static constexpr bool kLooks = true;
  static constexpr bool kBlocksWait = false;
  static constexpr int kResident = 3;
  static constexpr int64_t kSharedBytes = sizeof(Turn);
  explicit ApplyBody(const View& view) : v_(view) {}

  /// The first numbers of a thread, of embedding and head, which the gradient is awaited with.
  struct Own {
    int32_t number = -1;  ///< of the update; negative: there is none
    kernels::UpdateConstants constants;
    float clip = 1;
    Numbers<W> numbers;
    Numbers<1> of_head;
    kernels::UpdateRule rule;  ///< of of_head
  };
  BERNOULLI_HOST_DEVICE void look(const Place& place, void* shared) const {
    copy_together(static_cast<Turn*>(shared), v_.turn, 1, place.thread);
  }
  BERNOULLI_HOST_DEVICE Own prepare(const Place& place, void* shared) const {
    Own own;
    const Turn& turn = *static_cast<const Turn*>(shared);
    own.constants = turn.update.constants;
    const Turn::Head head = turn.head;
    if (!head.is_there()) return own;
    own.number = head.number;
    const int64_t first = place.first();
    if (!v_.deferred && first < v_.num_rows * columns_of<W>(v_))
      own.numbers = Numbers<W>::read(v_.embedding, first * W);
    if (first < v_.head_size) {
      own.of_head = Numbers<1>::read(v_.head, first);
      copy_fresh(&own.rule, &part_of(v_, first)->rule);
    }
    return own;
  }

  BERNOULLI_HOST_DEVICE int phases() const { return 1; }
  BERNOULLI_HOST_DEVICE void run(int, const Place& place, Own& own, void*) const {
    if (own.number < 0) return;
    own.clip = v_.state->clip;
    if (v_.deferred) {
      apply_read(own, place);
    } else {
      apply_all(own, place);
    }
    apply_head(own, place);
  }

 private:
  /// Whether the gradient was refused.
  BERNOULLI_HOST_DEVICE bool stops() const { return v_.next_turn->head.stopped != 0; }

  /// Every row. All that the first numbers of a thread need is asked for at once, needed or not.
  BERNOULLI_HOST_DEVICE void apply_all(const Own& own, const Place& place) const {
    const int64_t columns = columns_of<W>(v_), all = v_.num_rows * columns, first = place.first();
    if (first >= all) return;
    const int32_t first_stamp = v_.stamp[row_column(first, columns).row];
    const Features<W> first_g = load_fresh<W>(v_.gradient + first * W);
    if (stops()) return;
    apply(own, own.numbers, first * W, first_stamp == own.number + 1, first_g);
    for (int64_t i = first + place.all(); i < all; i += place.all()) {
      const Numbers<W> numbers = Numbers<W>::read(v_.embedding, i * W);
      const bool has_gradient = v_.stamp[row_column(i, columns).row] == own.number + 1;
      apply(own, numbers, i * W, has_gradient, has_gradient ? load<W>(v_.gradient + i * W) : Features<W>());
    }
  }
  /// The rows that the update read.
  BERNOULLI_HOST_DEVICE void apply_read(const Own& own, const Place& place) const {
    if (stops()) return;
    each_row_read<W>(v_, place, own.number, [&](int64_t, int64_t begin) {
      apply(own, Numbers<W>::read(v_.embedding, begin), begin, true, load<W>(v_.gradient + begin));
    });
  }
  BERNOULLI_HOST_DEVICE void apply_head(const Own& own, const Place& place) const {
    for (int64_t i = place.first(); i < v_.head_size; i += place.all()) {
      const float g = v_.head_gradient[i];
      if (stops()) return;
      Numbers<1> numbers = own.of_head;
      kernels::UpdateRule rule = own.rule;
      if (i != place.first()) {
        numbers = Numbers<1>::read(v_.head, i);
        rule = part_of(v_, i)->rule;
      }
      numbers.update(rule, own.constants, true, Features<1>{{scaled(own, g)}});
      numbers.write(v_.head, i);
    }
  }

  BERNOULLI_HOST_DEVICE float scaled(const Own& own, float g) const {
    g = clamped(v_, g);
    return own.clip < 1 ? g * own.clip : g;
  }
  BERNOULLI_HOST_DEVICE void apply(const Own& own, Numbers<W> numbers, int64_t begin, bool has_gradient,
                                   Features<W> g) const {
    for (int w = 0; w < W; ++w) g.v[w] = has_gradient ? scaled(own, g.v[w]) : 0.0f;
    numbers.update(v_.rule, own.constants, has_gradient, g);
    numbers.write(v_.embedding, begin);
  }

  View v_;
};

}  // namespace bernoulli::card
