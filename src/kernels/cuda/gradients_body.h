#pragma once

#include <cmath>

#include "kernels/cuda/cross_block.h"
#include "kernels/cuda/view.h"

namespace bernoulli::card {

/// The gradient of an update as sums in an order that does not depend on which thread is first: no atomics on
/// floats. The occurrences of the update are sorted by row. A block takes a chunk of them, its groups of
/// threads a part of the chunk each, and a thread W features:
/// 1. each group sums its part, row by row;
/// 2. a row that fills groups is summed over them by a segmented scan;
/// 3. a row that goes on behind the chunk is carried: the block where it ends adds the sums of those before.
/// Blocks behind those sum the numbers of the head over the examples. The last block of all to finish sums
/// what the update saw, decides whether its gradient may be applied, and moves the cursor.
template <int W>
class GradientsBody {
 public:
  static constexpr const char* kName = "gradients";
  static constexpr bool kBlocksWait = true;
  static constexpr int kBatch = 4;  ///< readings that a thread asks for before it adds the first

  explicit GradientsBody(const View& view) : v_(view) {
    for (int64_t d = 1; d < v_.groups; d *= 2) ++levels_;
  }

  /// Bytes of a block's own memory.
  static int64_t shared_bytes(const View& v) {
    return static_cast<int64_t>(sizeof(Fixed)) +
           2 * (v.groups * v.group_items + 2) * static_cast<int64_t>(sizeof(uint32_t));
  }

  struct Own {
    const Update* update = nullptr;
    int64_t cursor = 0;
    // A block of the embedding.
    int32_t chunk = 0;
    int32_t count = 0;      ///< occurrences of the chunk
    int32_t group = 0;      ///< without work: at least v.groups
    int32_t feature = 0;    ///< the first of W
    int32_t head_end = -1;  ///< the last occurrence of `head` in the chunk; negative: there is none
    Features<W> sum;        ///< of the row that is not complete where the group ends
    Features<W> head;       ///< of the row that began before the group and ends in it
    // A block of the head.
    int64_t number = -1;  ///< negative: none
    int32_t part = 0;
    // Both.
    double raw = 0;  ///< sum of the squares that this thread completed
    double clamped = 0;
  };

  BERNOULLI_HOST_DEVICE Own prepare(const Place& place, void* shared) const {
    Own own;
    own.update = current(v_);
    if (own.update == nullptr) return own;
    own.cursor = own.update - v_.updates;
    if (place.block < v_.embedding_blocks) {
      prepare_chunk(place, own, memory(shared));
    } else {
      prepare_numbers(place, own);
    }
    return own;
  }

  BERNOULLI_HOST_DEVICE int64_t phases() const { return kAfterScan + levels_; }

  BERNOULLI_HOST_DEVICE void run(int64_t phase, const Place& place, Own& own, void* shared) const {
    if (own.update == nullptr) {  // a refused update, or none is left: nothing may be applied
      if (phase == 0 && place.first() == 0) v_.state->applying = -1;
      return;
    }
    const Memory m = memory(shared);
    const bool is_chunk = place.block < v_.embedding_blocks;
    if (phase == 0) return is_chunk ? sum_group(own, m) : sum_number(place, own, m);
    if (phase <= levels_) return is_chunk ? scan(phase - 1, own, m) : void();
    switch (phase - levels_) {
      case kCarry:
        return is_chunk ? carry(own, m) : void();
      case kWait:
        return is_chunk ? publish_and_wait(place, own, m) : void();
      case kFinish:
        return is_chunk ? finish_head(own, m) : finish_number(place, own, m);
      case kLeaveSquares:
        return leave_squares(place, own, m);
      case kFoldSquares:
        return fold(2, place.thread, m);
      case kArrive:
        return leave_block(place, m);
      case kObserve:
        return m.fixed->is_last ? observe(place, own, m) : void();
      case kFoldSeen:
        return m.fixed->is_last ? fold(kSums, place.thread, m) : void();
      default:
        if (m.fixed->is_last && place.thread == 0) decide(own, m);
    }
  }

