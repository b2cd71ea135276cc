#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "kernels/cuda/examples_body.h"
#include "kernels/cuda/memory.h"
#include "kernels/cuda/sort_bodies.h"

namespace bernoulli::card {

inline constexpr int64_t kMostUpdates = 1024;               ///< of a run that is sorted at once
inline constexpr int64_t kMostExamples = int64_t{1} << 18;  ///< of such a run, unless one update has more
inline constexpr int64_t kMostOccurrences = int64_t{1} << 22;
inline constexpr int64_t kEvaluationRows = 1024;
inline constexpr int64_t kEvaluationTokens = int64_t{1} << 22;
inline constexpr int64_t kDeferFrom = 4;  ///< rows for each reading of an update
inline constexpr int64_t kBinomialEntries = 256 * 257 / 2;

/// The sizes of everything: a function of model, data and card.
class Layout {
 public:
  Layout(const Model& model, const Data& data, int64_t processors, int64_t shared_limit)
      : num_rows(model.parameters[0].rows),
        largest_update(data.largest_update),
        parameters_(model.parameters, model.parameters + model.num_parameters) {
    set_model(model);
    measure_head(model);
    measure_data(data);
    const int64_t dim = view_.dim;
    view_.segments = std::clamp<int64_t>(kThreads / dim, 1, 32);
    view_.partial_size = view_.segments * dim;
    for (int32_t i = 0; i < model.num_layers; ++i)
      view_.partial_size = std::max(view_.partial_size, model.layers[i].out * kernels::kLanes);
    if (view_.word_threshold != 0) view_.partial_size = std::max<int64_t>(view_.partial_size, kThreads);
    uses_local_ = ExamplesBody::local_bytes(view_) > shared_limit;
    most_updates = std::clamp(static_cast<int64_t>(kOneKey) / num_rows, int64_t{1}, kMostUpdates);
    const auto blocks = [&](int64_t items) {
      return std::clamp<int64_t>((items + kThreads - 1) / kThreads, 1, 8 * processors);
    };
    const int64_t sums = chunks_of(largest_occurrences) * dim;
    gradient_blocks = blocks(sums + chunks_of(largest_update) * view_.head_size);
    view_.num_squares = blocks(sums + view_.head_size);
    rests = view_.rule.weight_decay == 0 &&
            (view_.rule.kind == kernels::RuleKind::kSgd || view_.rule.kind == kernels::RuleKind::kAdagrad);
    view_.deferred = model.sweep == Sweep::kChoose ? rests || num_rows > kDeferFrom * largest_occurrences
                                                   : model.sweep == Sweep::kDeferred;
    read_blocks = blocks(largest_occurrences * dim + view_.head_size);
    sweep_blocks = blocks(num_rows * dim + view_.head_size);
  }

  /// The view with its arrays in the arena.
  Needs place(Arena& arena, View& view, RunMemory& run) const {
    Needs needs;
    view = view_;
    place_tables(arena, view);
    needs.tables = arena.size();
    needs.row = view.dim * static_cast<int64_t>(sizeof(float)) * (2 + num_slots_) +
                static_cast<int64_t>(sizeof(int32_t));
    place_data(arena, view);
    needs.data = arena.size() - needs.tables;
    place_model(arena, view);
    place_run(arena, view, run);
    place_update(arena, view);
    needs.all = arena.size();
    return needs;
  }

  int64_t num_parameters() const { return static_cast<int64_t>(parameters_.size()); }
  int64_t count(int32_t parameter) const {
    const Parameter& p = parameters_[static_cast<size_t>(parameter)];
    return p.rows * p.columns;
  }
  int64_t occurrences(int32_t example) const { return occurrences_[static_cast<size_t>(example)]; }

  /// How many of the updates, one at least, are sorted at once.
  int64_t updates_that_fit(const int32_t* examples, const Update* updates, int64_t count) const {
    int64_t num_examples = 0, total = 0, fit = 0;
    for (; fit < std::min(count, most_updates); ++fit) {
      int64_t own = 0;
      for (int64_t e = 0; e < updates[fit].size; ++e) own += occurrences(examples[updates[fit].first + e]);
      if (updates[fit].size > largest_update || own > largest_occurrences)
        throw Failure{Status::kFailed, "an update is larger than create() was told"};
      num_examples += updates[fit].size;
      total += own;
      if (fit > 0 && (num_examples > most_examples || total > most_occurrences)) break;
    }
    return fit;
  }

  /// Passes of the sort of a run; even or odd as those of the longest run are, so that the result stands at
  /// one place.
  int passes(int64_t num_updates) const {
    const auto needed = [&](int64_t updates) {
      return passes_for(static_cast<uint64_t>(updates * num_rows - 1));
    };
    const int own = needed(num_updates);
    return own + (needed(most_updates) - own) % 2;
  }

  int64_t num_rows;
  int64_t largest_update;
  int64_t largest_occurrences = 0;  ///< of an update
  int64_t most_updates = 1;
  int64_t most_examples = 0;
  int64_t most_occurrences = 0;
  int64_t gradient_blocks = 1;
  int64_t read_blocks = 1;   ///< for the rows that an update reads
  int64_t sweep_blocks = 1;  ///< for the whole table
  bool rests = false;        ///< the rule leaves rows without gradient as they are
  int64_t num_binomial = 0;
  std::vector<HeadPart> parts;
  std::vector<int64_t> width_begin;

