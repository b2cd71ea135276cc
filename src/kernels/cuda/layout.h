#pragma once

#include <algorithm>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

#include "kernels/cuda/memory.h"
#include "kernels/cuda/update_summary.h"
#include "kernels/cuda/view.h"

namespace bernoulli::card {

inline constexpr int64_t kMostUpdates = 1024;               ///< that the host is told of at once
inline constexpr int64_t kMostExamples = int64_t{1} << 18;  ///< sorted at once, unless one update has more
// Evaluated at once, by the memory that is kept for it.
inline constexpr int64_t kEvaluationRows = 1024;
inline constexpr int64_t kEvaluationTokens = int64_t{1} << 22;
inline constexpr int64_t kRowBits = int64_t{1} << 26;  ///< View::rows_read, unless an update has more
inline constexpr int64_t kDeferFrom = 4;               ///< rows for each reading of an update
inline constexpr int64_t kBinomialEntries = 256 * 257 / 2;
inline constexpr int64_t kMostSegments = 64;  ///< that the positions of an example are summed in
// Of the blocks that sum the gradient of the embedding: enough of them for a large card before a thread sums
// more than one reading, then at most so many readings a thread and a block.
inline constexpr int64_t kChunks = 256;
inline constexpr int64_t kGroupItems = 16;
inline constexpr int64_t kChunkItems = 1024;
inline constexpr int64_t kHeadTile = 4;  ///< numbers of the head a block, unless these are many blocks

inline int bit_width(uint64_t number) {
  int bits = 0;
  for (; number != 0; number >>= 1) ++bits;
  return bits;
}

/// What only the sort of a run uses, and its pieces.
struct RunMemory {
  PieceView pieces[2];
  uint32_t* keys = nullptr;  ///< in the order of the examples
  uint32_t* occurrences = nullptr;
  void* sort = nullptr;
  Record* records = nullptr;  ///< of all pieces
};

/// The sizes of everything: a function of model, data and card.
class Layout {
 public:
  Layout(const Model& model, const Data& data, int64_t processors, int64_t shared_limit,
         int64_t sorted_at_once)
      : num_rows(model.parameters[0].rows),
        largest_update(data.largest_update),
        parameters_(model.parameters, model.parameters + model.num_parameters) {
    set_model(model);
    measure_head(model);
    measure_data(data, sorted_at_once);
    number_occurrences();
    divide_work(processors);
    place_example();
    uses_local_ = view_.example.end > shared_limit;
    rests = view_.rule.weight_decay == 0 &&
            (view_.rule.kind == kernels::RuleKind::kSgd || view_.rule.kind == kernels::RuleKind::kAdagrad);
    view_.deferred = model.sweep == Sweep::kChoose ? rests || num_rows > kDeferFrom * largest_occurrences
                                                   : model.sweep == Sweep::kDeferred;
    at_once = !view_.deferred && view_.clip_norm == 0;
    const int64_t numbered = at_once ? kRowBits : static_cast<int64_t>(kNoKey);
    most_updates = std::clamp(numbered / num_rows, int64_t{1}, kMostUpdates);
    view_.row_words = at_once ? (num_rows + 31) / 32 : 0;
    // The sweep shall find room beside the sums. What does not begins when others are done: where the sums
    // leave next to none, all of it does, and has the whole card.
    const int64_t all = kGradientsResident * processors;
    const int64_t room = all - view_.head_blocks - view_.embedding_blocks;
    if (at_once) sweep_blocks = std::min(sweep_blocks, room < processors ? all : room);
  }