 private:
  enum Phase : int {
    kCarry = 1,
    kWait,
    kFinish,
    kLeaveSquares,
    kFoldSquares,
    kArrive,
    kObserve,
    kFoldSeen,
    kDecide,
    kAfterScan
  };
  enum Sum : int { kSquares, kClampedSquares, kLoss, kSaturated, kDead, kLargest, kSums };
  /// Squares that float32, in which the other engines sum them, does not hold are refused as there.
  static constexpr double kLargestFloat = 3.40282346638528859812e38;
  static constexpr int kParts = kThreads / kFold;

  struct Fixed {
    union {
      Features<W> groups[2][kThreads];  ///< scan: by thread
      float numbers[kThreads];          ///< of the head: by thread
      double sums[kSums][kThreads];
    };
    int64_t first_chunk;  ///< where the row that goes on into this chunk began
    bool is_last;
    BERNOULLI_HOST_DEVICE Fixed() {}
  };
  struct Memory {
    Fixed* fixed;
    uint32_t* keys;         ///< of the chunk; keys[-1] and keys[count] are the neighbours, kNoKey where none
    uint32_t* occurrences;  ///< of the chunk
  };

  BERNOULLI_HOST_DEVICE int64_t items() const { return v_.groups * v_.group_items; }
  BERNOULLI_HOST_DEVICE Memory memory(void* shared) const {
    auto* const fixed = static_cast<Fixed*>(shared);
    auto* const keys = reinterpret_cast<uint32_t*>(fixed + 1) + 1;
    return {fixed, keys, keys + items() + 1};
  }

  // The embedding.

  BERNOULLI_HOST_DEVICE void prepare_chunk(const Place& place, Own& own, const Memory& m) const {
    const RowColumn at = row_column(place.block, v_.tiles);
    own.chunk = static_cast<int32_t>(at.row);
    const RowColumn thread = row_column(place.thread, threads_of_group());
    const int64_t column = at.column * kThreads + thread.column;
    own.group = static_cast<int32_t>(column < columns_of<W>(v_) ? thread.row : v_.groups);
    own.feature = static_cast<int32_t>(column * W);

    const Span span = occurrences_of(v_, *own.update);
    const int64_t begin = span.begin + own.chunk * items();
    const int64_t left = span.end - begin;
    own.count = static_cast<int32_t>(left < 0 ? 0 : left < items() ? left : items());
    for (int64_t i = place.thread - 1; i <= own.count; i += kThreads) {
      const int64_t from = begin + i;
      const bool is_there = from >= span.begin && from < span.end;
      m.keys[i] = is_there ? v_.keys[from] : kNoKey;
      if (i >= 0 && i < own.count) m.occurrences[i] = v_.occurrences[from];
    }
    if (own.chunk == 0 || own.count == 0 || v_.keys[begin - 1] != v_.keys[begin]) return;
    const uint32_t key = v_.keys[begin];
    for (int64_t c = own.chunk - 1 - place.thread; c >= 0; c -= kThreads) {
      if (ends_with(span, c, key) && (c == 0 || !ends_with(span, c - 1, key))) m.fixed->first_chunk = c;
    }
  }
  BERNOULLI_HOST_DEVICE bool ends_with(const Span& span, int64_t chunk, uint32_t key) const {
    return v_.keys[span.begin + (chunk + 1) * items() - 1] == key;
  }

  BERNOULLI_HOST_DEVICE int32_t group_end(const Own& own, int32_t group) const {
    const int32_t end = (group + 1) * v_.group_items;
    return end < own.count ? end : own.count;
  }
  /// Whether the thread has work; the key of its group's last occurrence is then keys[group_end - 1].
  BERNOULLI_HOST_DEVICE bool has_items(const Own& own) const {
    return own.group < v_.groups && own.group * v_.group_items < own.count;
  }
  BERNOULLI_HOST_DEVICE int64_t threads_of_group() const {
    return columns_of<W>(v_) < kThreads ? columns_of<W>(v_) : kThreads;
  }

