#pragma once

#include <algorithm>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "kernels/cuda/examples_body.h"
#include "kernels/cuda/gradients_body.h"
#include "kernels/cuda/layout.h"
#include "kernels/cuda/memory.h"
#include "kernels/cuda/occurrences_body.h"
#include "kernels/cuda/update_bodies.h"

namespace bernoulli::card {

/// Training on a card: what lies where, and which launches make an update. `Card` is CUDA's (fused.cu) or the
/// processor's (tests/support/host_card.h). It throws Failure, and does what it is asked one after the other:
/// - allocate_host(bytes), free_host(memory): the host's memory, for prepare();
/// - allocate(bytes), null where there is no room, free(memory), free_bytes();
/// - put(to, from, bytes), get(to, from, bytes) between the card's memory and the host's; put() may leave the
///   work to the card once `from` was read; copy(to, from, bytes), zero(at, bytes) within the card's;
/// - launch(body, blocks, shared_bytes): a body of view.h;
/// - repeat(slot, launches, first, times): launches(turn) at least so often, with the turns first, 1 - first,
///   first, ... of 0 and 1; those of a slot and a turn are always the same, and a card may have recorded
///   them;
/// - prepare(slot, call): what `call` asks for, in its order, may be done beside all else, but after what was
///   asked for before release(slot); it puts from allocate_host() memory, read until await_on_host(slot)
///   returns. What is asked for after await_prepared(slot) is done after it. There are two slots;
/// - time_launches(): from here on; launch_times(): what they took, by body, and no more are timed;
/// - sort(keys, values, sorted_keys, sorted_values, count, bits, memory): stably, by the lowest `bits` of the
///   keys, in memory of sort_bytes(count);
/// - processors(); shared_limit(): of a block, in bytes;
/// - sorted_at_once(): readings, unless an update has more.
template <class Card>
class Program {
 public:
  Program(Card& card, const Model& model, const Data& data, const float* const* weights)
      : card_(card), layout_(model, data, card.processors(), card.shared_limit(), card.sorted_at_once()) {
    Arena measure(nullptr);
    View ignored;
    RunMemory ignored_too;
    sort_bytes_ = card_.sort_bytes(layout_.most_occurrences);
    const Needs needs = layout_.place(measure, sort_bytes_, ignored, ignored_too);
    memory_.reset(card_.allocate(needs.all));
    if (memory_ == nullptr) throw no_room(needs, layout_.num_rows, card_.free_bytes());
    Arena arena(memory_.get());
    layout_.place(arena, sort_bytes_, view_, run_);
    card_.zero(memory_.get(), needs.all);
    allocate_staging();
    put_model(model);
    put_data(data);
    for (int32_t p = 0; p < model.num_parameters; ++p) {
      write(p, 0, weights[p]);
      if (model.initial_slot == 0) continue;
      const std::vector<float> initial(static_cast<size_t>(layout_.count(p)), model.initial_slot);
      for (int32_t slot = 1; slot <= model.num_slots; ++slot) write(p, slot, initial.data());
    }
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void run(const int32_t* examples, const Update* updates, int64_t num_updates, Record* records) {
    for (int64_t done = 0; done < num_updates; done += kMostUpdates) {
      const int64_t count = std::min(num_updates - done, kMostUpdates);
      run_some(examples, updates + done, count, records + done);
      if (records[done + count - 1].outcome != Outcome::kDone) return;
    }
  }

  std::vector<KernelTime> profile(const int32_t* examples, const Update* updates, int64_t num_updates,
                                  Record* records) {
    card_.time_launches();
    run(examples, updates, num_updates, records);
    return card_.launch_times();
  }

  void refused(float* logits, uint8_t* parameters) {
    std::vector<float> values(static_cast<size_t>(refused_size_ * view_.width));
    get_array(values, layout_.view_of(view_, refused_turn_).values);
    for (int64_t e = 0; e < refused_size_; ++e) {
      const float* const row = values.data() + e * view_.width + view_.logits;
      std::copy_n(row, view_.num_labels, logits + e * view_.num_labels);
    }
    card_.get(parameters, view_.not_finite, layout_.num_parameters());
  }

  void read(int32_t parameter, int32_t table, float* out) {
    card_.get(out, place_of(parameter, table), bytes_of(parameter));
  }
  void write(int32_t parameter, int32_t table, const float* values) {
    card_.put(place_of(parameter, table), values, bytes_of(parameter));
  }

  void logits(const Tokens& tokens, float* out) {
    for (int64_t begin = 0; begin < tokens.size;) {
      int64_t end = begin + 1;
      while (end < tokens.size && end - begin < kEvaluationRows &&
             tokens.offsets[end + 1] - tokens.offsets[begin] <= kEvaluationTokens)
        ++end;
      logits_of_piece(tokens, begin, end, out + begin * view_.num_labels);
      begin = end;
    }
  }

 private:
  template <class T>
  void put_array(const T* to, const std::vector<T>& from) {
    card_.put(const_cast<T*>(to), from.data(), static_cast<int64_t>(from.size() * sizeof(T)));
  }
  template <class T>
  void get_array(std::vector<T>& to, const T* from) {
    card_.get(to.data(), from, static_cast<int64_t>(to.size() * sizeof(T)));
  }

  template <class T>
  void zero_array(T* at, int64_t count) {
    card_.zero(at, count * static_cast<int64_t>(sizeof(T)));
  }

  void put_model(const Model& model) {
    put_array(view_.layers, layout_.layers);
    put_array(view_.parts, layout_.parts);
    put_array(view_.training_phases, layout_.training_phases);
    put_array(view_.evaluation_phases, layout_.evaluation_phases);
    put_array(view_.pos_weight, std::vector<double>(model.pos_weight, model.pos_weight + model.num_labels));
    if (layout_.num_binomial > 0)
      put_array(view_.binomial, std::vector<uint32_t>(model.binomial, model.binomial + layout_.num_binomial));
  }

  void put_data(const Data& data) {
    put_tokens(data.tokens, view_.tokens, 0, data.tokens.size);
    card_.put(const_cast<float*>(view_.targets), data.targets,
              data.tokens.size * view_.num_labels * static_cast<int64_t>(sizeof(float)));
    if (data.weights != nullptr)
      card_.put(const_cast<float*>(view_.weights), data.weights,
                data.tokens.size * static_cast<int64_t>(sizeof(float)));
  }

  void put_tokens(const Tokens& from, const Tokens& to, int64_t begin, int64_t end) {
    std::vector<int64_t> offsets(from.offsets + begin, from.offsets + end + 1);
    const int64_t first = offsets.front();
    for (int64_t& offset : offsets) offset -= first;
    put_array(to.offsets, offsets);
    if (from.narrow != nullptr)
      card_.put(const_cast<uint16_t*>(to.narrow), from.narrow + first, offsets.back() * 2);
    else
      card_.put(const_cast<int32_t*>(to.wide), from.wide + first, offsets.back() * 4);
  }

  void allocate_staging() {
    Arena measure(nullptr);
    PieceView ignored;
    layout_.place_from_host(measure, ignored);
    for (Slot& slot : slots_) {
      slot.memory.reset(card_.allocate_host(measure.size()));
      Arena arena(slot.memory.get());
      layout_.place_from_host(arena, slot.staging);
    }
  }

  /// At most kMostUpdates. The host puts a piece together, and the card sorts it, while the card works on the
  /// one before.
  void run_some(const int32_t* examples, const Update* updates, int64_t num_updates, Record* records) {
    zero_array(view_.state, 1);
    zero_array(view_.not_finite, layout_.num_parameters());
    for (const int64_t slot : {0, 1}) card_.release(slot);
    std::vector<int64_t> pieces;  // where they begin
    for (int64_t done = 0; done < num_updates;) {
      const auto slot = static_cast<int64_t>(pieces.size() % 2);
      const int64_t count = take_piece(examples, updates + done, num_updates - done);
      pieces.push_back(done);
      prepare_piece(slot, turn_after(done));
      run_piece(slot, turn_after(done));
      card_.copy(run_.records + done, view_.records, count * static_cast<int64_t>(sizeof(Record)));
      card_.release(slot);
      done += count;
    }
    card_.get(records, run_.records, num_updates * static_cast<int64_t>(sizeof(Record)));
    const auto is_refused = [](const Record& record) { return record.outcome != Outcome::kDone; };
    const int64_t made = std::find_if(records, records + num_updates, is_refused) - records;
    if (made < num_updates) {
      const int64_t piece = *(std::upper_bound(pieces.begin(), pieces.end(), made) - 1);
      refused_size_ = updates[made].size;
      refused_turn_ = (turn_after(piece) + made - piece) % 2;
    }
    copy_ = turn_after(made);
  }

  /// The turn of the update that comes after `updates` more: the copy of the tables that it reads.
  int64_t turn_after(int64_t updates) const { return layout_.at_once ? (copy_ + updates) % 2 : 0; }

  /// Puts together as many of the updates, one at least, as are sorted at once. @return  how many
  int64_t take_piece(const int32_t* examples, const Update* updates, int64_t num_updates) {
    piece_ = Piece();
    for (int64_t u = 0; u < std::min(num_updates, layout_.most_updates); ++u) {
      const size_t first = piece_.examples.size();
      const int32_t* const own = examples + updates[u].first;
      const int64_t begin = piece_.occurrence_begin.back();
      piece_.examples.insert(piece_.examples.end(), own, own + updates[u].size);
      for (int64_t e = 0; e < updates[u].size; ++e)
        piece_.occurrence_begin.push_back(piece_.occurrence_begin.back() + layout_.occurrences(own[e]));
      const int64_t end = piece_.occurrence_begin.back();
      if (updates[u].size > layout_.largest_update || end - begin > layout_.largest_occurrences)
        throw Failure{Status::kFailed, "an update is larger than create() was told"};
      if (u > 0 && (static_cast<int64_t>(piece_.examples.size()) > layout_.most_examples ||
                    end > layout_.most_occurrences)) {
        piece_.examples.resize(first);
        piece_.occurrence_begin.resize(first + 1);
        break;
      }
      piece_.updates.push_back({updates[u], {begin, end}});
      piece_.updates.back().first = static_cast<int64_t>(first);
      piece_.update_of.resize(piece_.examples.size(), static_cast<int32_t>(u));
    }
    return static_cast<int64_t>(piece_.updates.size());
  }

  View view_of(int64_t slot, int64_t turn) const {
    View view = layout_.view_of(view_, turn);
    static_cast<PieceView&>(view) = run_.pieces[slot];
    return view;
  }

  /// Sends the piece and sorts it. The first update has the turn.
  void prepare_piece(int64_t slot, int64_t turn) {
    StateOfPiece start;
    start.num_updates = static_cast<int64_t>(piece_.updates.size());
    start.turns[turn].update = piece_.updates.front();
    start.turns[turn].head.size = static_cast<int32_t>(piece_.updates.front().size);
    card_.await_on_host(slot);  // the card has read what was staged last
    const PieceView &to = run_.pieces[slot], &staged = slots_[slot].staging;
    card_.prepare(slot, [&] {
      stage(to.start, staged.start, &start, 1);
      stage(to.updates, staged.updates, piece_.updates.data(), piece_.updates.size());
      stage(to.examples, staged.examples, piece_.examples.data(), piece_.examples.size());
      stage(to.update_of, staged.update_of, piece_.update_of.data(), piece_.update_of.size());
      stage(to.occurrence_begin, staged.occurrence_begin, piece_.occurrence_begin.data(),
            piece_.occurrence_begin.size());
      sort_occurrences(view_of(slot, turn));
    });
  }
  template <class T>
  void stage(const T* to, const T* staged, const T* from, size_t count) {
    std::copy_n(from, count, const_cast<T*>(staged));
    card_.put(const_cast<T*>(to), staged, static_cast<int64_t>(count * sizeof(T)));
  }

  void sort_occurrences(const View& view) {
    const int64_t count = piece_.occurrence_begin.back();
    card_.launch(OccurrencesBody(view, run_.keys, run_.occurrences),
                 static_cast<int64_t>(piece_.examples.size()), 0);
    if (layout_.at_once)
      zero_array(view.rows_read, static_cast<int64_t>(piece_.updates.size()) * view.row_words);
    if (count == 0) return;
    const auto largest = static_cast<uint64_t>(piece_.updates.size()) * static_cast<uint64_t>(view.num_rows);
    card_.sort(run_.keys, run_.occurrences, const_cast<uint32_t*>(view.keys),
               const_cast<uint32_t*>(view.occurrences), count, bit_width(largest - 1),
               {run_.sort, sort_bytes_});
    if (layout_.at_once) card_.launch(RowsReadBody(view, count), (count + kThreads - 1) / kThreads, 0);
  }

  /// Of what prepare_piece() sent. A refusal of the run stays.
  void run_piece(int64_t slot, int64_t turn) {
    const auto count = static_cast<int64_t>(piece_.updates.size());
    const View first = view_of(slot, turn);
    card_.await_prepared(slot);
    zero_array(first.records, count);
    if (!layout_.at_once) zero_array(first.stamp, first.num_rows);
    zero_array(first.carried, first.embedding_blocks);
    card_.copy(first.state, first.start, sizeof(StateOfPiece));
    card_.copy(&first.state->turns[turn].head.stopped, &first.state->refused, sizeof first.state->refused);
    with_width([&](auto width) {
      constexpr int W = decltype(width)::value;
      // Where the next update takes the record of the one before, one more takes the last.
      const int64_t times = count + (layout_.at_once ? 1 : 0);
      card_.repeat(
          slot, [&](int64_t of) { launch_update<W>(view_of(slot, of)); }, turn, times);
      if (replays()) card_.launch(SettleBody<W>(first), layout_.sweep_blocks, 0);
    });
  }

  template <int W>
  void launch_update(const View& view) {
    if (replays()) card_.launch(CatchUpBody<W>(view), layout_.read_blocks, 0);
    launch_examples<W>(1 + layout_.largest_update, view);
    if (layout_.at_once) return launch_gradients<W, true>(view);
    launch_gradients<W, false>(view);
    card_.launch(ApplyBody<W>(view), view.deferred ? layout_.read_blocks : layout_.sweep_blocks,
                 ApplyBody<W>::kSharedBytes);
  }
  template <int W, bool kApplies>
  void launch_gradients(const View& view) {
    using Body = GradientsBody<W, kApplies>;
    card_.launch(Body(view), layout_.gradient_blocks(), Body::shared_bytes(view));
  }
  bool replays() const { return view_.deferred && !layout_.rests; }
  template <int W, class... Arguments>
  void launch_examples(int64_t blocks, const Arguments&... arguments) {
    if (view_.local == nullptr) {
      card_.launch(ExamplesBody<W, true>(arguments...), blocks, view_.example.end);
    } else {
      card_.launch(ExamplesBody<W, false>(arguments...), blocks, 0);
    }
  }

  /// Calls with the number of features that a thread has at once, as a type.
  template <class Call>
  void with_width(const Call& call) const {
    if (layout_.width() == 4) {
      call(std::integral_constant<int, 4>());
    } else {
      call(std::integral_constant<int, 1>());
    }
  }

  void logits_of_piece(const Tokens& tokens, int64_t begin, int64_t end, float* out) {
    const int64_t rows = end - begin, count = tokens.offsets[end] - tokens.offsets[begin];
    View view = layout_.view_of(view_, copy_);
    const auto place = [&](void* memory) {
      Arena arena(memory);
      view.tokens.offsets = arena.take<int64_t>(rows + 1);
      view.tokens.narrow = tokens.narrow != nullptr ? arena.take<uint16_t>(count + 1) : nullptr;
      view.tokens.wide = tokens.narrow == nullptr ? arena.take<int32_t>(count + 1) : nullptr;
      float* const logits = arena.take<float>(rows * view.num_labels);
      return std::pair(logits, arena.size());
    };
    const int64_t bytes = place(nullptr).second;
    if (bytes > evaluation_bytes_) {
      evaluation_.reset();
      evaluation_bytes_ = 0;
      evaluation_.reset(card_.allocate(bytes));
      if (evaluation_ == nullptr)
        throw Failure{Status::kNoRoom, "evaluation needs " + in_mib(bytes) + " of the card's memory, and " +
                                           in_mib(card_.free_bytes()) + " are free"};
      evaluation_bytes_ = bytes;
    }
    float* const logits = place(evaluation_.get()).first;
    put_tokens(tokens, view.tokens, begin, end);
    with_width([&](auto width) { launch_examples<decltype(width)::value>(rows, view, rows, logits); });
    card_.get(out, logits, rows * view.num_labels * static_cast<int64_t>(sizeof(float)));
  }

  float* place_of(int32_t parameter, int32_t table) const {
    const View view = layout_.view_of(view_, copy_);
    const Tables& tables = parameter == 0 ? view.embedding : view.head;
    float* const begin = table == 0 ? tables.w : table == 1 ? tables.s0 : tables.s1;
    return begin + (parameter == 0 ? 0 : layout_.parts[static_cast<size_t>(parameter) - 1].begin);
  }
  int64_t bytes_of(int32_t parameter) const {
    return layout_.count(parameter) * static_cast<int64_t>(sizeof(float));
  }

  Card& card_;
  Layout layout_;
  View view_;
  RunMemory run_;
  struct Free {
    Card* card;
    void operator()(void* memory) const { card->free(memory); }
  };
  std::unique_ptr<void, Free> memory_{nullptr, Free{&card_}};
  std::unique_ptr<void, Free> evaluation_{nullptr, Free{&card_}};
  int64_t evaluation_bytes_ = 0;
  int64_t sort_bytes_ = 0;
  /// Of a run, what is sorted at once.
  struct Piece {
    std::vector<UpdateOfPiece> updates;
    std::vector<int32_t> examples;
    std::vector<int32_t> update_of;
    std::vector<int64_t> occurrence_begin = {0};
  };
  Piece piece_;
  struct FreeHost {
    Card* card;
    void operator()(void* memory) const { card->free_host(memory); }
  };
  /// What the card reads of the host's memory, a piece.
  struct Slot {
    std::unique_ptr<void, FreeHost> memory;
    PieceView staging;
  };
  Slot slots_[2] = {{{nullptr, FreeHost{&card_}}, {}}, {{nullptr, FreeHost{&card_}}, {}}};
  int64_t copy_ = 0;          ///< of the tables, that is the weights; the other one is written next
  int64_t refused_size_ = 0;  ///< of the last update that was
  int64_t refused_turn_ = 0;
};

}  // namespace bernoulli::card