 private:
  void set_model(const Model& m) {
    view_.dim = m.parameters[0].columns;
    view_.num_rows = num_rows;
    view_.num_labels = m.num_labels;
    view_.num_layers = m.num_layers;
    view_.sequence_length = m.sequence_length;
    view_.token_threshold = m.token_threshold;
    view_.word_threshold = m.word_threshold;
    view_.mean = m.mean;
    view_.include_padding = m.include_padding;
    view_.rule = m.parameters[0].rule;
    view_.clip_norm = m.clip_norm;
    view_.clip_value = m.clip_value;
    view_.seed = m.seed;
    view_.saturated_from = m.saturated_from;
    view_.saturated_until = m.saturated_until;
    view_.negatives_dead_from = m.negatives_dead_from;
    view_.positives_dead_until = m.positives_dead_until;
    view_.loss = m.loss;
    num_slots_ = m.num_slots;
    num_binomial = m.token_threshold != 0 && m.include_padding ? kBinomialEntries : 0;
  }

  void measure_head(const Model& model) {
    width_begin = {0};
    view_.width = view_.dim;
    for (int32_t p = 1; p < model.num_parameters; ++p) {
      HeadPart part;
      part.begin = view_.head_size;
      part.columns = model.parameters[p].columns;
      part.rule = model.parameters[p].rule;
      parts.push_back(part);
      view_.head_size += count(p);
    }
    for (int32_t i = 0; i < model.num_layers; ++i) {
      const Layer& layer = model.layers[i];
      width_begin.push_back(view_.width);
      view_.width += layer.out;
      if (layer.kind != Layer::Kind::kLinear) continue;
      const auto weight = static_cast<size_t>(layer.parameter) - 1;
      parts[weight].layer = i;
      if (!layer.has_bias) continue;
      parts[weight + 1].layer = i;
      parts[weight + 1].is_bias = true;
    }
    view_.num_parts = static_cast<int64_t>(parts.size());
  }

  void measure_data(const Data& data) {
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
    most_occurrences = std::max(largest_occurrences, std::min(all, kMostOccurrences));
  }

  void place_tables(Arena& arena, View& v) const {
    const int64_t size = num_rows * v.dim;
    v.embedding.w = arena.take<float>(size);
    if (num_slots_ > 0) v.embedding.s0 = arena.take<float>(size);
    if (num_slots_ > 1) v.embedding.s1 = arena.take<float>(size);
    v.gradient = arena.take<float>(size);
    v.stamp = arena.take<int32_t>(num_rows);
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
    v.head.w = arena.take<float>(v.head_size);
    if (num_slots_ > 0) v.head.s0 = arena.take<float>(v.head_size);
    if (num_slots_ > 1) v.head.s1 = arena.take<float>(v.head_size);
    v.layers = arena.take<Layer>(v.num_layers);
    v.parts = arena.take<HeadPart>(v.num_parts);
    v.width_begin = arena.take<int64_t>(v.num_layers + 1);
    v.pos_weight = arena.take<double>(v.num_labels);
    v.binomial = arena.take<uint32_t>(num_binomial);
  }
  void place_run(Arena& arena, View& v, RunMemory& run) const {
    v.state = arena.take<State>(1);
    v.updates = arena.take<Update>(most_updates);
    v.records = arena.take<Record>(most_updates);
    v.examples = arena.take<int32_t>(most_examples);
    v.update_of = arena.take<int32_t>(most_examples);
    v.occurrence_begin = arena.take<int64_t>(most_examples + 1);
    for (SortSide* side : {&run.sorted, &run.other}) {
      side->keys = arena.take<uint32_t>(most_occurrences);
      side->occurrences = arena.take<Occurrence>(most_occurrences);
    }
    v.keys = run.sorted.keys;
    v.occurrences = run.sorted.occurrences;
    run.tile_counts = arena.take<uint32_t>((most_occurrences / kTile + 1) * kDigits);
    run.digit_counts = arena.take<uint32_t>(kDigits);
  }
  void place_update(Arena& arena, View& v) const {
    const int64_t block = v.partial_size + 2 * v.width;
    v.local = uses_local_ ? arena.take<float>(std::max(largest_update, kEvaluationRows) * block) : nullptr;
    v.places = arena.take<ExampleState>(largest_update);
    v.ranks = v.word_threshold != 0 ? arena.take<int32_t>(largest_occurrences) : nullptr;
    v.values = arena.take<float>(largest_update * v.width);
    v.slopes = arena.take<float>(largest_update * v.width);
    v.pooled_gradient = arena.take<float>(largest_update * v.dim);
    v.entry_loss = arena.take<double>(largest_update * v.num_labels);
    v.carry = arena.take<float>(chunks_of(largest_occurrences) * v.dim);
    v.head_partial = arena.take<float>(chunks_of(largest_update) * v.head_size);
    v.head_gradient = arena.take<float>(v.head_size);
    v.squares = arena.take<double>(2 * v.num_squares);
    v.not_finite = arena.take<uint8_t>(num_parameters());
  }

  std::vector<Parameter> parameters_;
  std::vector<int64_t> occurrences_;  ///< by example
  View view_;                         ///< without its arrays
  int64_t num_slots_ = 0, num_examples_ = 0, num_tokens_ = 0;
  bool narrow_ = false, weighted_ = false, uses_local_ = false;
};

}  // namespace bernoulli::card