  BERNOULLI_HOST_DEVICE Features<W> contribution(const Own& own, uint32_t o) const {
    const Occurrence at = unpacked(v_, o);
    const ExampleState e = v_.places[at.example];
    Features<W> g = load<W>(v_.pooled_gradient + at.example * v_.dim + own.feature);
    const kernels::DropoutDraws draws{e.key0, e.key1, v_.token_threshold};
    if (at.position >= e.count) {
      for (int w = 0; w < W; ++w) {
        const float pads = draws.threshold == 0
                               ? static_cast<float>(e.pads)
                               : kernels::kept_pads(draws, v_.binomial, e.pads, own.feature + w);
        g.v[w] = pads * e.pad_weight * g.v[w];
      }
      return g;
    }
    int64_t position = at.position;  // among the tokens that word dropout left
    if (v_.ranks != nullptr) {
      const int64_t* const begin = v_.occurrence_begin + own.update->first;
      position = v_.ranks[begin[at.example] - begin[0] + position];
      if (position < 0) return Features<W>();
    }
    if (draws.threshold == 0) return g;
    uint32_t words[W];
    draw_pair(draws, e.kept, position, own.feature, words);
    for (int w = 0; w < W; ++w) {
      if (kernels::half_of(words[w], position) >= draws.threshold) g.v[w] = 0;
    }
    return g;
  }

  BERNOULLI_HOST_DEVICE void sum_group(Own& own, const Memory& m) const {
    if (!has_items(own)) return;
    const int32_t begin = own.group * v_.group_items, end = group_end(own, own.group);
    bool began_before = m.keys[begin - 1] == m.keys[begin];
    for (int32_t i = begin; i < end; i += kBatch) {
      Features<W> x[kBatch];
      for (int j = 0; j < kBatch; ++j) {
        if (i + j < end) x[j] = contribution(own, m.occurrences[i + j]);
      }
      for (int j = 0; j < kBatch; ++j) {
        if (i + j >= end) break;
        add(own.sum, x[j]);
        if (m.keys[i + j] == m.keys[i + j + 1]) continue;
        if (began_before) {
          own.head = own.sum;
          own.head_end = i + j;
        } else {
          finish_row(own, m.keys[i + j], own.sum);
        }
        began_before = false;
        own.sum = Features<W>();
      }
    }
    if (levels_ > 0) scanned(m, 0, own, own.group) = own.sum;
  }

  /// What stands after `level` levels of the scan, by group.
  BERNOULLI_HOST_DEVICE Features<W>& scanned(const Memory& m, int64_t level, const Own& own,
                                             int64_t group) const {
    return m.fixed->groups[level % 2][group * threads_of_group() + own.feature / W % kThreads];
  }

  BERNOULLI_HOST_DEVICE void scan(int64_t level, Own& own, const Memory& m) const {
    if (!has_items(own)) return;
    const int32_t before = own.group - (1 << level);
    if (before >= 0 && m.keys[group_end(own, before) - 1] == m.keys[group_end(own, own.group) - 1]) {
      Features<W> sum = scanned(m, level, own, before);
      add(sum, own.sum);
      own.sum = sum;
    }
    scanned(m, level + 1, own, own.group) = own.sum;
  }

  BERNOULLI_HOST_DEVICE bool goes_on(const Own& own, const Memory& m) const {
    return own.count > 0 && m.keys[own.count - 1] == m.keys[own.count];
  }
  /// Whether a row began before the chunk and ends in it.
  BERNOULLI_HOST_DEVICE bool ends_here(const Own& own, const Memory& m) const {
    return own.count > 0 && m.keys[-1] == m.keys[0] && m.keys[0] != m.keys[own.count];
  }

  BERNOULLI_HOST_DEVICE void carry(const Own& own, const Memory& m) const {
    if (goes_on(own, m) && own.group == (own.count - 1) / v_.group_items)
      store(v_.carry + int64_t{own.chunk} * v_.dim + own.feature, own.sum);
  }

