#pragma once

#include "kernels/cuda/cross_block.h"
#include "kernels/cuda/numbers.h"
#include "kernels/cuda/update_summary.h"
#include "kernels/cuda/view.h"

namespace bernoulli::card {

/// The gradient of an update as sums in an order that does not depend on which thread is first: no atomics on
/// floats. The occurrences of the update are sorted by row. A block takes a chunk of them, its groups of
/// threads a part of the chunk each, and a thread W features:
/// 1. each group sums its part, row by row;
/// 2. a row that fills groups is summed over them by a segmented scan;
/// 3. a row that goes on behind the chunk is carried: the block where it ends adds the sums of those before.
/// Blocks before those sum the numbers of the head over the examples.
///
/// Who finishes a row or a number of the head applies the rule to it at once, and blocks behind those of the
/// embedding sweep the rows that the update does not read (kApplies). The tables that are written are not
/// those that are read, so whether the gradient is refused may be found out by the next launch. Else the
/// gradient is left to ApplyBody, and the last block to finish decides whether it is refused.
///
/// While prepare() runs the launch before this one, ExamplesBody of the same update, may still write what it
/// keeps of the examples, and the next turn; tables, order and keys were written before it began.
template <int W, bool kApplies>
class GradientsBody {
 public:
  static constexpr const char* kName = "gradients";
  static constexpr bool kLooks = true;
  static constexpr bool kBlocksWait = true;
  static constexpr int kResident = kGradientsResident;

  explicit GradientsBody(const View& view) : v_(view) {
    for (int64_t span = 1; span < v_.groups; span *= kWays) ++levels_;
  }

  /// Bytes of a block's own memory.
  static int64_t shared_bytes(const View& v) {
    return static_cast<int64_t>(sizeof(Fixed)) +
           2 * (v.groups * v.group_items + 2) * static_cast<int64_t>(sizeof(uint32_t));
  }

  /// In registers all the way, so as small as it can be.
  struct Own {
    int32_t update = -1;  ///< number in the piece; negative: there is none
    int32_t first = 0;    ///< of its examples
    int32_t size = 0;
    // A block of the embedding.
    int32_t chunk = 0;
    int32_t count = 0;      ///< occurrences of the chunk
    int32_t group = 0;      ///< without work: at least v.groups
    int32_t feature = 0;    ///< the first of W
    int32_t head_end = -1;  ///< the last occurrence of `head` in the chunk; negative: there is none
    Features<W> sum;        ///< of the row that is not complete where the group ends
    Features<W> head;       ///< of the row that began before the group and ends in it
    // A block of the head.
    int32_t number = -1;   ///< negative: none
    int32_t part = 0;      ///< that the number is of
    int32_t dy = 0;        ///< of the first example, in View::slopes
    int32_t x = 0;         ///< of the first example, in View::values
    bool is_bias = false;  ///< no x counts
    // kApplies.
    uint32_t ready_key = kNoKey;  ///< row of Fixed::ready; of a block of the sweep: whether it is read
    int32_t stops = 0;            ///< 1: an update before this one was refused
    // All.
    double raw = 0;  ///< sum of the squares that this thread completed
    double clamped = 0;
  };

  BERNOULLI_HOST_DEVICE void look(const Place& place, void* shared) const {
    copy_together(&memory(shared).fixed->turn, v_.turn, 1, place.thread);
  }

  BERNOULLI_HOST_DEVICE Own prepare(const Place& place, void* shared) const {
    Own own;
    const Memory m = memory(shared);
    const Turn::Head head = m.fixed->turn.head;
    const Span readings = m.fixed->turn.update.readings;
    if (!head.is_there()) return own;
    own.update = head.number;
    own.first = head.first;
    own.size = head.size;
    if (place.block < v_.head_blocks) {
      prepare_number(place, own, m);
    } else if (!sweeps(place)) {
      prepare_chunk(place, own, readings, m);
    } else {
      prepare_sweep(place, own, m);
    }
    return own;
  }

  BERNOULLI_HOST_DEVICE int phases() const {
    return levels_ + (kApplies ? static_cast<int>(kArrive) : static_cast<int>(kAfterScan));
  }