  /// The view with its arrays in the arena. @param sort_bytes  what sorting most_occurrences needs
  Needs place(Arena& arena, int64_t sort_bytes, View& view, RunMemory& run) const {
    Needs needs;
    view = view_;
    place_tables(arena, view);
    needs.tables = arena.size();
    const int64_t tables = 1 + num_slots_;
    needs.row = view.dim * static_cast<int64_t>(sizeof(float)) * (at_once ? 2 * tables : tables + 1) +
                (at_once ? 0 : static_cast<int64_t>(sizeof(int32_t)));
    place_data(arena, view);
    needs.data = arena.size() - needs.tables;
    place_model(arena, view);
    place_run(arena, sort_bytes, view, run);
    place_update(arena, view);
    needs.all = arena.size();
    return needs;
  }

  /// The arrays of a piece that the host writes.
  void place_from_host(Arena& arena, PieceView& piece) const {
    piece.start = arena.take<StateOfPiece>(1);
    piece.updates = arena.take<UpdateOfPiece>(most_updates);
    piece.examples = arena.take<int32_t>(most_examples);
    piece.update_of = arena.take<int32_t>(most_examples);
    piece.occurrence_begin = arena.take<int64_t>(most_examples + 1);
  }

  /// Features that a thread of the embedding's kernels has at once.
  int width() const { return width_; }
  int64_t num_parameters() const { return static_cast<int64_t>(parameters_.size()); }
  int64_t count(int32_t parameter) const {
    const Parameter& p = parameters_[static_cast<size_t>(parameter)];
    return p.rows * p.columns;
  }
  int64_t occurrences(int32_t example) const { return occurrences_[static_cast<size_t>(example)]; }
  int64_t gradient_blocks() const {
    const int64_t sums = view_.head_blocks + view_.embedding_blocks;
    return at_once ? sums + sweep_blocks : std::max<int64_t>(sums, 1);  // one has the last word
  }
  /// The view of an update whose turn it is. @param turn  0 or 1; where updates are made in two launches, the
  /// weights are those of that copy of the tables, and the other one becomes the next weights
  View view_of(const View& view, int64_t turn) const {
    View v = view;
    v.turn = view.state->turns + turn;
    v.next_turn = view.state->turns + (1 - turn);
    if (turn == 0) return v;
    if (at_once) {
      std::swap(v.embedding, v.next_embedding);
      std::swap(v.head, v.next_head);
    }
    v.values += largest_update * view.width;
    v.seen_before = view.seen;
    v.seen += largest_update;
    return v;
  }

  int64_t num_rows;
  int64_t largest_update;
  int64_t largest_occurrences = 0;  ///< of an update
  int64_t most_updates = 1;
  int64_t most_examples = 0;
  int64_t most_occurrences = 0;
  int64_t read_blocks = 1;   ///< for the rows that an update reads
  int64_t sweep_blocks = 1;  ///< for the whole table
  bool at_once = false;      ///< GradientsBody applies the rule
  bool rests = false;        ///< the rule leaves rows without gradient as they are
  int64_t num_binomial = 0;
  std::vector<HeadLayer> layers;
  std::vector<HeadPart> parts;
  std::vector<ExamplePhase> training_phases;
  std::vector<ExamplePhase> evaluation_phases;

 private:
  void set_model(const Model& m) {
    static_cast<Settings&>(view_) = m;
    view_.dim = m.parameters[0].columns;
    width_ = view_.dim % 4 == 0 ? 4 : 1;
    view_.num_rows = num_rows;
    view_.rule = m.parameters[0].rule;
    num_slots_ = m.num_slots;
    num_binomial = m.token_threshold != 0 && m.include_padding ? kBinomialEntries : 0;
  }