  BERNOULLI_HOST_DEVICE void publish_and_wait(const Place& place, const Own& own, const Memory& m) const {
    const auto now = static_cast<uint32_t>(own.cursor) + 1;
    if (place.thread == 0 && goes_on(own, m)) publish(v_.carried + place.block, now);
    if (!ends_here(own, m)) return;
    const int64_t tile = place.block - own.chunk * v_.tiles;
    for (int64_t c = m.fixed->first_chunk + place.thread; c < own.chunk; c += kThreads)
      await(v_.carried + c * v_.tiles + tile, now);
  }

  /// The row that began before the group.
  BERNOULLI_HOST_DEVICE void finish_head(Own& own, const Memory& m) const {
    if (own.head_end < 0) return;
    const uint32_t key = m.keys[own.head_end];
    Features<W> sum;
    if (key == m.keys[0] && key == m.keys[-1]) {
      for (int64_t c = m.fixed->first_chunk; c < own.chunk; ++c) {
        for (int w = 0; w < W; ++w) sum.v[w] += read_fresh(v_.carry + c * v_.dim + own.feature + w);
      }
    }
    if (own.group > 0) add(sum, scanned(m, levels_, own, own.group - 1));
    add(sum, own.head);
    finish_row(own, key, sum);
  }

  BERNOULLI_HOST_DEVICE void finish_row(Own& own, uint32_t key, const Features<W>& g) const {
    const int64_t row = static_cast<int64_t>(key) - own.cursor * v_.num_rows;
    store(v_.gradient + row * v_.dim + own.feature, g);
    if (own.feature == 0) v_.stamp[row] = static_cast<int32_t>(own.cursor) + 1;
    for (int w = 0; w < W; ++w) add_square(own, g.v[w], 0);
  }

  BERNOULLI_HOST_DEVICE void add_square(Own& own, float g, int64_t parameter) const {
    const auto raw = static_cast<double>(g), cut = static_cast<double>(clamped(v_, g));
    own.raw += raw * raw;
    own.clamped += cut * cut;
    if (!(g - g == 0)) v_.not_finite[parameter] = 1;  // whoever comes writes the same
  }

  // The head.

  BERNOULLI_HOST_DEVICE void prepare_numbers(const Place& place, Own& own) const {
    const int64_t number = (place.block - v_.embedding_blocks) * v_.head_tile + place.thread % v_.head_tile;
    if (number >= v_.head_size) return;
    own.number = number;
    own.part = static_cast<int32_t>(v_.num_parts) - 1;
    while (v_.parts[own.part].begin > number) --own.part;
  }

  /// This thread's share of the examples.
  BERNOULLI_HOST_DEVICE void sum_number(const Place& place, Own& own, const Memory& m) const {
    if (own.number < 0) return;
    const HeadPart& part = v_.parts[own.part];
    const RowColumn at = row_column(own.number - part.begin, part.columns);
    const float* const dy = v_.slopes + part.output + (part.is_bias ? at.column : at.row);
    const float* const x = v_.values + part.input + at.column;
    const int64_t shares = kThreads / v_.head_tile, share = place.thread / v_.head_tile;
    const int64_t end = own.update->size * (share + 1) / shares;
    float sum = 0;
    for (int64_t e = own.update->size * share / shares; e < end; ++e)
      sum += part.is_bias ? dy[e * v_.width] : dy[e * v_.width] * x[e * v_.width];
    m.fixed->numbers[place.thread] = sum;
  }

  BERNOULLI_HOST_DEVICE void finish_number(const Place& place, Own& own, const Memory& m) const {
    if (own.number < 0 || place.thread >= v_.head_tile) return;
    float sum = m.fixed->numbers[place.thread];
    for (int64_t other = place.thread + v_.head_tile; other < kThreads; other += v_.head_tile)
      sum += m.fixed->numbers[other];
    v_.head_gradient[own.number] = sum;
    add_square(own, sum, own.part + 1);
  }

  // What the update saw.