  BERNOULLI_HOST_DEVICE void run(int phase, const Place& place, Own& own, void* shared) const {
    if (own.update < 0) return;
    if (kApplies && phase == 0) own.stops = v_.next_turn->head.stopped;
    const Memory m = memory(shared);
    if (sweeps(place)) return phase == 0 ? sweep(place, own, m) : void();
    const auto thread = static_cast<int>(place.thread);
    const bool is_chunk = place.block >= v_.head_blocks;
    if (phase == 0) return is_chunk ? sum_group(thread, own, m) : sum_number(thread, own, m);
    if (phase <= levels_) return is_chunk ? scan(phase - 1, own, m) : void();
    switch (phase - levels_) {
      case kCarry:
        return is_chunk ? carry(own, m) : void();
      case kWait:
        return is_chunk ? publish_and_wait(place, own, m) : void();
      case kFinish:
        return is_chunk ? finish_head(thread, own, m) : finish_number(thread, own, m);
      case kLeaveSquares:
        return leave_squares(thread, own, m);
      case kFoldSquares:
        return UpdateSummary::fold(2, thread, m.fixed->sums);
      case kSumSquares:
        return sum_squares(place, m);
      case kArrive:
        return thread == 0 ? arrive_last(place, m) : void();
      default:
        if (m.fixed->is_last) decide(phase - levels_ - kSummary, thread, own, m);
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
    kSummary,
    kAfterScan = kSummary + UpdateSummary::kPhases
  };
  static constexpr int kWays = 4;  ///< sums that a level of the scan puts together

  struct Fixed {
    union {
      Features<W> groups[2][kThreads];  ///< scan: by thread
      struct {
        float numbers[kThreads];              ///< of the head: by thread
        kernels::UpdateRule rules[kThreads];  ///< of the first head_tile threads' numbers
      } head;
      UpdateSummary::Sums sums;
    };
    int64_t first_chunk;  ///< where the row that goes on into this chunk began
    Turn turn;
    // kApplies.
    Numbers<W> ready[kApplies ? kThreads : 1];  ///< by thread: numbers of a row or one of the head, asked for
                                                ///< in prepare()
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

  BERNOULLI_HOST_DEVICE void prepare_chunk(const Place& place, Own& own, const Span& span,
                                           const Memory& m) const {
    const RowColumn at = row_column(place.block - v_.head_blocks, v_.tiles);
    own.chunk = static_cast<int32_t>(at.row);
    const RowColumn thread = row_column(place.thread, threads_of_group());
    const int64_t column = at.column * kThreads + thread.column;
    own.group = static_cast<int32_t>(column < columns_of<W>(v_) ? thread.row : v_.groups);
    own.feature = static_cast<int32_t>(column * W);

    const int64_t begin = span.begin + own.chunk * items();
    const int64_t left = span.end - begin;
    own.count = static_cast<int32_t>(left < 0 ? 0 : left < items() ? left : items());
    for (int64_t i = place.thread - 1; i <= own.count; i += kThreads) {
      const int64_t from = begin + i;
      const bool is_there = from >= span.begin && from < span.end;
      m.keys[i] = is_there ? read_fresh(v_.keys + from) : kNoKey;
      if (i >= 0 && i < own.count) m.occurrences[i] = read_fresh(v_.occurrences + from);
    }
    if (kApplies) ask_for_row(place, own, span, begin, m);
    if (own.chunk == 0 || own.count == 0) return;
    const uint32_t key = read_fresh(v_.keys + begin);
    for (int64_t c = own.chunk - 1 - place.thread; c >= 0 && ends_with(span, c, key); c -= kThreads) {
      if (c == 0 || !ends_with(span, c - 1, key)) m.fixed->first_chunk = c;
    }
  }
  /// The row that the group's part begins with, if it ends in it. An update of few readings gives a group
  /// one.
  BERNOULLI_HOST_DEVICE void ask_for_row(const Place& place, Own& own, const Span& span, int64_t begin,
                                         const Memory& m) const {
    if (!has_items(own)) return;
    const int64_t first = begin + own.group * v_.group_items, behind = begin + group_end(own, own.group);
    const uint32_t key = read_fresh(v_.keys + first);
    if (behind < span.end && read_fresh(v_.keys + behind) == key) return;
    own.ready_key = key;
    m.fixed->ready[place.thread] = Numbers<W>::read(v_.embedding, row_at(own, key) * v_.dim + own.feature);
  }
  BERNOULLI_HOST_DEVICE int64_t row_at(const Own& own, uint32_t key) const {
    return static_cast<int64_t>(key) - int64_t{own.update} * v_.num_rows;
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
    int32_t position;  ///< among the tokens that word dropout left; negative: it was taken out
  };
  BERNOULLI_HOST_DEVICE Contribution ask_for(const Own& own, uint32_t o) const {
    const Occurrence at = unpacked(v_, o);
    const bool is_pad = at.position == no_position(v_);
    const float* const from = is_pad ? v_.pad_gradient : v_.pooled_gradient;
    Contribution r;
    r.g = load<W>(from + at.example * v_.dim + own.feature);
    r.position = static_cast<int32_t>(at.position);
    if (v_.token_threshold != 0) r.draws = v_.draws[at.example];
    if (v_.ranks != nullptr && !is_pad) {
      r.position = v_.ranks[v_.planned[own.first + at.example].ranks + at.position];
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
      if (!kernels::keeps_position(words[w], r.position, v_.token_threshold)) r.g.v[w] = 0;
    }
  }

  BERNOULLI_HOST_DEVICE void sum_group(int thread, Own& own, const Memory& m) const {
    if (!has_items(own)) return;
    const int32_t begin = own.group * v_.group_items, end = group_end(own, own.group);
    bool began_before = m.keys[begin - 1] == m.keys[begin];
    Contribution next = ask_for(own, m.occurrences[begin]);
    for (int32_t i = begin; i < end; ++i) {
      Contribution now = next;
      if (i + 1 < end) next = ask_for(own, m.occurrences[i + 1]);  // before this one is waited for
      drop(own, now);
      add(own.sum, now.g);
      if (m.keys[i] == m.keys[i + 1]) continue;
      if (began_before) {
        own.head = own.sum;
        own.head_end = i;
      } else {
        finish_row(thread, own, m.keys[i], own.sum, m);
      }
      began_before = false;
      own.sum = Features<W>();
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
    const auto now = static_cast<uint32_t>(own.update) + 1;
    const int64_t block = place.block - v_.head_blocks;
    if (place.thread == 0 && goes_on(own, m)) publish(v_.carried + block, now);
    if (!ends_here(own, m)) return;
    const int64_t tile = block - own.chunk * v_.tiles;
    for (int64_t c = m.fixed->first_chunk + place.thread; c < own.chunk; c += kThreads)
      await(v_.carried + c * v_.tiles + tile, now);
  }

  /// The row that began before the group.
  BERNOULLI_HOST_DEVICE void finish_head(int thread, Own& own, const Memory& m) const {
    if (own.head_end < 0) return;
    const uint32_t key = m.keys[own.head_end];
    Features<W> sum;
    if (key == m.keys[0] && key == m.keys[-1]) {
      for (int64_t c = m.fixed->first_chunk; c < own.chunk; ++c)
        add(sum, load_fresh<W>(v_.carry + c * v_.dim + own.feature));
    }
    if (own.group > 0) add(sum, scanned(m, levels_, own, own.group - 1));
    add(sum, own.head);
    finish_row(thread, own, key, sum, m);
  }

  BERNOULLI_HOST_DEVICE void finish_row(int thread, Own& own, uint32_t key, const Features<W>& g,
                                        const Memory& m) const {
    const int64_t row = row_at(own, key), at = row * v_.dim + own.feature;
    if (kApplies) {
      Numbers<W> numbers = key == own.ready_key ? m.fixed->ready[thread] : Numbers<W>::read(v_.embedding, at);
      apply(v_.rule, true, g, numbers, m);
      if (own.stops == 0) numbers.write(v_.next_embedding, at);
    } else {
      store(v_.gradient + at, g);
      if (own.feature == 0) v_.stamp[row] = own.update + 1;
    }
    for (int w = 0; w < W; ++w) add_square(own, g.v[w], 0);
  }

  /// The rule, with a gradient or without. There is no clip_norm where it is applied here.
  template <int N>
  BERNOULLI_HOST_DEVICE void apply(const kernels::UpdateRule& rule, bool has_gradient, Features<N> g,
                                   Numbers<N>& numbers, const Memory& m) const {
    for (int i = 0; i < N; ++i) g.v[i] = clamped(v_, g.v[i]);
    numbers.update(rule, m.fixed->turn.update.constants, has_gradient, g);
  }

  BERNOULLI_HOST_DEVICE void add_square(Own& own, float g, int64_t parameter) const {
    const auto raw = static_cast<double>(g), cut = static_cast<double>(clamped(v_, g));
    own.raw += raw * raw;
    own.clamped += cut * cut;
    if (!(g - g == 0) && own.stops == 0) v_.not_finite[parameter] = 1;  // whoever comes writes the same
  }

  // The sweep: rows that the update does not read.

  BERNOULLI_HOST_DEVICE bool sweeps(const Place& place) const {
    return kApplies && place.block >= v_.head_blocks + v_.embedding_blocks;
  }
  /// The word of bits that tells whether the update reads the item's row.
  BERNOULLI_HOST_DEVICE const uint32_t* bits_of(const Own& own, int64_t row) const {
    return v_.rows_read + int64_t{own.update} * v_.row_words + row / 32;
  }
  BERNOULLI_HOST_DEVICE int64_t row_of_item(int64_t item) const {
    return row_column(item, columns_of<W>(v_)).row;
  }
  BERNOULLI_HOST_DEVICE bool is_read(const Own& own, int64_t item) const {
    const int64_t row = row_of_item(item);
    return (*bits_of(own, row) >> (row % 32) & 1) != 0;
  }
  BERNOULLI_HOST_DEVICE int64_t first_item(const Place& place) const {
    return (place.block - v_.head_blocks - v_.embedding_blocks) * kThreads + place.thread;
  }
  BERNOULLI_HOST_DEVICE void prepare_sweep(const Place& place, Own& own, const Memory& m) const {
    const int64_t item = first_item(place);
    if (item >= v_.num_rows * columns_of<W>(v_)) return;
    m.fixed->ready[place.thread] = Numbers<W>::read(v_.embedding, item * W);
    const int64_t row = row_of_item(item);
    own.ready_key = read_fresh(bits_of(own, row)) >> (row % 32) & 1;
  }
  BERNOULLI_HOST_DEVICE void sweep(const Place& place, const Own& own, const Memory& m) const {
    if (own.stops != 0) return;
    const int64_t apart = (place.num_blocks - v_.head_blocks - v_.embedding_blocks) * kThreads;
    const int64_t end = v_.num_rows * columns_of<W>(v_);
    int64_t item = first_item(place), next = item + apart;
    bool skips_next = next < end && is_read(own, next);
    if (own.ready_key == 0) sweep_item(item, m.fixed->ready[place.thread], m);
    while (next < end) {
      const bool skips = skips_next;
      item = next;
      next += apart;
      skips_next = next < end && is_read(own, next);  // asked for beside the numbers of this one
      if (!skips) sweep_item(item, Numbers<W>::read(v_.embedding, item * W), m);
    }
  }
  BERNOULLI_HOST_DEVICE void sweep_item(int64_t item, Numbers<W> numbers, const Memory& m) const {
    apply(v_.rule, false, Features<W>(), numbers, m);
    numbers.write(v_.next_embedding, item * W);
  }

  // The head.

  BERNOULLI_HOST_DEVICE void prepare_number(const Place& place, Own& own, const Memory& m) const {
    const auto tile = static_cast<int32_t>(v_.head_tile), thread = static_cast<int32_t>(place.thread);
    const int64_t number = place.block * tile + thread % tile;
    if (number >= v_.head_size) return;
    own.number = static_cast<int32_t>(number);
    const HeadPart& part = *part_of(v_, number);
    own.part = static_cast<int32_t>(&part - v_.parts);
    const RowColumn at = row_column(number - part.begin, part.columns);
    own.dy = static_cast<int32_t>(part.output + (part.is_bias ? at.column : at.row));
    own.x = static_cast<int32_t>(part.input + at.column);
    own.is_bias = part.is_bias;
    if (!kApplies || thread >= tile) return;
    const Numbers<1> numbers = Numbers<1>::read(v_.head, number);
    Numbers<W>& ready = m.fixed->ready[thread];
    ready.w.v[0] = numbers.w.v[0];
    ready.s0.v[0] = numbers.s0.v[0];
    ready.s1.v[0] = numbers.s1.v[0];
    copy_fresh(&m.fixed->head.rules[thread], &part.rule);
  }

  /// This thread's share of the examples.
  BERNOULLI_HOST_DEVICE void sum_number(int thread, const Own& own, const Memory& m) const {
    if (own.number < 0) return;
    const int64_t shares = kThreads / v_.head_tile, share = thread / v_.head_tile, width = v_.width;
    const int64_t begin = row_column(own.size * share, shares).row;
    const int64_t end = row_column(own.size * (share + 1), shares).row;
    const float* dy = v_.slopes + own.dy + begin * width;
    const float* x = v_.values + own.x + begin * width;
    float sum = 0;
    for (int64_t e = begin; e < end; ++e, dy += width, x += width) sum += own.is_bias ? *dy : *dy * *x;
    m.fixed->head.numbers[thread] = sum;
  }

  BERNOULLI_HOST_DEVICE void finish_number(int thread, Own& own, const Memory& m) const {
    if (own.number < 0 || thread >= v_.head_tile) return;
    float sum = m.fixed->head.numbers[thread];
    for (int64_t other = thread + v_.head_tile; other < kThreads; other += v_.head_tile)
      sum += m.fixed->head.numbers[other];
    if (kApplies) {
      const Numbers<W>& ready = m.fixed->ready[thread];
      Numbers<1> numbers = {{{ready.w.v[0]}}, {{ready.s0.v[0]}}, {{ready.s1.v[0]}}};
      apply(m.fixed->head.rules[thread], true, Features<1>{{sum}}, numbers, m);
      if (own.stops == 0) numbers.write(v_.next_head, own.number);
    } else {
      v_.head_gradient[own.number] = sum;
    }
    add_square(own, sum, own.part + 1);
  }

  // What the update saw.

  BERNOULLI_HOST_DEVICE void leave_squares(int thread, const Own& own, const Memory& m) const {
    m.fixed->sums.of[UpdateSummary::kSquares][thread] = own.raw;
    m.fixed->sums.of[UpdateSummary::kClampedSquares][thread] = own.clamped;
  }

  BERNOULLI_HOST_DEVICE void sum_squares(const Place& place, const Memory& m) const {
    if (place.thread >= 2 || place.block >= v_.head_blocks + v_.embedding_blocks) return;
    const auto sum = static_cast<int>(place.thread);
    UpdateSummary::sum_up(2, sum, m.fixed->sums);
    v_.squares[2 * place.block + sum] = m.fixed->sums.of[sum][0];
  }

  // The last block to finish, where ApplyBody follows.

  BERNOULLI_HOST_DEVICE void arrive_last(const Place& place, const Memory& m) const {
    m.fixed->is_last = arrive(&v_.state->arrived) + 1 == static_cast<uint32_t>(place.num_blocks);
  }

  BERNOULLI_HOST_DEVICE void decide(int phase, int thread, const Own& own, const Memory& m) const {
    using Summary = UpdateSummary;
    Summary::Sums& sums = m.fixed->sums;
    if (phase == Summary::kObserve) return Summary::observe(v_, v_.seen, own.size, thread, sums);
    if (phase == Summary::kFoldSums) return Summary::fold(Summary::kSums, thread, sums);
    if (phase == Summary::kSumUp) return Summary::sum_up(Summary::kSums, thread, sums);
    if (thread != 0) return;
    v_.state->arrived = 0;
    v_.state->clip = Summary::clip(v_, sums);
    if (Summary::note(v_, own.update, sums)) v_.next_turn->head.stopped = 1;
  }

  View v_;
  int levels_ = 0;
};

}  // namespace bernoulli::card
