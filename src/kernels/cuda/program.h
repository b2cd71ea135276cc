#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "kernels/cuda/examples_body.h"
#include "kernels/cuda/gradient_bodies.h"
#include "kernels/cuda/layout.h"
#include "kernels/cuda/memory.h"
#include "kernels/cuda/sort_bodies.h"
#include "kernels/cuda/update_bodies.h"

namespace bernoulli::card {

/// Training on a card: what lies where, and which launches make an update. `Card` is CUDA's (fused.cu) or the
/// processor's (tests/support/host_card.h). It throws Failure, and does what it is asked one after the other:
/// - allocate(bytes), null where there is no room, free(memory), free_bytes();
/// - put(to, from, bytes), get(to, from, bytes), zero(at, bytes) between the card's memory and the host's;
/// - launch(body, blocks, shared_bytes): a body of view.h;
/// - repeat(launches, times): at least so often; always the same launches, which a card may have recorded;
/// - processors(), shared_limit(): of a block, in bytes.
template <class Card>
class Program {
 public:
  Program(Card& card, const Model& model, const Data& data, const float* const* weights)
      : card_(card), layout_(model, data, card.processors(), card.shared_limit()) {
    Arena measure(nullptr);
    View ignored;
    RunMemory ignored_too;
    const Needs needs = layout_.place(measure, ignored, ignored_too);
    memory_.reset(card_.allocate(needs.all));
    if (memory_ == nullptr) throw no_room(needs, layout_.num_rows, card_.free_bytes());
    Arena arena(memory_.get());
    layout_.place(arena, view_, run_);
    card_.zero(memory_.get(), needs.all);
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
    for (int64_t done = 0; done < num_updates;) {
      const int64_t count = layout_.updates_that_fit(examples, updates + done, num_updates - done);
      run_piece(examples, updates + done, count, records + done);
      done += count;
      if (records[done - 1].outcome != Outcome::kDone) return;
    }
  }

  void refused(float* logits, uint8_t* parameters) {
    State state;
    card_.get(&state, view_.state, sizeof state);
    const Update& update = piece_[static_cast<size_t>(state.cursor)];
    std::vector<float> values(static_cast<size_t>(update.size * view_.width));
    get_array(values, view_.values);
    for (int64_t e = 0; e < update.size; ++e) {
      const float* const row = values.data() + e * view_.width + layout_.width_begin.back();
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

  void put_model(const Model& model) {
    put_array(view_.layers, std::vector<Layer>(model.layers, model.layers + model.num_layers));
    put_array(view_.parts, layout_.parts);
    put_array(view_.width_begin, layout_.width_begin);
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

  void run_piece(const int32_t* examples, const Update* updates, int64_t count, Record* records) {
    piece_.assign(updates, updates + count);
    std::vector<int32_t> chosen, update_of;
    std::vector<int64_t> begins = {0};
    for (size_t u = 0; u < piece_.size(); ++u) {
      Update& update = piece_[u];
      const int32_t* const own = examples + update.first;
      update.first = static_cast<int64_t>(chosen.size());
      chosen.insert(chosen.end(), own, own + update.size);
      update_of.insert(update_of.end(), static_cast<size_t>(update.size), static_cast<int32_t>(u));
      for (int64_t e = 0; e < update.size; ++e) begins.push_back(begins.back() + layout_.occurrences(own[e]));
    }
    put_array(view_.updates, piece_);
    put_array(view_.examples, chosen);
    put_array(view_.update_of, update_of);
    put_array(view_.occurrence_begin, begins);
    card_.zero(view_.records, count * static_cast<int64_t>(sizeof(Record)));
    card_.zero(view_.not_finite, layout_.num_parameters());
    card_.zero(view_.stamp, view_.num_rows * static_cast<int64_t>(sizeof(int32_t)));
    State state;
    state.num_updates = count;
    card_.put(view_.state, &state, sizeof state);
    sort(static_cast<int64_t>(chosen.size()), begins.back(), count);
    card_.repeat([this] { launch_update(); }, count);
    if (replays()) card_.launch(SettleBody(view_), layout_.sweep_blocks, 0);
    card_.get(records, view_.records, count * static_cast<int64_t>(sizeof(Record)));
  }

  void sort(int64_t num_examples, int64_t count, int64_t num_updates) {
    const int passes = layout_.passes(num_updates);
    const auto side = [&](int pass) { return (passes - pass) % 2 == 0 ? run_.sorted : run_.other; };
    card_.launch(OccurrencesBody(view_, side(0)), num_examples, 0);
    if (count == 0) return;
    for (int pass = 0; pass < passes; ++pass) {
      const SortPass p{side(pass),        side(pass + 1),   count,
                       pass * kDigitBits, run_.tile_counts, run_.digit_counts};
      card_.launch(CountDigitsBody(p), p.tiles(), SortPass::shared_bytes());
      card_.launch(SumTilesBody(p), kDigits, SumTilesBody::shared_bytes());
      card_.launch(MoveBody(p), p.tiles(), SortPass::shared_bytes());
    }
  }

  void launch_update() {
    const int64_t local = view_.local != nullptr ? 0 : ExamplesBody::local_bytes(view_);
    if (replays()) card_.launch(CatchUpBody(view_), layout_.read_blocks, 0);
    card_.launch(ExamplesBody(view_), layout_.largest_update, local);
    card_.launch(GradientsBody(view_), layout_.gradient_blocks, 0);
    card_.launch(CombineBody(view_), view_.num_squares, CombineBody::shared_bytes());
    card_.launch(DecideBody(view_), 1, DecideBody::shared_bytes());
    card_.launch(ApplyBody(view_), view_.deferred ? layout_.read_blocks : layout_.sweep_blocks, 0);
  }
  bool replays() const { return view_.deferred && !layout_.rests; }

  void logits_of_piece(const Tokens& tokens, int64_t begin, int64_t end, float* out) {
    const int64_t rows = end - begin, count = tokens.offsets[end] - tokens.offsets[begin];
    View view = view_;
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
    const int64_t local = view.local != nullptr ? 0 : ExamplesBody::local_bytes(view);
    card_.launch(ExamplesBody(view, rows, logits), rows, local);
    card_.get(out, logits, rows * view.num_labels * static_cast<int64_t>(sizeof(float)));
  }

  float* place_of(int32_t parameter, int32_t table) const {
    const Tables& tables = parameter == 0 ? view_.embedding : view_.head;
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
  std::vector<Update> piece_;  ///< the last that ran
};

}  // namespace bernoulli::card
