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
/// Blocks before those sum the numbers of the head over the examples. The last block of all to finish sums
/// what the update saw, decides whether its gradient may be applied, and moves the cursor.
template <int W>
class GradientsBody {
 public:
  static constexpr const char* kName = "gradients";
  static constexpr bool kBlocksWait = true;
  static constexpr int kResident = 3;
  static constexpr int kBatch = 2;  ///< readings that a thread asks for before it adds the first

  explicit GradientsBody(const View& view) : v_(view) {
    for (int64_t span = 1; span < v_.groups; span *= kWays) ++levels_;
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
    int64_t number = -1;   ///< negative: none
    int32_t part = 0;      ///< that the number is of
    int64_t dy = 0;        ///< of the first example, in View::slopes
    int64_t x = 0;         ///< of the first example, in View::values
    bool is_bias = false;  ///< no x counts
    // Both.
    double raw = 0;  ///< sum of the squares that this thread completed
    double clamped = 0;
  };

  BERNOULLI_HOST_DEVICE Own prepare(const Place& place, void* shared) const {
    Own own;
    own.update = current(v_);
    if (own.update == nullptr) return own;
    own.cursor = own.update - v_.updates;
    if (place.block < v_.head_blocks) {
      prepare_number(place, own);
    } else {
      prepare_chunk(place, own, memory(shared));
    }
    return own;
  }

  BERNOULLI_HOST_DEVICE int phases() const { return kAfterScan + levels_; }

  BERNOULLI_HOST_DEVICE void run(int phase, const Place& place, Own& own, void* shared) const {
    if (own.update == nullptr) {  // a refused update, or none is left: nothing may be applied
      if (phase == 0 && place.first() == 0) v_.state->applying = -1;
      return;
    }
    const Memory m = memory(shared);
    const auto thread = static_cast<int>(place.thread);
    const bool is_chunk = place.block >= v_.head_blocks;
    if (phase == 0) return is_chunk ? sum_group(own, m) : sum_number(thread, own, m);
    if (phase <= levels_) return is_chunk ? scan(phase - 1, own, m) : void();
    switch (phase - levels_) {
      case kCarry:
        return is_chunk ? carry(own, m) : void();
      case kWait:
        return is_chunk ? publish_and_wait(place, own, m) : void();
      case kFinish:
        return is_chunk ? finish_head(own, m) : finish_number(thread, own, m);
      case kLeaveSquares:
        return leave_squares(thread, own, m);
      case kFoldSquares:
        return fold(2, thread, m);
      case kSumSquares:
        return sum_squares(place, m);
      case kArrive:
        return thread == 0 ? arrive_last(place, m) : void();
      case kObserve:
        return m.fixed->is_last ? observe(place, own, m) : void();
      case kFoldSeen:
        return m.fixed->is_last ? fold(kSums, thread, m) : void();
      case kSumSeen:
        return m.fixed->is_last && thread < kSums ? fold_from(thread, 0, kFold, m) : void();
      default:
        if (m.fixed->is_last && thread == 0) decide(own, m);
    }
  }

 private:
  enum Phase : int {
    kCarry = 1,
    kWait,
    kFinish,
    kLeaveSquares,
    kFoldSquares,
    kSumSquares,
    kArrive,
    kObserve,
    kFoldSeen,
    kSumSeen,
    kDecide,
    kAfterScan
  };
  enum Sum : int { kSquares, kClampedSquares, kLoss, kSaturated, kDead, kLargest, kSums };
  /// Squares that float32, in which the other engines sum them, does not hold are refused as there.
  static constexpr double kLargestFloat = 3.40282346638528859812e38;
  static constexpr int kParts = kThreads / kFold;
  static constexpr int kWays = 4;  ///< sums that a level of the scan puts together

