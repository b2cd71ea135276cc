#pragma once

#include "kernels/cuda/view.h"

// The occurrences of a whole run of updates, sorted by update and row and, within a row, by example and
// position: which example stands where changes with every epoch. A stable radix sort, four bits a pass, each
// in three launches: digits are counted by tile, the counts summed over tiles, the occurrences moved.

namespace bernoulli::card {

inline constexpr int kDigitBits = 4;
inline constexpr int kDigits = 1 << kDigitBits;
inline constexpr int64_t kItems = 8;  ///< that a thread moves: neighbours, so that their order stays
inline constexpr int64_t kTile = kThreads * kItems;

struct SortSide {
  uint32_t* keys = nullptr;
  Occurrence* occurrences = nullptr;
};

/// What only the sort of a run uses.
struct RunMemory {
  SortSide sorted;  ///< View's keys and occurrences
  SortSide other;
  uint32_t* tile_counts = nullptr;
  uint32_t* digit_counts = nullptr;
};

/// Passes that sort keys up to `largest`.
inline int passes_for(uint64_t largest) {
  int passes = 0;
  for (; largest != 0; largest >>= kDigitBits) ++passes;
  return passes;
}

/// Writes the occurrences of one example of the run a block, unsorted.
class OccurrencesBody {
 public:
  OccurrencesBody(const View& view, const SortSide& to) : v_(view), to_(to) {}
  BERNOULLI_HOST_DEVICE int64_t phases() const { return 1; }
  BERNOULLI_HOST_DEVICE void run(int64_t, const Place& place, void*) const {
    const int64_t number = v_.update_of[place.block];
    const auto example = static_cast<uint32_t>(place.block - v_.updates[number].first);
    const Reading r = reading_of(v_, v_.examples[place.block]);
    const int64_t begin = v_.occurrence_begin[place.block];
    const int64_t count = v_.occurrence_begin[place.block + 1] - begin;
    for (int64_t p = place.thread; p < count; p += kThreads) {
      const int64_t row = p < r.count ? token(v_.tokens, r.begin + p) : 0;  // behind the tokens: padding
      to_.keys[begin + p] = static_cast<uint32_t>(number * v_.num_rows + row);
      to_.occurrences[begin + p] = {example, static_cast<uint32_t>(p)};
    }
  }

 private:
  View v_;
  SortSide to_;
};

/// What the three launches of a pass share.
struct SortPass {
  SortSide from;
  SortSide to;
  int64_t count = 0;
  int shift = 0;
  uint32_t* tile_counts = nullptr;   ///< [kDigits, tiles]: then, of that digit, those in earlier tiles
  uint32_t* digit_counts = nullptr;  ///< [kDigits]

  BERNOULLI_HOST_DEVICE int64_t tiles() const { return (count + kTile - 1) / kTile; }
  BERNOULLI_HOST_DEVICE uint32_t digit(int64_t i) const { return from.keys[i] >> shift & (kDigits - 1); }
  /// Of this thread: counts[digit * kThreads + thread].
  BERNOULLI_HOST_DEVICE void count_digits(const Place& place, uint32_t* counts) const {
    for (int d = 0; d < kDigits; ++d) counts[d * kThreads + place.thread] = 0;
    const int64_t begin = place.first() * kItems;
    for (int64_t i = begin; i < begin + kItems && i < count; ++i)
      ++counts[digit(i) * kThreads + place.thread];
  }
  static constexpr int64_t kPieces = kThreads / kDigits;  // threads that share a digit when counts are summed
  static constexpr int64_t kPiece = kThreads / kPieces;   // counts that each of them sums
  /// The count of a sixteenth of the threads: pieces[digit * kPieces + piece].
  BERNOULLI_HOST_DEVICE void sum_piece(const Place& place, const uint32_t* counts, uint32_t* pieces) const {
    const uint32_t* const own = counts + place.thread / kPieces * kThreads + place.thread % kPieces * kPiece;
    uint32_t sum = 0;
    for (int64_t i = 0; i < kPiece; ++i) sum += own[i];
    pieces[place.thread] = sum;
  }
  static int64_t shared_bytes() {
    return (kDigits * kThreads + kThreads) * static_cast<int64_t>(sizeof(uint32_t));
  }
};

/// A tile a block: tile_counts.
class CountDigitsBody {
 public:
  explicit CountDigitsBody(const SortPass& pass) : s_(pass) {}
  BERNOULLI_HOST_DEVICE int64_t phases() const { return 3; }
  BERNOULLI_HOST_DEVICE void run(int64_t phase, const Place& place, void* shared) const {
    auto* const counts = static_cast<uint32_t*>(shared);
    uint32_t* const pieces = counts + kDigits * kThreads;
    if (phase == 0) s_.count_digits(place, counts);
    if (phase == 1) s_.sum_piece(place, counts, pieces);
    if (phase != 2 || place.thread >= kDigits) return;
    uint32_t sum = 0;
    for (int64_t i = 0; i < SortPass::kPieces; ++i) sum += pieces[place.thread * SortPass::kPieces + i];
    s_.tile_counts[place.thread * s_.tiles() + place.block] = sum;
  }

