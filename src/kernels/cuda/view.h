#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "core/random.h"
#include "kernels/cuda/cross_block.h"
#include "kernels/cuda/interface.h"
#include "kernels/draws.h"
#include "kernels/host_device.h"

// What the bodies of the card's kernels read and write. A body is a class with
// - look(place, shared), where kLooks: what all threads of a block need before prepare(), which then begins.
//   The same rules hold for it;
// - Own prepare(place, shared): what a thread does while the launch before this one may still run: it reads
//   what that launch does not write, through read_fresh() and load_fresh(), and writes to `shared` alone.
//   Launches before that one are done. Own is the thread's (registers of a card);
// - phases() and run(phase, place, own, shared): all threads of a block finish a phase before one of them
//   begins the next. Within a phase no thread may read what another one writes. Blocks know nothing of each
//   other, but for those of a body with kBlocksWait, which may wait for blocks of lower numbers
//   (cross_block.h).
// - kResident: blocks that shall find room on a processor of the card, so that their loads hide each other's
//   latency; it bounds the registers of a thread.
// The card runs it as a kernel (fused.cu), tests run it on the processor (tests/support/host_card.h).

namespace bernoulli::card {

inline constexpr int kThreads = 256;             ///< of every block
inline constexpr int kGradientsResident = 3;     ///< GradientsBody's kResident
inline constexpr uint32_t kNoKey = 0xffffffffu;  ///< sort keys are below it
inline constexpr int kFold = 16;                 ///< numbers that one thread adds when a block sums

struct Place {
  int64_t block = 0;
  int64_t num_blocks = 1;
  int64_t thread = 0;
  /// Number of this thread in the grid, and the number of threads: for (i = first(); i < n; i += all()).
  BERNOULLI_HOST_DEVICE int64_t first() const { return block * kThreads + thread; }
  BERNOULLI_HOST_DEVICE int64_t all() const { return num_blocks * kThreads; }
};

/// A body whose threads keep nothing from phase to phase.
struct Plain {
  struct Own {};
  static constexpr bool kLooks = false;
  static constexpr bool kBlocksWait = false;
  static constexpr int kResident = 3;
  BERNOULLI_HOST_DEVICE Own prepare(const Place&, void*) const { return {}; }
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

/// W neighbouring features of a row, which a card reads and writes at once. W is 4 where rows are a multiple
/// of it, else 1.
template <int W>
struct alignas(W * sizeof(float)) Features {
  float v[W] = {};
};
template <int W>
BERNOULLI_HOST_DEVICE inline Features<W> load(const float* from) {
#if defined(__CUDA_ARCH__)
  return *reinterpret_cast<const Features<W>*>(from);
#else
  Features<W> x;
  std::memcpy(x.v, from, sizeof x.v);
  return x;
#endif
}
/// W numbers as read_fresh() reads one.
template <int W>
BERNOULLI_HOST_DEVICE inline Features<W> load_fresh(const float* from) {
#if defined(__CUDA_ARCH__)
  Features<W> x;
  if (W == 4) {
    const float4 all = __ldcg(reinterpret_cast<const float4*>(from));
    x = *reinterpret_cast<const Features<W>*>(&all);
  } else {
    for (int w = 0; w < W; ++w) x.v[w] = __ldcg(from + w);
  }
  return x;
#else
  return load<W>(from);
#endif
}
template <int W>
BERNOULLI_HOST_DEVICE inline void store(float* to, const Features<W>& x) {
#if defined(__CUDA_ARCH__)
  *reinterpret_cast<Features<W>*>(to) = x;
#else
  std::memcpy(to, x.v, sizeof x.v);
#endif
}
/// Of plain structures of whole 32-bit words, four at once where they are aligned so, in prepare().
template <class T>
BERNOULLI_HOST_DEVICE inline void copy_fresh(T* to, const T* from) {
  static_assert(sizeof(T) % sizeof(uint32_t) == 0);
#if defined(__CUDA_ARCH__)
  using Word = std::conditional_t<alignof(T) % sizeof(uint4) == 0, uint4, uint32_t>;
  for (size_t i = 0; i < sizeof(T) / sizeof(Word); ++i)
    reinterpret_cast<Word*>(to)[i] = read_fresh(reinterpret_cast<const Word*>(from) + i);
#else
  *to = *from;
#endif
}
/// `count` of them by all threads of a block, a word each. Neighbours ask for theirs together: what every
/// block asks for lies in one place, where a request a thread, or a warp, would wait for those of all others.
template <class T>
BERNOULLI_HOST_DEVICE inline void copy_together(T* to, const T* from, int64_t count, int64_t thread) {
  static_assert(sizeof(T) % sizeof(uint32_t) == 0);
  const int64_t words = count * static_cast<int64_t>(sizeof(T) / sizeof(uint32_t));
  for (int64_t i = thread; i < words; i += kThreads) {
#if defined(__CUDA_ARCH__)
    reinterpret_cast<uint32_t*>(to)[i] = read_fresh(reinterpret_cast<const uint32_t*>(from) + i);
#else
    const auto at = static_cast<size_t>(i) * sizeof(uint32_t);
    std::memcpy(reinterpret_cast<char*>(to) + at, reinterpret_cast<const char*>(from) + at, sizeof(uint32_t));
#endif
  }
}
template <int W>
BERNOULLI_HOST_DEVICE inline void add(Features<W>& to, const Features<W>& x) {
  for (int w = 0; w < W; ++w) to.v[w] += x.v[w];
}

/// The random words of W features, for the position and its neighbour (kernels::number_of_pair).
template <int W>
BERNOULLI_HOST_DEVICE inline void draw_pair(const kernels::DropoutDraws& draws, int64_t count,
                                            int64_t position, int64_t feature, uint32_t (&words)[W]) {
  const uint32_t n = kernels::number_of_pair(count, position, feature);
  for (int w = 0; w < W; ++w)
    words[w] = kernels::random_word(draws.key0, draws.key1, n + static_cast<uint32_t>(w));
}

/// What dropout needs to know of an example of the update.
struct alignas(16) ExampleDraws {
  int32_t kept = 0;  ///< tokens that word dropout left
  uint32_t key0 = 0;
  uint32_t key1 = 0;
  uint32_t unused = 0;
};

/// What an example's loss was like, summed over its labels.
struct Seen {
  double loss = 0;
  float max_abs_logit = 0;
  int32_t saturated = 0;
  int32_t wrong_and_dead = 0;
};
BERNOULLI_HOST_DEVICE inline void add(Seen& to, const Seen& x) {
  to.loss += x.loss;
  if (x.max_abs_logit > to.max_abs_logit) to.max_abs_logit = x.max_abs_logit;
  to.saturated += x.saturated;
  to.wrong_and_dead += x.wrong_and_dead;
}

/// A layer with the places of its numbers: of weight and bias among the head's, of input and output among
/// those that an example keeps.
struct HeadLayer {
  Layer layer;
  int64_t weight = 0;
  int64_t bias = 0;
  int64_t input = 0;
  int64_t output = 0;
};

/// A parameter of the head among the head's numbers.
struct HeadPart {
  int64_t begin = 0;
  int64_t columns = 0;
  int64_t input = 0;   ///< of its layer
  int64_t output = 0;  ///< of its layer
  bool is_bias = false;
  kernels::UpdateRule rule;
};

/// What a phase of ExamplesBody does.
struct ExamplePhase {
  enum class Kind : int32_t {
    kCountWords,
    kRankWords,
    kSumPositions,
    kFoldPositions,
    kFinishPool,
    kForward,
    kAddLanes,
    kLoss,
    kFoldSeen,
    kLogits,
    kBackward,
    kKeep,
    // Two in one, where a thread reads nothing of the second that another thread wrote in the first.
    kAddLanesAndLoss,
    kBackwardAndKeep
  };
  Kind kind = Kind::kKeep;
  int32_t layer = 0;
};

/// What a block of ExamplesBody knows of its example before it begins.
struct BlockFacts {
  uint64_t seed = 0;       ///< dropout's
  uint64_t word_seed = 0;  ///< word dropout's
  int64_t ranks = 0;       ///< where its tokens begin among View::ranks
  int32_t kept = 0;        ///< tokens that word dropout left, once they are counted
};
/// And of one of its labels.
struct LossInput {
  double weight = 1;      ///< of the example
  double divisor = 1;     ///< of the update
  double pos_weight = 1;  ///< of the label
  float target = 0;
};

/// Where what a block of ExamplesBody keeps lies in its memory, behind its partial sums. In bytes.
struct ExampleOffsets {
  int32_t turn = 0;
  int32_t facts = 0;
  int32_t loss_inputs = 0;
  int32_t seen = 0;
  int32_t layers = 0;
  int32_t phases = 0;
  int32_t values = 0;
  int32_t slopes = 0;
  int32_t end = 0;  ///< a multiple of what Features<4> are aligned to
};

/// The readings of an update among those of its piece, sorted or not.
struct Span {
  int64_t begin = 0;
  int64_t end = 0;
};
struct UpdateOfPiece : Update {
  Span readings;
};

/// What the launches of an update are told of it. There are two turns, which updates take alternately: while
/// an update is made, the turn of the next one is written.
struct Turn {
  /// Read at once, and first.
  struct alignas(16) Head {
    int32_t number = 0;   ///< of the update in its piece
    int32_t first = 0;    ///< of its examples
    int32_t size = -1;    ///< negative: the piece has no such update
    int32_t stopped = 0;  ///< 1: an update before was refused, and no weight moves any more
    BERNOULLI_HOST_DEVICE bool is_there() const { return size >= 0 && stopped == 0; }
  };
  Head head;
  UpdateOfPiece update;
};

/// What a block needs to know of an example of the piece, in one place.
struct alignas(16) ExampleOfPiece {
  int64_t begin = 0;  ///< of its tokens
  int64_t ranks = 0;  ///< readings of its update before its own
  int32_t row = 0;    ///< of the data
  int32_t count = 0;  ///< and what follows: as in Reading
  int32_t pads = 0;
  float scale = 1;
};

/// What the host says of the updates that are sorted at once, and the card's way through them.
struct StateOfPiece {
  int64_t num_updates = 0;  ///< of the piece
  int64_t done = 0;         ///< of them, that were not refused
  Turn turns[2];
};
struct State : StateOfPiece {
  int32_t refused = 0;   ///< 1: an update of the run was, and none follows
  uint32_t arrived = 0;  ///< blocks of GradientsBody that are done
  float clip = 1;        ///< factor on the gradient
};

struct Tables {
  float* w = nullptr;
  float* s0 = nullptr;
  float* s1 = nullptr;
};

/// Of the updates that are sorted at once. There is room for two pieces: the card sorts one while it works on
/// the other.
struct PieceView {
  const StateOfPiece* start = nullptr;  ///< what State begins the piece with
  const UpdateOfPiece* updates = nullptr;
  const int32_t* examples = nullptr;
  const int64_t* occurrence_begin = nullptr;  ///< by example of the run, and the end
  ExampleOfPiece* planned = nullptr;          ///< by example of the run
  const int32_t* update_of = nullptr;         ///< by example of the run
  const uint32_t* keys = nullptr;             ///< sorted: update * num_rows + row
  const uint32_t* occurrences = nullptr;      ///< beside keys; equal keys in the order of the examples
  /// [updates, row_words]: a bit a row, set where the update reads it. Only where the rest are swept by
  /// GradientsBody.
  uint32_t* rows_read = nullptr;
};

/// All pointers are of the device.
struct View : Settings, PieceView {
  // The model.
  int64_t dim = 0, num_rows = 0, num_parts = 0, head_size = 0;
  bool deferred = false;     ///< Sweep::kDeferred
  kernels::UpdateRule rule;  ///< of the embedding
  Tables embedding, head;
  /// Two launches an update: GradientsBody applies the rule, reads the tables above, and writes every number
  /// of these. Updates take them in turns, so that a refused one leaves all as it was. Else null, and
  /// ApplyBody writes the tables above.
  Tables next_embedding, next_head;
  const HeadLayer* layers = nullptr;
  const HeadPart* parts = nullptr;  ///< the embedding is none
  const ExamplePhase* training_phases = nullptr;
  const ExamplePhase* evaluation_phases = nullptr;
  int64_t num_training_phases = 0, num_evaluation_phases = 0;
  int position_bits = 0;  ///< of an occurrence, below its example's
  int64_t row_words = 0;  ///< of rows_read, an update
  const double* pos_weight = nullptr;
  const uint32_t* binomial = nullptr;
  // The data.
  Tokens tokens;
  const float* targets = nullptr;
  const float* weights = nullptr;
  // The run.
  State* state = nullptr;
  const Turn* turn = nullptr;  ///< of the update
  Turn* next_turn = nullptr;
  Record* records = nullptr;
  // One update.
  int64_t segments = 1;  ///< parts that the positions of an example are summed in
  int64_t logits = 0;    ///< where an example's logits begin
  int64_t width = 0;     ///< numbers an example keeps: what enters each layer, and the logits
  ExampleOffsets example;
  char* local = nullptr;          ///< of each block of ExamplesBody, where a block's own memory is too small
  ExampleDraws* draws = nullptr;  ///< [examples]
  /// Of each occurrence of the update, in the order of the examples: which of its example's tokens it is
  /// after word dropout; negative: it was taken out. Null where there is no word dropout.
  int32_t* ranks = nullptr;
  float* values = nullptr;            ///< [examples, width]
  float* slopes = nullptr;            ///< [examples, width]: gradients of values
  float* pooled_gradient = nullptr;   ///< [examples, dim]: of the sum over positions
  float* pad_gradient = nullptr;      ///< [examples, dim]: of the row of padding, where pads take part
  Seen* seen = nullptr;               ///< [examples]
  const Seen* seen_before = nullptr;  ///< of the update before; values and seen have room for two
  float* gradient = nullptr;          ///< [num_rows, dim]; of rows that the update reads
  int32_t* stamp = nullptr;  ///< [num_rows]: 1 + the update of the run that read the row last; 0: none did
  int32_t group_items = 1;   ///< occurrences that one thread sums
  int32_t groups = 1;        ///< of a block: threads that sum side by side
  int64_t tiles = 1;         ///< of a row's features: blocks beside each other
  int64_t head_blocks = 0;   ///< of GradientsBody; those of the embedding follow
  int64_t embedding_blocks = 0;  ///< then come those that sweep
  int64_t head_tile = kThreads;  ///< numbers of the head a block
  float* carry = nullptr;        ///< [chunks, dim]: of the run of equal keys that goes on behind the chunk
  uint32_t* carried = nullptr;   ///< by embedding block: 1 + the update of the run whose carry stands
  float* head_gradient = nullptr;
  /// [head_blocks + embedding_blocks, 2]: of the gradient, and of the clamped one
  double* squares = nullptr;
  uint8_t* not_finite = nullptr;  ///< [parameters]
};

/// Features of a row, by the W that a thread has at once.
template <int W>
BERNOULLI_HOST_DEVICE inline int64_t columns_of(const View& v) {
  return v.dim / W;
}

/// Whether GradientsBody applies the rule, too.
BERNOULLI_HOST_DEVICE inline bool applies_at_once(const View& v) { return v.next_embedding.w != nullptr; }

/// Of the update whose turn it is. It was written by launches before the one directly before any that asks:
/// by that of the update before, or the host.
BERNOULLI_HOST_DEVICE inline Turn::Head head_of_turn(const View& v) {
  Turn::Head head;
  copy_fresh(&head, &v.turn->head);
  return head;
}

BERNOULLI_HOST_DEVICE inline int32_t token(const Tokens& tokens, int64_t at) {
  return tokens.narrow != nullptr ? static_cast<int32_t>(read_fresh(tokens.narrow + at))
                                  : read_fresh(tokens.wide + at);
}

/// Threads of a block that an example's labels are given to.
BERNOULLI_HOST_DEVICE inline int64_t num_seen(const View& v) {
  return v.num_labels < kThreads ? v.num_labels : kThreads;
}

/// An example as the pool reads it.
struct Reading {
  int64_t begin = 0;  ///< of its tokens
  int32_t count = 0;
  int32_t pads = 0;
  float scale = 1;
};
BERNOULLI_HOST_DEVICE inline Reading reading_of(const View& v, int64_t row) {
  Reading r;
  r.begin = read_fresh(v.tokens.offsets + row);
  const int64_t length = read_fresh(v.tokens.offsets + row + 1) - r.begin;
  r.count =
      static_cast<int32_t>(v.sequence_length != 0 && length > v.sequence_length ? v.sequence_length : length);
  if (v.include_padding) r.pads = static_cast<int32_t>(v.sequence_length) - r.count;
  if (v.mean)
    r.scale = 1.0f / static_cast<float>(v.include_padding ? v.sequence_length : (length > 1 ? length : 1));
  return r;
}

/// One reading of an embedding row by an update: a token; or all padding of an example, whose position is
/// no_position().
struct Occurrence {
  int64_t example;  ///< place in the update
  int64_t position;
};
BERNOULLI_HOST_DEVICE inline int64_t no_position(const View& v) {
  return (int64_t{1} << v.position_bits) - 1;
}
BERNOULLI_HOST_DEVICE inline uint32_t packed(const View& v, const Occurrence& o) {
  return static_cast<uint32_t>(o.example << v.position_bits | o.position);
}
BERNOULLI_HOST_DEVICE inline Occurrence unpacked(const View& v, uint32_t o) {
  return {o >> v.position_bits, o & no_position(v)};
}

/// The row that occurrence `at` of an update of the run reads.
BERNOULLI_HOST_DEVICE inline int64_t row_of(const View& v, int64_t update, int64_t at) {
  return static_cast<int64_t>(v.keys[at]) - update * v.num_rows;
}
/// Whether occurrence `at` is the first of its row in the update.
BERNOULLI_HOST_DEVICE inline bool opens_row(const View& v, const Span& span, int64_t at) {
  return at == span.begin || v.keys[at] != v.keys[at - 1];
}

/// The parameter that a number of the head is of.
BERNOULLI_HOST_DEVICE inline const HeadPart* part_of(const View& v, int64_t number) {
  const HeadPart* part = v.parts + v.num_parts - 1;
  while (read_fresh(&part->begin) > number) --part;
  return part;
}

/// The gradient as the update reads it, before it is scaled.
BERNOULLI_HOST_DEVICE inline float clamped(const View& v, float g) {
  if (v.clip_value == 0) return g;
  const auto limit = static_cast<float>(v.clip_value);
  return g < -limit ? -limit : g > limit ? limit : g;
}

}  // namespace bernoulli::card