  void measure_head(const Model& model) {
    for (int32_t p = 1; p < model.num_parameters; ++p) {
      HeadPart part;
      part.begin = view_.head_size;
      part.columns = model.parameters[p].columns;
      part.rule = model.parameters[p].rule;
      parts.push_back(part);
      view_.head_size += count(p);
    }
    view_.width = view_.dim;
    for (int64_t i = 0; i < model.num_layers; ++i) {
      HeadLayer at;
      at.layer = model.layers[i];
      at.input = view_.logits;
      at.output = view_.logits = view_.width;
      view_.width += at.layer.out;
      if (at.layer.kind == Layer::Kind::kLinear) {
        const auto weight = static_cast<size_t>(at.layer.parameter) - 1;
        at.weight = take_part(weight, at);
        if (at.layer.has_bias) at.bias = take_part(weight + 1, at);
        if (at.layer.has_bias) parts[weight + 1].is_bias = true;
      }
      layers.push_back(at);
    }
    view_.num_parts = static_cast<int64_t>(parts.size());
    list_phases();
  }
  int64_t take_part(size_t number, const HeadLayer& layer) {
    parts[number].input = layer.input;
    parts[number].output = layer.output;
    return parts[number].begin;
  }

  void list_phases() {
    using Kind = ExamplePhase::Kind;
    const auto add = [&](std::vector<ExamplePhase>& to, Kind kind, size_t layer = 0) {
      to.push_back({kind, static_cast<int32_t>(layer)});
    };
    view_.segments = std::clamp<int64_t>(kThreads / (view_.dim / width_), 1, kMostSegments);
    if (view_.word_threshold != 0) {
      add(training_phases, Kind::kCountWords);
      add(training_phases, Kind::kRankWords);
    }
    for (std::vector<ExamplePhase>* const to : {&training_phases, &evaluation_phases}) {
      add(*to, Kind::kSumPositions);
      add(*to, Kind::kFoldPositions);
      add(*to, Kind::kFinishPool);
      for (size_t i = 0; i < layers.size(); ++i) {
        add(*to, Kind::kForward, i);
        if (layers[i].layer.kind == Layer::Kind::kLinear) add(*to, Kind::kAddLanes, i);
      }
    }
    add(evaluation_phases, Kind::kLogits);
    // The thread that has a logit takes its loss; the one that has a slope of the pool keeps it.
    if (training_phases.back().kind == Kind::kAddLanes) {
      training_phases.back().kind = Kind::kAddLanesAndLoss;
    } else {
      add(training_phases, Kind::kLoss);
    }
    if (view_.num_labels > kFold) add(training_phases, Kind::kFoldSeen);
    for (size_t i = layers.size(); i > 1; --i) add(training_phases, Kind::kBackward, i - 1);
    add(training_phases, layers.empty() ? Kind::kKeep : Kind::kBackwardAndKeep);
    view_.num_training_phases = static_cast<int64_t>(training_phases.size());
    view_.num_evaluation_phases = static_cast<int64_t>(evaluation_phases.size());
  }

  void measure_data(const Data& data, int64_t sorted_at_once) {
    num_examples_ = data.tokens.size;
    num_tokens_ = data.tokens.offsets[num_examples_] - data.tokens.offsets[0];
    narrow_ = data.tokens.narrow != nullptr;
    weighted_ = data.weights != nullptr;
    View view = view_;
    view.tokens = data.tokens;
    int64_t all = 0;
    for (int64_t i = 0; i < num_examples_; ++i) {
      const Reading r = reading_of(view, i);
      occurrences_.push_back(r.count + (r.pads > 0 ? 1 : 0));
      all += occurrences_.back();
    }
    std::vector<int64_t> largest = occurrences_;
    std::sort(largest.begin(), largest.end(), std::greater<>());
    for (int64_t i = 0; i < std::min(largest_update, num_examples_); ++i)
      largest_occurrences += largest[static_cast<size_t>(i)];
    most_examples = std::max(largest_update, kMostExamples);
    most_occurrences = std::max(largest_occurrences, std::min(all, sorted_at_once));
    longest_ = largest.empty() ? 0 : largest.front();
  }

  void number_occurrences() {
    view_.position_bits = bit_width(static_cast<uint64_t>(longest_));
    if (view_.position_bits + bit_width(static_cast<uint64_t>(largest_update - 1)) > 32)
      throw Failure{Status::kNoRoom,
                    "the fused CUDA engine numbers the readings of an update in 32 bits, too few for " +
                        std::to_string(largest_update) + " examples of up to " + std::to_string(longest_) +
                        " tokens: set text.sequence_length, or lower training.batch_size"};
  }