 private:
  SortPass s_;
};

/// A digit a block: its tile_counts become sums over the tiles before.
class SumTilesBody {
 public:
  explicit SumTilesBody(const SortPass& pass) : s_(pass) {}
  static int64_t shared_bytes() { return kThreads * static_cast<int64_t>(sizeof(uint32_t)); }
  BERNOULLI_HOST_DEVICE int64_t phases() const { return 3; }
  BERNOULLI_HOST_DEVICE void run(int64_t phase, const Place& place, void* shared) const {
    auto* const sums = static_cast<uint32_t*>(shared);
    const int64_t tiles = s_.tiles(), own = (tiles + kThreads - 1) / kThreads;
    uint32_t* const counts = s_.tile_counts + place.block * tiles;
    const int64_t begin = place.thread * own, end = begin + own < tiles ? begin + own : tiles;
    if (phase == 0) {
      uint32_t sum = 0;
      for (int64_t i = begin; i < end; ++i) sum += counts[i];
      sums[place.thread] = sum;
    } else if (phase == 1) {
      if (place.thread != 0) return;
      uint32_t before = 0;
      for (int64_t i = 0; i < kThreads; ++i) {
        const uint32_t sum = sums[i];
        sums[i] = before;
        before += sum;
      }
      s_.digit_counts[place.block] = before;
    } else {
      uint32_t before = sums[place.thread];
      for (int64_t i = begin; i < end; ++i) {
        const uint32_t count = counts[i];
        counts[i] = before;
        before += count;
      }
    }
  }

 private:
  SortPass s_;
};

/// A tile a block: moves its occurrences to where they belong by this digit.
class MoveBody {
 public:
  explicit MoveBody(const SortPass& pass) : s_(pass) {}
  BERNOULLI_HOST_DEVICE int64_t phases() const { return 4; }
  BERNOULLI_HOST_DEVICE void run(int64_t phase, const Place& place, void* shared) const {
    auto* const counts = static_cast<uint32_t*>(shared);
    uint32_t* const pieces = counts + kDigits * kThreads;
    if (phase == 0) {
      s_.count_digits(place, counts);
    } else if (phase == 1) {
      s_.sum_piece(place, counts, pieces);
    } else if (phase == 2) {
      place_of_threads(place, counts, pieces);
    } else {
      move(place, counts);
    }
  }

 private:
  /// counts become where each thread puts its first occurrence of a digit.
  BERNOULLI_HOST_DEVICE void place_of_threads(const Place& place, uint32_t* counts,
                                              const uint32_t* pieces) const {
    const int64_t digit = place.thread / SortPass::kPieces, piece = place.thread % SortPass::kPieces;
    uint32_t before = s_.tile_counts[digit * s_.tiles() + place.block];
    for (int64_t d = 0; d < digit; ++d) before += s_.digit_counts[d];
    for (int64_t i = 0; i < piece; ++i) before += pieces[digit * SortPass::kPieces + i];
    uint32_t* const own = counts + digit * kThreads + piece * SortPass::kPiece;
    for (int64_t i = 0; i < SortPass::kPiece; ++i) {
      const uint32_t count = own[i];
      own[i] = before;
      before += count;
    }
  }
  BERNOULLI_HOST_DEVICE void move(const Place& place, uint32_t* counts) const {
    const int64_t begin = place.first() * kItems;
    for (int64_t i = begin; i < begin + kItems && i < s_.count; ++i) {
      const uint32_t to = counts[s_.digit(i) * kThreads + place.thread]++;
      s_.to.keys[to] = s_.from.keys[i];
      s_.to.occurrences[to] = s_.from.occurrences[i];
    }
  }

  SortPass s_;
};

}  // namespace bernoulli::card