  BERNOULLI_HOST_DEVICE void leave_squares(const Place& place, const Own& own, const Memory& m) const {
    m.fixed->sums[kSquares][place.thread] = own.raw;
    m.fixed->sums[kClampedSquares][place.thread] = own.clamped;
  }

  /// Of each of `count` sums, sixteen threads' become one, in the place of the first.
  BERNOULLI_HOST_DEVICE void fold(int count, int64_t thread, const Memory& m) const {
    if (thread < count * kParts) fold_from(thread / kParts, thread % kParts * kFold, 1, m);
  }
  BERNOULLI_HOST_DEVICE double fold_from(int64_t sum, int64_t first, int apart, const Memory& m) const {
    double* const to = m.fixed->sums[sum] + first;
    double all = *to;
    for (int i = 1; i < kFold; ++i) {
      const double next = to[i * apart];
      all = sum != kLargest ? all + next : next > all ? next : all;
    }
    return *to = all;
  }

  BERNOULLI_HOST_DEVICE void leave_block(const Place& place, const Memory& m) const {
    if (place.thread != 0) return;
    v_.squares[2 * place.block] = fold_from(kSquares, 0, kFold, m);
    v_.squares[2 * place.block + 1] = fold_from(kClampedSquares, 0, kFold, m);
    m.fixed->is_last = arrive(&v_.state->arrived) + 1 == static_cast<uint32_t>(place.num_blocks);
  }

  BERNOULLI_HOST_DEVICE void observe(const Place& place, const Own& own, const Memory& m) const {
    Seen seen;
    for (int64_t e = place.thread; e < own.update->size; e += kThreads) add(seen, v_.seen[e]);
    double raw = 0, cut = 0;
    for (int64_t block = place.thread; block < place.num_blocks; block += kThreads) {
      raw += read_fresh(v_.squares + 2 * block);
      cut += read_fresh(v_.squares + 2 * block + 1);
    }
    const double sums[kSums] = {raw,
                                cut,
                                seen.loss,
                                static_cast<double>(seen.saturated),
                                static_cast<double>(seen.wrong_and_dead),
                                static_cast<double>(seen.max_abs_logit)};
    for (int i = 0; i < kSums; ++i) m.fixed->sums[i][place.thread] = sums[i];
  }

  BERNOULLI_HOST_DEVICE static bool is_finite(double x) { return x - x == 0; }

  BERNOULLI_HOST_DEVICE void decide(const Own& own, const Memory& m) const {
    State& state = *v_.state;
    state.arrived = 0;
    const double squares = fold_from(kSquares, 0, kFold, m);
    const double clamped_squares = fold_from(kClampedSquares, 0, kFold, m);
    Record& record = v_.records[own.cursor];
    record.loss_sum = fold_from(kLoss, 0, kFold, m);
    record.gradient_norm = std::sqrt(squares);
    record.max_abs_logit = fold_from(kLargest, 0, kFold, m);
    record.saturated = static_cast<int64_t>(fold_from(kSaturated, 0, kFold, m));
    record.wrong_and_dead = static_cast<int64_t>(fold_from(kDead, 0, kFold, m));
    record.outcome = Outcome::kDone;
    if (!is_finite(record.loss_sum)) {
      record.outcome = Outcome::kLossNotFinite;
    } else if (!(squares <= kLargestFloat)) {  // NaN is not either
      record.outcome = Outcome::kGradientNotFinite;
    }
    state.applying = -1;
    if (record.outcome != Outcome::kDone) {
      state.refused = 1;
      return;
    }
    state.clip = 1;
    if (v_.clip_norm != 0) {
      const double norm = v_.clip_value != 0 ? std::sqrt(clamped_squares) : record.gradient_norm;
      const double by = v_.clip_norm / (norm + 1e-6);  // torch.nn.utils.clip_grad_norm_
      if (by < 1) state.clip = static_cast<float>(by);
    }
    state.constants = own.update->constants;
    state.applying = own.cursor;
    state.cursor = own.cursor + 1;
  }

  View v_;
  int64_t levels_ = 0;
};

}  // namespace bernoulli::card