  /// What a thread does, and how many of them are asked for. Sums are cut by these sizes, so that none but
  /// the blocks that sweep or apply, which sum nothing, may depend on the card.
  void divide_work(int64_t processors) {
    const int64_t columns = view_.dim / width_;
    partial_size_ = view_.segments * view_.dim;
    for (const HeadLayer& at : layers)
      partial_size_ = std::max(partial_size_, at.layer.out * kernels::kLanes);
    if (view_.word_threshold != 0) partial_size_ = std::max<int64_t>(partial_size_, kThreads);

    view_.tiles = (columns + kThreads - 1) / kThreads;
    const int64_t groups = kThreads / std::min<int64_t>(columns, kThreads);
    const int64_t most = std::min(kGroupItems, kChunkItems / groups);
    view_.groups = static_cast<int32_t>(groups);
    view_.group_items =
        static_cast<int32_t>(std::clamp<int64_t>(largest_occurrences / (groups * kChunks), 1, most));
    const int64_t items = groups * view_.group_items;
    view_.embedding_blocks = (largest_occurrences + items - 1) / items * view_.tiles;
    view_.head_tile = kHeadTile;
    while (view_.head_tile < kThreads && view_.head_tile * kChunks < view_.head_size) view_.head_tile *= 2;
    view_.head_blocks = (view_.head_size + view_.head_tile - 1) / view_.head_tile;

    const auto blocks = [&](int64_t threads) {
      return std::clamp<int64_t>((threads + kThreads - 1) / kThreads, 1, 8 * processors);
    };
    read_blocks = blocks(std::max(largest_occurrences * columns, view_.head_size));
    sweep_blocks = blocks(std::max(num_rows * columns, view_.head_size));
  }

  void place_example() {
    ExampleOffsets& at = view_.example;
    int64_t bytes = 0;
    const auto take = [&](int64_t count, size_t size) {
      const int64_t begin = bytes;
      bytes = (bytes + count * static_cast<int64_t>(size) + 15) / 16 * 16;
      if (bytes > std::numeric_limits<int32_t>::max())
        throw Failure{Status::kNoRoom, "the layers are too wide for the fused CUDA engine: use --device cpu"};
      return static_cast<int32_t>(begin);
    };
    take(std::max<int64_t>(partial_size_ * static_cast<int64_t>(sizeof(float)), sizeof(TurnKeeper::Memory)),
         1);
    at.turn = take(1, sizeof(Turn));
    at.facts = take(1, sizeof(BlockFacts));
    at.loss_inputs = take(num_seen(view_), sizeof(LossInput));
    at.seen = take(num_seen(view_), sizeof(Seen));
    at.layers = take(view_.num_layers, sizeof(HeadLayer));
    at.phases = take(std::max(view_.num_training_phases, view_.num_evaluation_phases), sizeof(ExamplePhase));
    at.values = take(view_.width, sizeof(float));
    at.slopes = take(view_.width, sizeof(float));
    at.end = static_cast<int32_t>(bytes);
  }

