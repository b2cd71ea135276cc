#pragma once

#include <cstdint>

#include "core/random.h"
#include "kernels/cuda/interface.h"
#include "kernels/draws.h"
#include "kernels/host_device.h"

// What the bodies of the card's kernels read and write. A body is a class with phases() and
// run(phase, place, shared): all threads of a block finish a phase before one of them begins the next, and
// blocks know nothing of each other. The card runs it as a kernel (fused.cu), tests run it on the processor,
// one thread after the other in any order (tests/support/host_card.h). Within a phase no thread may read what
// another one writes.

namespace bernoulli::card {

inline constexpr int kThreads = 256;         ///< of every block
inline constexpr int64_t kChunk = 64;        ///< occurrences, or examples, that one thread sums
inline constexpr uint64_t kOneKey = 0x1p32;  ///< sort keys are below it

struct Place {
  int64_t block = 0;
  int64_t num_blocks = 1;
  int64_t thread = 0;
  /// Number of this thread in the grid, and the number of threads: for (i = first(); i < n; i += all()).
  BERNOULLI_HOST_DEVICE int64_t first() const { return block * kThreads + thread; }
  BERNOULLI_HOST_DEVICE int64_t all() const { return num_blocks * kThreads; }
};

/// Where item `i` of a table stands whose rows have `columns` items. Divisions of 64 bits are slow on a card.
struct RowColumn {
  int64_t row;
  int64_t column;
};
BERNOULLI_HOST_DEVICE inline RowColumn row_column(int64_t i, int64_t columns) {
  if ((i | columns) >> 32 == 0) {
    const auto a = static_cast<uint32_t>(i), b = static_cast<uint32_t>(columns);
    return {a / b, a % b};
  }
  return {i / columns, i % columns};
}

/// One reading of an embedding row by an update: a token, or all padding of an example, which stands behind
/// its tokens.
struct Occurrence {
  uint32_t example = 0;   ///< place in the update
  uint32_t position = 0;  ///< its number of tokens: the padding
};

/// What the gradient needs to know of an example of the update.
struct ExampleState {
  int32_t count = 0;  ///< tokens
  int32_t kept = 0;   ///< of them, by word dropout
  int32_t pads = 0;
  float pad_weight = 1;
  uint32_t key0 = 0;
  uint32_t key1 = 0;
};

/// A parameter of the head among the head's numbers.
struct HeadPart {
  int64_t begin = 0;
  int64_t columns = 0;
  int32_t layer = 0;
  bool is_bias = false;
  kernels::UpdateRule rule;
};

struct State {
  int64_t cursor = 0;       ///< the update of the run that is next
  int64_t num_updates = 0;  ///< of the run
  int64_t applying = -1;    ///< the one whose gradient stands; negative: none may be applied
  int32_t refused = 0;      ///< 1: an update was, and none follows
  float clip = 1;           ///< factor on the gradient
};

struct Tables {
  float* w = nullptr;
  float* s0 = nullptr;
  float* s1 = nullptr;
};

/// All pointers are of the device.
struct View {
  // The model.
  int64_t dim = 0, num_rows = 0, num_labels = 1, num_layers = 0, num_parts = 0, head_size = 0;
  int64_t sequence_length = 0;
  uint32_t token_threshold = 0, word_threshold = 0;
  bool mean = true, include_padding = false;
  bool deferred = false;  ///< Sweep::kDeferred
  double clip_norm = 0, clip_value = 0;
  uint64_t seed = 0;
  float saturated_from = 0, saturated_until = 0, negatives_dead_from = 0, positives_dead_until = 0;
  kernels::EntryLoss loss;
  kernels::UpdateRule rule;  ///< of the embedding
  Tables embedding, head;
  const Layer* layers = nullptr;
  const HeadPart* parts = nullptr;       ///< the embedding is none
  const int64_t* width_begin = nullptr;  ///< [num_layers + 1]: where what enters layer i begins, then logits
  const double* pos_weight = nullptr;
  const uint32_t* binomial = nullptr;
  // The data.
  Tokens tokens;
  const float* targets = nullptr;
  const float* weights = nullptr;
  // The run.
  State* state = nullptr;
  const Update* updates = nullptr;
  const int32_t* examples = nullptr;
  const int64_t* occurrence_begin = nullptr;  ///< by example of the run, and the end
  const int32_t* update_of = nullptr;         ///< by example of the run
  const uint32_t* keys = nullptr;             ///< sorted: update * num_rows + row
  const Occurrence* occurrences = nullptr;    ///< beside keys; equal keys in the order of the examples
  Record* records = nullptr;
  // One update.
  int64_t segments = 1;      ///< parts that the positions of an example are summed in
  int64_t partial_size = 0;  ///< numbers that a block keeps for partial sums
  int64_t width = 0;         ///< numbers an example keeps: what enters each layer, and the logits
  float* local = nullptr;    ///< [blocks, partial_size + 2 * width] where a block's own memory is too small
  ExampleState* places = nullptr;
  /// Of each occurrence of the update, in the order of the examples: which of its example's tokens it is
  /// after word dropout; negative: it was taken out. Null where there is no word dropout.
  int32_t* ranks = nullptr;
  float* values = nullptr;           ///< [examples, width]
  float* slopes = nullptr;           ///< [examples, width]: gradients of values
  float* pooled_gradient = nullptr;  ///< [examples, dim]: of the sum over positions
  double* entry_loss = nullptr;      ///< [examples, num_labels]
  float* gradient = nullptr;         ///< [num_rows, dim]; of rows that the update reads
  int32_t* stamp = nullptr;  ///< [num_rows]: 1 + the update of the run that read the row last; 0: none did
  float* carry = nullptr;    ///< [chunks, dim]: of the run of equal keys that began before the chunk
  float* head_partial = nullptr;  ///< [example chunks, head_size]
  float* head_gradient = nullptr;
  double* squares = nullptr;      ///< [combine blocks, 2]: of the gradient, and of the clamped one
  int64_t num_squares = 0;        ///< combine blocks
  uint8_t* not_finite = nullptr;  ///< [parameters]
};

/// The update at the cursor, or null where none is to be made.
BERNOULLI_HOST_DEVICE inline const Update* current(const View& v) {
  const State& s = *v.state;
  return s.refused != 0 || s.cursor >= s.num_updates ? nullptr : v.updates + s.cursor;
}

BERNOULLI_HOST_DEVICE inline int64_t token(const Tokens& tokens, int64_t at) {
  return tokens.narrow != nullptr ? static_cast<int64_t>(tokens.narrow[at])
                                  : static_cast<int64_t>(tokens.wide[at]);
}

/// An example as the pool reads it.
struct Reading {
  int64_t begin = 0;  ///< of its tokens
  int64_t count = 0;
  int64_t pads = 0;
  float scale = 1;
};
BERNOULLI_HOST_DEVICE inline Reading reading_of(const View& v, int64_t row) {
  Reading r;
  r.begin = v.tokens.offsets[row];
  const int64_t length = v.tokens.offsets[row + 1] - r.begin;
  r.count = v.sequence_length != 0 && length > v.sequence_length ? v.sequence_length : length;
  if (v.include_padding) r.pads = v.sequence_length - r.count;
  if (v.mean)
    r.scale = 1.0f / static_cast<float>(v.include_padding ? v.sequence_length : (length > 1 ? length : 1));
  return r;
}

/// The whole run's, in the order of the updates.
struct Span {
  int64_t begin;
  int64_t end;
};
BERNOULLI_HOST_DEVICE inline Span occurrences_of(const View& v, const Update& update) {
  return {v.occurrence_begin[update.first], v.occurrence_begin[update.first + update.size]};
}
/// The row that occurrence `at` of an update of the run reads.
BERNOULLI_HOST_DEVICE inline int64_t row_of(const View& v, int64_t update, int64_t at) {
  return static_cast<int64_t>(v.keys[at]) - update * v.num_rows;
}
BERNOULLI_HOST_DEVICE inline int64_t chunks_of(int64_t count) { return (count + kChunk - 1) / kChunk; }

/// Phase number `level` of 8 that sum `width` numbers a thread over the threads of a block, in pairs 128
/// apart, 64 apart, ...: the sums end at `sums`[0..width).
BERNOULLI_HOST_DEVICE inline void sum_level(double* sums, int width, int level, int64_t thread) {
  const int64_t half = kThreads >> (level + 1);
  if (thread >= half) return;
  for (int i = 0; i < width; ++i) sums[thread * width + i] += sums[(thread + half) * width + i];
}
inline constexpr int kSumLevels = 8;

}  // namespace bernoulli::card