  struct Fixed {
    union {
      Features<W> groups[2][kThreads];  ///< scan: by thread
      float numbers[kThreads];          ///< of the head: by thread
      double sums[kSums][kThreads];
    };
    int64_t first_chunk;  ///< where the row that goes on into this chunk began
    bool is_last;
    kernels::UpdateConstants constants;
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
    const RowColumn at = row_column(place.block - v_.head_blocks, v_.tiles);
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
      m.keys[i] = is_there ? read_fresh(v_.keys + from) : kNoKey;
      if (i >= 0 && i < own.count) m.occurrences[i] = read_fresh(v_.occurrences + from);
    }
    if (own.chunk == 0 || own.count == 0) return;
    const uint32_t key = read_fresh(v_.keys + begin);
    for (int64_t c = own.chunk - 1 - place.thread; c >= 0 && ends_with(span, c, key); c -= kThreads) {
      if (c == 0 || !ends_with(span, c - 1, key)) m.fixed->first_chunk = c;
    }
  }
  BERNOULLI_HOST_DEVICE bool ends_with(const Span& span, int64_t chunk, uint32_t key) const {
    return read_fresh(v_.keys + span.begin + (chunk + 1) * items() - 1) == key;
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

  /// A reading on its way: what was asked for first, and what of it is left by dropout.
  struct Contribution {
    Features<W> g;
    ExampleDraws draws;
    int64_t position;  ///< among the tokens that word dropout left; negative: it was taken out
  };
  BERNOULLI_HOST_DEVICE Contribution ask_for(const Own& own, uint32_t o) const {
    const Occurrence at = unpacked(v_, o);
    const bool is_pad = at.position == no_position(v_);
    const float* const from = is_pad ? v_.pad_gradient : v_.pooled_gradient;
    Contribution r;
    r.g = load<W>(from + at.example * v_.dim + own.feature);
    r.position = at.position;
    if (v_.token_threshold != 0) r.draws = v_.draws[at.example];
    if (v_.ranks != nullptr && !is_pad) {
      const int64_t* const begin = v_.occurrence_begin + own.update->first;
      r.position = v_.ranks[begin[at.example] - begin[0] + at.position];
    }
    return r;
  }
  BERNOULLI_HOST_DEVICE void drop(const Own& own, Contribution& r) const {
    if (r.position == no_position(v_)) return;
    if (r.position < 0) r.g = Features<W>();
    if (v_.token_threshold == 0 || r.position < 0) return;
    uint32_t words[W];
    draw_pair({r.draws.key0, r.draws.key1, v_.token_threshold}, r.draws.kept, r.position, own.feature, words);
    for (int w = 0; w < W; ++w) {
      if (kernels::half_of(words[w], r.position) >= v_.token_threshold) r.g.v[w] = 0;
    }
  }

  BERNOULLI_HOST_DEVICE void sum_group(Own& own, const Memory& m) const {
    if (!has_items(own)) return;
    const int32_t begin = own.group * v_.group_items, end = group_end(own, own.group);
    bool began_before = m.keys[begin - 1] == m.keys[begin];
    for (int32_t i = begin; i < end; i += kBatch) {
      Contribution asked[kBatch];
      for (int j = 0; j < kBatch; ++j) asked[j] = ask_for(own, m.occurrences[i + j < end ? i + j : i]);
      for (int j = 0; j < kBatch; ++j) {
        if (i + j >= end) break;
        drop(own, asked[j]);
        add(own.sum, asked[j].g);
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
  BERNOULLI_HOST_DEVICE Features<W>& scanned(const Memory& m, int level, const Own& own,
                                             int32_t group) const {
    return m.fixed->groups[level % 2][group * threads_of_group() + own.feature / W % kThreads];
  }

  /// The sums of four neighbours become one where the last row of each is the same.
  BERNOULLI_HOST_DEVICE void scan(int level, Own& own, const Memory& m) const {
    if (!has_items(own)) return;
    const int32_t apart = 1 << (2 * level);
    const uint32_t key = m.keys[group_end(own, own.group) - 1];
    Features<W> sum;
    for (int i = kWays - 1; i > 0; --i) {
      const int32_t before = own.group - i * apart;
      if (before >= 0 && m.keys[group_end(own, before) - 1] == key) add(sum, scanned(m, level, own, before));
    }
    add(sum, own.sum);
    own.sum = sum;
    scanned(m, level + 1, own, own.group) = sum;
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
    const int64_t block = place.block - v_.head_blocks;
    if (place.thread == 0 && goes_on(own, m)) publish(v_.carried + block, now);
    if (!ends_here(own, m)) return;
    const int64_t tile = block - own.chunk * v_.tiles;
    for (int64_t c = m.fixed->first_chunk + place.thread; c < own.chunk; c += kThreads)
      await(v_.carried + c * v_.tiles + tile, now);
  }

  /// The row that began before the group.
  BERNOULLI_HOST_DEVICE void finish_head(Own& own, const Memory& m) const {
    if (own.head_end < 0) return;
    const uint32_t key = m.keys[own.head_end];
    Features<W> sum;
    if (key == m.keys[0] && key == m.keys[-1]) {
      for (int64_t c = m.fixed->first_chunk; c < own.chunk; ++c)
        add(sum, load_fresh<W>(v_.carry + c * v_.dim + own.feature));
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

  BERNOULLI_HOST_DEVICE void prepare_number(const Place& place, Own& own) const {
    const int64_t number = place.block * v_.head_tile + place.thread % v_.head_tile;
    if (number >= v_.head_size) return;
    own.number = number;
    const HeadPart& part = *part_of(v_, number);
    own.part = static_cast<int32_t>(&part - v_.parts);
    const RowColumn at = row_column(number - part.begin, part.columns);
    own.dy = part.output + (part.is_bias ? at.column : at.row);
    own.x = part.input + at.column;
    own.is_bias = part.is_bias;
  }

  /// This thread's share of the examples.
  BERNOULLI_HOST_DEVICE void sum_number(int thread, Own& own, const Memory& m) const {
    if (own.number < 0) return;
    const int64_t shares = kThreads / v_.head_tile, share = thread / v_.head_tile;
    const int64_t size = own.update->size, end = size * (share + 1) / shares;
    const float* const dy = v_.slopes + own.dy;
    const float* const x = v_.values + own.x;
    float sum = 0;
    if (own.is_bias) {
      for (int64_t e = size * share / shares; e < end; ++e) sum += dy[e * v_.width];
    } else {
      for (int64_t e = size * share / shares; e < end; ++e) sum += dy[e * v_.width] * x[e * v_.width];
    }
    m.fixed->numbers[thread] = sum;
  }

  BERNOULLI_HOST_DEVICE void finish_number(int thread, Own& own, const Memory& m) const {
    if (own.number < 0 || thread >= v_.head_tile) return;
    float sum = m.fixed->numbers[thread];
    for (int64_t other = thread + v_.head_tile; other < kThreads; other += v_.head_tile)
      sum += m.fixed->numbers[other];
    v_.head_gradient[own.number] = sum;
    add_square(own, sum, own.part + 1);
  }

  // What the update saw.

  BERNOULLI_HOST_DEVICE void leave_squares(int thread, const Own& own, const Memory& m) const {
    m.fixed->sums[kSquares][thread] = own.raw;
    m.fixed->sums[kClampedSquares][thread] = own.clamped;
  }

  /// Of each of `count` sums, sixteen threads' become one, in the place of the first.
  BERNOULLI_HOST_DEVICE void fold(int count, int thread, const Memory& m) const {
    if (thread < count * kParts) fold_from(thread / kParts, thread % kParts * kFold, 1, m);
  }
  BERNOULLI_HOST_DEVICE void fold_from(int sum, int first, int apart, const Memory& m) const {
    double* const to = m.fixed->sums[sum] + first;
    double all = *to;
    for (int i = 1; i < kFold; ++i) {
      const double next = to[i * apart];
      all = sum != kLargest ? all + next : next > all ? next : all;
    }
    *to = all;
  }

  BERNOULLI_HOST_DEVICE void sum_squares(const Place& place, const Memory& m) const {
    const auto sum = static_cast<int>(place.thread);
    if (sum > kClampedSquares) return;
    fold_from(sum, 0, kFold, m);
    v_.squares[2 * place.block + sum] = m.fixed->sums[sum][0];
  }

  BERNOULLI_HOST_DEVICE void arrive_last(const Place& place, const Memory& m) const {
    m.fixed->is_last = arrive(&v_.state->arrived) + 1 == static_cast<uint32_t>(place.num_blocks);
  }

  BERNOULLI_HOST_DEVICE void observe(const Place& place, const Own& own, const Memory& m) const {
    if (place.thread == 0) m.fixed->constants = own.update->constants;
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

  BERNOULLI_HOST_DEVICE static double total(Sum of, const Memory& m) { return m.fixed->sums[of][0]; }

  BERNOULLI_HOST_DEVICE void decide(const Own& own, const Memory& m) const {
    Record record;
    record.loss_sum = total(kLoss, m);
    record.gradient_norm = std::sqrt(total(kSquares, m));
    record.max_abs_logit = total(kLargest, m);
    record.saturated = static_cast<int64_t>(total(kSaturated, m));
    record.wrong_and_dead = static_cast<int64_t>(total(kDead, m));
    record.outcome = Outcome::kDone;
    if (!(record.loss_sum - record.loss_sum == 0)) {
      record.outcome = Outcome::kLossNotFinite;
    } else if (!(total(kSquares, m) <= kLargestFloat)) {  // NaN is not either
      record.outcome = Outcome::kGradientNotFinite;
    }
    const bool is_done = record.outcome == Outcome::kDone;
    float clip = 1;
    if (v_.clip_norm != 0) {
      const double norm = v_.clip_value != 0 ? std::sqrt(total(kClampedSquares, m)) : record.gradient_norm;
      const double by = v_.clip_norm / (norm + 1e-6);  // torch.nn.utils.clip_grad_norm_
      if (by < 1) clip = static_cast<float>(by);
    }
    State& state = *v_.state;
    state.arrived = 0;
    state.refused = is_done ? 0 : 1;
    state.applying = is_done ? own.cursor : -1;
    state.cursor = own.cursor + (is_done ? 1 : 0);
    state.clip = clip;
    state.constants = m.fixed->constants;
    v_.records[own.cursor] = record;
  }

  View v_;
  int levels_ = 0;
};

}  // namespace bernoulli::card