  Tables take_tables(Arena& arena, int64_t size) const {
    Tables tables;
    tables.w = arena.take<float>(size);
    if (num_slots_ > 0) tables.s0 = arena.take<float>(size);
    if (num_slots_ > 1) tables.s1 = arena.take<float>(size);
    return tables;
  }
  void place_tables(Arena& arena, View& v) const {
    const int64_t size = num_rows * v.dim;
    v.embedding = take_tables(arena, size);
    if (at_once) v.next_embedding = take_tables(arena, size);
    v.gradient = at_once ? nullptr : arena.take<float>(size);
    v.stamp = at_once ? nullptr : arena.take<int32_t>(num_rows);
  }
  void place_data(Arena& arena, View& v) const {
    v.tokens.narrow = narrow_ ? arena.take<uint16_t>(num_tokens_ + 1) : nullptr;
    v.tokens.wide = narrow_ ? nullptr : arena.take<int32_t>(num_tokens_ + 1);
    v.tokens.offsets = arena.take<int64_t>(num_examples_ + 1);
    v.tokens.size = num_examples_;
    v.targets = arena.take<float>(num_examples_ * v.num_labels);
    v.weights = weighted_ ? arena.take<float>(num_examples_) : nullptr;
  }
  void place_model(Arena& arena, View& v) const {
    v.head = take_tables(arena, v.head_size);
    if (at_once) v.next_head = take_tables(arena, v.head_size);
    v.layers = arena.take<HeadLayer>(v.num_layers);
    v.parts = arena.take<HeadPart>(v.num_parts);
    v.training_phases = arena.take<ExamplePhase>(v.num_training_phases);
    v.evaluation_phases = arena.take<ExamplePhase>(v.num_evaluation_phases);
    v.pos_weight = arena.take<double>(v.num_labels);
    v.binomial = arena.take<uint32_t>(num_binomial);
  }
  void place_run(Arena& arena, int64_t sort_bytes, View& v, RunMemory& run) const {
    v.state = arena.take<State>(1);
    v.records = arena.take<Record>(most_updates);
    for (PieceView& piece : run.pieces) place_piece(arena, piece);
    run.keys = arena.take<uint32_t>(most_occurrences);
    run.occurrences = arena.take<uint32_t>(most_occurrences);
    run.sort = arena.take<char>(sort_bytes);
    run.records = arena.take<Record>(kMostUpdates);
  }
  void place_piece(Arena& arena, PieceView& piece) const {
    place_from_host(arena, piece);
    piece.planned = arena.take<ExampleOfPiece>(most_examples);
    piece.keys = arena.take<uint32_t>(most_occurrences);
    piece.occurrences = arena.take<uint32_t>(most_occurrences);
    piece.rows_read = arena.take<uint32_t>(most_updates * view_.row_words);
  }
  void place_update(Arena& arena, View& v) const {
    v.local = uses_local_ ? arena.take<char>(std::max(largest_update + 1, kEvaluationRows) * v.example.end)
                          : nullptr;
    v.draws = arena.take<ExampleDraws>(largest_update);
    v.ranks = v.word_threshold != 0 ? arena.take<int32_t>(largest_occurrences) : nullptr;
    v.values = arena.take<float>(2 * largest_update * v.width);
    v.slopes = arena.take<float>(largest_update * v.width);
    v.pooled_gradient = arena.take<float>(largest_update * v.dim);
    v.pad_gradient = v.include_padding ? arena.take<float>(largest_update * v.dim) : nullptr;
    v.seen = arena.take<Seen>(2 * largest_update);
    v.seen_before = v.seen + (v.seen == nullptr ? 0 : largest_update);
    v.carry = arena.take<float>(v.embedding_blocks / v.tiles * v.dim);
    v.carried = arena.take<uint32_t>(v.embedding_blocks);
    v.head_gradient = at_once ? nullptr : arena.take<float>(v.head_size);
    v.squares = arena.take<double>(2 * (v.head_blocks + v.embedding_blocks));
    v.not_finite = arena.take<uint8_t>(num_parameters());
  }

  std::vector<Parameter> parameters_;
  std::vector<int64_t> occurrences_;  ///< by example
  View view_;                         ///< without its arrays
  int width_ = 1;
  int64_t partial_size_ = 0;  ///< numbers that a block of ExamplesBody keeps for partial sums
  int64_t num_slots_ = 0, num_examples_ = 0, num_tokens_ = 0, longest_ = 0;
  bool narrow_ = false, weighted_ = false, uses_local_ = false;
};

}  // namespace bernoulli::card
