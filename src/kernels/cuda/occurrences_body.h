#pragma once

#include "kernels/cuda/view.h"

namespace bernoulli::card {

/// Writes the occurrences of a whole run of updates, an example a block, in the order of the examples. Sorted
/// by key, stably, they stand by update and row, within a row by example and position: which example stands
/// where changes with every epoch. And what ExamplesBody needs to know of each example.
class OccurrencesBody : public Plain {
 public:
  static constexpr const char* kName = "occurrences";

  OccurrencesBody(const View& view, uint32_t* keys, uint32_t* occurrences)
      : v_(view), keys_(keys), occurrences_(occurrences) {}
  BERNOULLI_HOST_DEVICE int phases() const { return 1; }
  BERNOULLI_HOST_DEVICE void run(int, const Place& place, Own&, void*) const {
    const int64_t number = v_.update_of[place.block];
    const int64_t example = place.block - v_.updates[number].first;
    const Reading r = reading_of(v_, v_.examples[place.block]);
    const int64_t begin = v_.occurrence_begin[place.block];
    const int64_t count = v_.occurrence_begin[place.block + 1] - begin;
    if (place.thread == 0) {
      const int64_t of_update = v_.occurrence_begin[v_.updates[number].first];
      v_.planned[place.block] = {r.begin, begin - of_update, v_.examples[place.block], r.count, r.pads,
                                 r.scale};
    }
    for (int64_t p = place.thread; p < count; p += kThreads) {
      const bool is_token = p < r.count;  // behind the tokens: padding
      const int64_t row = is_token ? token(v_.tokens, r.begin + p) : 0;
      keys_[begin + p] = static_cast<uint32_t>(number * v_.num_rows + row);
      occurrences_[begin + p] = packed(v_, {example, is_token ? p : no_position(v_)});
    }
  }

 private:
  View v_;
  uint32_t* keys_;
  uint32_t* occurrences_;
};

/// Sets the bit of each row that an update reads, from the `count` sorted occurrences of a piece. The order
/// that bits are set in does not matter.
class RowsReadBody : public Plain {
 public:
  static constexpr const char* kName = "rows read";

  RowsReadBody(const View& view, int64_t count) : v_(view), count_(count) {}
  BERNOULLI_HOST_DEVICE int phases() const { return 1; }
  BERNOULLI_HOST_DEVICE void run(int, const Place& place, Own&, void*) const {
    for (int64_t at = place.first(); at < count_; at += place.all()) {
      const uint32_t key = v_.keys[at];
      if (at > 0 && key == v_.keys[at - 1]) continue;
      const RowColumn read = row_column(key, v_.num_rows);  // update and row
      set_bits(v_.rows_read + read.row * v_.row_words + read.column / 32, 1u << (read.column % 32));
    }
  }

 private:
  View v_;
  int64_t count_;
};

}  // namespace bernoulli::card
