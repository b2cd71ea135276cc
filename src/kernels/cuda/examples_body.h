#pragma once

#include "kernels/cuda/update_summary.h"
#include "kernels/cuda/view.h"

namespace bernoulli::card {

/// An example a block: embedding, dropout and pool, the head, and in training the loss and the gradient back
/// to the pool. Gradients that are sums over examples are left to GradientsBody. In training the first block
/// has no example: it is the TurnKeeper.
///
/// While prepare() runs the launch before this one, GradientsBody or ApplyBody of the update before, may
/// still write weights, squares and State; it does not write the turn, the order or the data.
/// @tparam kInShared  a block's memory is its own, else its part of view.local
template <int W, bool kInShared>
class ExamplesBody {
 public:
  static constexpr const char* kName = "examples";
  static constexpr bool kLooks = true;
  static constexpr bool kBlocksWait = false;
  static constexpr int kResident = 4;
  static constexpr int kBatch = 4;  ///< rows that a thread asks for before it adds the first

  /// Training: the examples of the update whose turn it is, and the keeper.
  explicit ExamplesBody(const View& view) : v_(view), training_(true) {}
  /// Evaluation: `rows` rows of view.tokens. @param logits  [rows, num_labels]
  ExamplesBody(const View& view, int64_t rows, float* logits) : v_(view), logits_(logits), rows_(rows) {}

  struct Own {
    char* memory = nullptr;  ///< of the block
    int32_t thread = 0;
    int32_t place = -1;  ///< negative: there is no example for the block
    int32_t row = 0;
    int32_t kept = 0;  ///< tokens that word dropout left
    Reading reading;
    float pad_weight = 1;        ///< what padding counts for beside the tokens
    int32_t segment = 0;         ///< of the positions, which the thread sums; without work: v.segments
    int32_t column = 0;          ///< the first of the thread, W features
    int32_t begin = 0, end = 0;  ///< of the segment
    uint32_t rows[kBatch] = {};  ///< that the positions from rows_at on read
    int32_t rows_at = 0;
  };

  BERNOULLI_HOST_DEVICE void look(const Place& place, void* shared) const {
    Own own;
    own.memory = memory(place, shared);
    if (training_) copy_together(turn(own), v_.turn, 1, place.thread);
    // By other warps.
    copy_together(layers(own), v_.layers, v_.num_layers, (place.thread + kThreads / 2) % kThreads);
    copy_together(phase_list(own), training_ ? v_.training_phases : v_.evaluation_phases, phases(),
                  kThreads - 1 - place.thread);
  }

  BERNOULLI_HOST_DEVICE Own prepare(const Place& place, void* shared) const {
    Own own;
    own.memory = memory(place, shared);
    own.thread = static_cast<int32_t>(place.thread);
    if (training_ && place.block == 0) {
      TurnKeeper::prepare(v_, place.thread, keeper(own));
      return own;
    }
    if (training_) {
      prepare_training(place, own);
    } else if (place.block < rows_) {
      own.place = own.row = static_cast<int32_t>(place.block);
      take_reading(own, reading_of(v_, own.row));
    }
    return own;
  }

  BERNOULLI_HOST_DEVICE int phases() const {
    return static_cast<int>(training_ ? v_.num_training_phases : v_.num_evaluation_phases);
  }
  static_assert(UpdateSummary::kPhases <= 5, "an example has at least as many phases as the keeper");

  BERNOULLI_HOST_DEVICE void run(int phase, const Place& place, Own& own, void* shared) const {
    own.memory = memory(place, shared);  // said anew, that the compiler sees which kind of memory it is
    if (training_ && place.block == 0) return TurnKeeper::run(v_, phase, own.thread, keeper(own));
    if (own.place < 0) return;
    using Kind = ExamplePhase::Kind;
    const ExamplePhase now = phase_list(own)[phase];
    const HeadLayer& layer = layers(own)[now.layer];
    switch (now.kind) {
      case Kind::kCountWords:
        return count_words(own);
      case Kind::kRankWords:
        return rank_words(own);
      case Kind::kSumPositions:
        take_in_thinning(own);
        return sum_positions(own);
      case Kind::kFoldPositions:
        return fold_positions(own);
      case Kind::kFinishPool:
        return finish_pool(own);
      case Kind::kForward:
        return forward(layer, now.layer, own);
      case Kind::kAddLanes:
      case Kind::kAddLanesAndLoss:
        add_lanes(layer, own);
        if (now.kind == Kind::kAddLanes) return;
        [[fallthrough]];
      case Kind::kLoss:
        return take_loss(own);
      case Kind::kFoldSeen:
        return fold_seen(own);
      case Kind::kLogits:
        return give_logits(own);
      case Kind::kBackward:
      case Kind::kBackwardAndKeep:
        backward(layer, now.layer, own);
        if (now.kind == Kind::kBackward) return;
        [[fallthrough]];
      case Kind::kKeep:
        return keep(own);
    }
  }

 private:
  BERNOULLI_HOST_DEVICE char* memory(const Place& place, void* shared) const {
    return kInShared ? static_cast<char*>(shared) : v_.local + place.block * v_.example.end;
  }
  BERNOULLI_HOST_DEVICE static TurnKeeper::Memory& keeper(const Own& own) {
    return *reinterpret_cast<TurnKeeper::Memory*>(own.memory);
  }
  BERNOULLI_HOST_DEVICE Turn* turn(const Own& own) const {
    return reinterpret_cast<Turn*>(own.memory + v_.example.turn);
  }
  BERNOULLI_HOST_DEVICE static float* partial(const Own& own) { return reinterpret_cast<float*>(own.memory); }
  BERNOULLI_HOST_DEVICE Seen* seen(const Own& own) const {
    return reinterpret_cast<Seen*>(own.memory + v_.example.seen);
  }
  BERNOULLI_HOST_DEVICE HeadLayer* layers(const Own& own) const {
    return reinterpret_cast<HeadLayer*>(own.memory + v_.example.layers);
  }
  BERNOULLI_HOST_DEVICE ExamplePhase* phase_list(const Own& own) const {
    return reinterpret_cast<ExamplePhase*>(own.memory + v_.example.phases);
  }
  BERNOULLI_HOST_DEVICE float* values(const Own& own) const {
    return reinterpret_cast<float*>(own.memory + v_.example.values);
  }
  BERNOULLI_HOST_DEVICE float* slopes(const Own& own) const {
    return reinterpret_cast<float*>(own.memory + v_.example.slopes);
  }
  BERNOULLI_HOST_DEVICE LossInput* loss_inputs(const Own& own) const {
    return reinterpret_cast<LossInput*>(own.memory + v_.example.loss_inputs);
  }
  BERNOULLI_HOST_DEVICE BlockFacts& facts(const Own& own) const {
    return *reinterpret_cast<BlockFacts*>(own.memory + v_.example.facts);
  }
  BERNOULLI_HOST_DEVICE static kernels::DropoutDraws draws_of(uint64_t key, uint32_t threshold) {
    return {static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32), threshold};
  }
  /// Of tokens.
  BERNOULLI_HOST_DEVICE kernels::DropoutDraws draws(const Own& own) const {
    return draws_of(facts(own).seed, v_.token_threshold);
  }
  BERNOULLI_HOST_DEVICE bool thins() const { return training_ && v_.word_threshold != 0; }
  /// Of the example's tokens, where words are dropped. Read past the cache of the processor, which would keep
  /// what stands beside them, another block's, until GradientsBody reads that.
  BERNOULLI_HOST_DEVICE int32_t* ranks(const Own& own) const { return v_.ranks + facts(own).ranks; }

  BERNOULLI_HOST_DEVICE void take_reading(Own& own, const Reading& reading) const {
    own.reading = reading;
    own.kept = reading.count;
    const auto columns = static_cast<int32_t>(columns_of<W>(v_));
    own.segment = columns < kThreads ? own.thread / columns : 0;
    own.column = own.thread - own.segment * columns;
    own.begin = segment_begin(reading.count, own.segment);
    own.end = segment_begin(reading.count, own.segment + 1);
    read_tokens(own, own.begin);
  }

  /// Loads wait for loads three times: the turn (look()), what is known of the example, tokens and targets.
  BERNOULLI_HOST_DEVICE void prepare_training(const Place& place, Own& own) const {
    const double pos_weight = own.thread < num_seen(v_) ? read_fresh(v_.pos_weight + own.thread) : 1;
    const Turn::Head head = turn(own)->head;
    const Update& update = turn(own)->update;
    const int64_t example = place.block - 1;
    if (!head.is_there() || example >= head.size) return;
    own.place = static_cast<int32_t>(example);
    ExampleOfPiece planned;
    copy_fresh(&planned, v_.planned + head.first + example);
    const bool has_label = own.thread < num_seen(v_);
    if (has_label) {
      loss_inputs(own)[own.thread].divisor = update.weight;
      loss_inputs(own)[own.thread].pos_weight = pos_weight;
    }
    if (own.thread == 0)
      facts(own) = facts_of(static_cast<uint64_t>(update.step), static_cast<uint64_t>(example));
    own.row = planned.row;
    take_reading(own, {planned.begin, planned.count, planned.pads, planned.scale});
    if (v_.token_threshold != 0) own.reading.scale *= 65536.0f / static_cast<float>(v_.token_threshold);
    if (own.thread == 0) facts(own).ranks = planned.ranks;
    if (!has_label) return;
    const float target = read_fresh(v_.targets + target_at(own, own.thread));
    loss_inputs(own)[own.thread].weight =
        v_.weights != nullptr ? static_cast<double>(read_fresh(v_.weights + own.row)) : 1.0;
    loss_inputs(own)[own.thread].target = target;
  }
  BERNOULLI_HOST_DEVICE BlockFacts facts_of(uint64_t step, uint64_t example) const {
    using namespace random_stream;
    BlockFacts facts;
    facts.seed = mix_seed(mix_seed(v_.seed, kDropout, step), kDropout, example);
    if (v_.word_threshold != 0)
      facts.word_seed = mix_seed(mix_seed(v_.seed, kWordDropout, step), kWordDropout, example);
    return facts;
  }

  BERNOULLI_HOST_DEVICE int64_t target_at(const Own& own, int64_t label) const {
    return int64_t{own.row} * v_.num_labels + label;
  }

  /// Calls `each` with every position of this thread's share and whether its token stays. Four tokens share a
  /// draw.
  template <class Each>
  BERNOULLI_HOST_DEVICE void draw_words(const Own& own, const Each& each) const {
    const int64_t count = own.reading.count, end = count * (own.thread + 1) / kThreads;
    uint64_t bits = 0;
    for (int64_t p = count * own.thread / kThreads, begin = p; p < end; ++p) {
      if (p == begin || p % 4 == 0)
        bits =
            mix_seed(facts(own).word_seed, random_stream::kWordDropout, static_cast<uint64_t>(p - p % 4)) >>
            (16 * (p % 4));
      each(p, (bits & 0xffff) < v_.word_threshold);
      bits >>= 16;
    }
  }

  BERNOULLI_HOST_DEVICE void count_words(const Own& own) const {
    float kept = 0;
    draw_words(own, [&](int64_t, bool stays) { kept += stays ? 1 : 0; });
    partial(own)[own.thread] = kept;
  }

  BERNOULLI_HOST_DEVICE void rank_words(const Own& own) const {
    int32_t rank = 0;
    for (int before = 0; before < own.thread; ++before) rank += static_cast<int32_t>(partial(own)[before]);
    int32_t* const to = ranks(own);
    draw_words(own, [&](int64_t p, bool stays) { to[p] = stays ? rank++ : -1; });
    if (own.thread == kThreads - 1) facts(own).kept = rank;
  }

  /// Word dropout takes tokens out of the example before it is read: those that stay stand for all, padding
  /// for itself.
  BERNOULLI_HOST_DEVICE void take_in_thinning(Own& own) const {
    if (!thins()) return;
    own.kept = facts(own).kept;
    if (own.kept == own.reading.count || own.kept == 0) return;
    const auto kept = static_cast<float>(own.kept), all = static_cast<float>(own.reading.count);
    own.reading.scale *= all / kept;
    own.pad_weight = kept / all;
  }

  /// Even, so that the two positions that share a draw are one thread's.
  BERNOULLI_HOST_DEVICE int32_t segment_begin(int32_t count, int32_t segment) const {
    if (segment >= v_.segments) return count;
    const int64_t pairs = (int64_t{count} + 1) / 2;
    return static_cast<int32_t>(row_column(pairs * segment, v_.segments).row * 2);
  }

  BERNOULLI_HOST_DEVICE void read_tokens(Own& own, int32_t from) const {
    own.rows_at = from;
    if (v_.tokens.narrow != nullptr) return read_tokens(own, v_.tokens.narrow + own.reading.begin + from);
    read_tokens(own, v_.tokens.wide + own.reading.begin + from);
  }
  template <class T>
  BERNOULLI_HOST_DEVICE void read_tokens(Own& own, const T* tokens) const {
    for (int i = 0; i < kBatch; ++i)
      own.rows[i] = own.rows_at + i < own.end ? static_cast<uint32_t>(read_fresh(tokens + i)) : 0;
  }

  BERNOULLI_HOST_DEVICE void sum_positions(Own& own) const {
    if (own.segment >= v_.segments) return;
    float* const to = partial(own) + own.segment * v_.dim;
    for (int64_t feature = own.column * W; feature < v_.dim; feature += kThreads * W)
      store(to + feature, sum_column(own, feature));
  }

  BERNOULLI_HOST_DEVICE bool drops_tokens() const { return training_ && v_.token_threshold != 0; }

  BERNOULLI_HOST_DEVICE Features<W> sum_column(Own& own, int64_t feature) const {
    Features<W> sum;
    const auto dim = static_cast<uint32_t>(v_.dim);  // a card has no product of 64 bits
    for (int32_t p = own.begin; p < own.end; p += kBatch) {
      if (p != own.rows_at) read_tokens(own, p);
      Features<W> x[kBatch];
      for (int i = 0; i < kBatch; ++i) x[i] = load<W>(v_.embedding.w + feature + uint64_t{own.rows[i]} * dim);
      if (p + kBatch < own.end) read_tokens(own, p + kBatch);  // beside the rows
      if (thins()) {
        add_those_left(own, feature, p, x, sum);
      } else if (drops_tokens()) {
        for (int i = 0; i < kBatch; i += 2) add_pair(own, feature, p + i, x + i, sum);
      } else {
        for (int i = 0; i < kBatch; ++i) {
          if (p + i < own.end) add(sum, x[i]);
        }
      }
    }
    return sum;
  }

  static_assert(kBatch % 2 == 0, "a segment begins with an even position, and so do all batches");
  /// Dropout alone: two positions share a draw.
  BERNOULLI_HOST_DEVICE void add_pair(const Own& own, int64_t feature, int32_t p, const Features<W>* x,
                                      Features<W>& sum) const {
    uint32_t words[W];
    draw_pair(draws(own), own.kept, p, feature, words);
    for (int i = 0; i < 2; ++i) {
      if (p + i < own.end) add_kept(words, i, x[i], sum);
    }
  }
  BERNOULLI_HOST_DEVICE void add_kept(const uint32_t (&words)[W], int64_t position, const Features<W>& x,
                                      Features<W>& sum) const {
    for (int w = 0; w < W; ++w) {
      if (kernels::keeps_position(words[w], position, v_.token_threshold)) sum.v[w] += x.v[w];
    }
  }
  /// Behind word dropout, which leaves of the positions some.
  BERNOULLI_HOST_DEVICE void add_those_left(const Own& own, int64_t feature, int32_t p, const Features<W>* x,
                                            Features<W>& sum) const {
    const int32_t* const of_words = ranks(own);
    for (int i = 0; i < kBatch; ++i) {
      const int32_t rank = p + i < own.end ? read_fresh(of_words + p + i) : -1;
      if (rank < 0) continue;
      if (!drops_tokens()) {
        add(sum, x[i]);
        continue;
      }
      uint32_t words[W];
      draw_pair(draws(own), own.kept, rank, feature, words);
      add_kept(words, rank, x[i], sum);
    }
  }

  /// Eight segments become one, in the place of the first.
  static constexpr int64_t kSegments = 8;
  BERNOULLI_HOST_DEVICE void fold_positions(const Own& own) const {
    const int64_t groups = (v_.segments + kSegments - 1) / kSegments;
    for (int64_t i = own.thread; i < groups * v_.dim; i += kThreads) {
      const RowColumn at = row_column(i, v_.dim);
      sum_segments(own, at.row * kSegments, at.column, 1, kSegments);
    }
  }
  BERNOULLI_HOST_DEVICE float sum_segments(const Own& own, int64_t first, int64_t feature, int64_t apart,
                                           int64_t most) const {
    float* const to = partial(own) + first * v_.dim + feature;
    float sum = *to;
    for (int64_t i = 1; i < most && first + i * apart < v_.segments; ++i) sum += to[i * apart * v_.dim];
    return *to = sum;
  }

  BERNOULLI_HOST_DEVICE void finish_pool(const Own& own) const {
    for (int64_t f = own.thread; f < v_.dim; f += kThreads) {
      float sum = sum_segments(own, 0, f, kSegments, v_.segments);
      if (own.reading.pads > 0) sum += pads_kept(own, f) * v_.embedding.w[f];
      values(own)[f] = sum * own.reading.scale;
    }
  }

  BERNOULLI_HOST_DEVICE float pads_kept(const Own& own, int64_t feature) const {
    if (!drops_tokens()) return static_cast<float>(own.reading.pads) * own.pad_weight;
    return kernels::kept_pads(draws(own), v_.binomial, own.reading.pads, feature) * own.pad_weight;
  }

  /// A linear layer sums in 16 lanes, as the processor does; add_lanes adds these in pairs.
  BERNOULLI_HOST_DEVICE void forward(const HeadLayer& at, int64_t index, const Own& own) const {
    const Layer& layer = at.layer;
    const float* const x = values(own) + at.input;
    float* const y = values(own) + at.output;
    if (layer.kind == Layer::Kind::kLinear) return multiply(layer, v_.head.w + at.weight, x, own);
    for (int64_t f = own.thread; f < layer.out; f += kThreads) {
      y[f] = layer.kind == Layer::Kind::kDropout
                 ? (training_ ? dropped(layer, index, own, f, x[f]) : x[f])
                 : static_cast<float>(kernels::activation::value(
                       layer.activation, static_cast<double>(layer.slope), static_cast<double>(x[f])));
    }
  }

  BERNOULLI_HOST_DEVICE void multiply(const Layer& layer, const float* weight, const float* x,
                                      const Own& own) const {
    for (int64_t i = own.thread; i < layer.out * kernels::kLanes; i += kThreads) {
      const float* const row = weight + i / kernels::kLanes * layer.in;
      float sum = 0;
      for (int64_t f = i % kernels::kLanes; f < layer.in; f += kernels::kLanes) sum += x[f] * row[f];
      partial(own)[i] = sum;
    }
  }

  BERNOULLI_HOST_DEVICE void add_lanes(const HeadLayer& at, const Own& own) const {
    const float* const bias = at.layer.has_bias ? v_.head.w + at.bias : nullptr;
    float* const y = values(own) + at.output;
    for (int64_t unit = own.thread; unit < at.layer.out; unit += kThreads) {
      float lanes[kernels::kLanes];
      for (int i = 0; i < kernels::kLanes; ++i) lanes[i] = partial(own)[unit * kernels::kLanes + i];
      for (int half = kernels::kLanes / 2; half > 0; half /= 2) {
        for (int i = 0; i < half; ++i) lanes[i] += lanes[i + half];
      }
      y[unit] = lanes[0] + (bias != nullptr ? bias[unit] : 0.0f);
    }
  }

  BERNOULLI_HOST_DEVICE float dropped(const Layer& layer, int64_t index, const Own& own, int64_t feature,
                                      float x) const {
    const uint64_t key = mix_seed(facts(own).seed, random_stream::kDropout, static_cast<uint64_t>(index) + 1);
    return kernels::keeps_feature(draws_of(key, layer.threshold), feature)
               ? x * (65536.0f / static_cast<float>(layer.threshold))
               : 0.0f;
  }

  BERNOULLI_HOST_DEVICE void take_loss(const Own& own) const {
    if (own.thread >= v_.num_labels) return;
    const float* const z = values(own) + v_.logits;
    float* const dz = slopes(own) + v_.logits;
    Seen all;
    LossInput in = loss_inputs(own)[own.thread];
    for (int64_t label = own.thread; label < v_.num_labels; label += kThreads) {
      if (label >= kThreads) {
        in.target = v_.targets[target_at(own, label)];
        in.pos_weight = v_.pos_weight[label];
      }
      const auto entry = v_.loss(z[label], in.target, in.pos_weight);
      dz[label] = static_cast<float>(in.weight * entry.slope / in.divisor);
      const bool is_saturated = z[label] >= v_.saturated_from || z[label] <= v_.saturated_until;
      const bool is_dead =
          in.target > 0.5f ? z[label] <= v_.positives_dead_until : z[label] >= v_.negatives_dead_from;
      add(all, {in.weight * entry.loss, z[label] < 0 ? -z[label] : z[label], is_saturated ? 1 : 0,
                is_dead ? 1 : 0});
    }
    seen(own)[own.thread] = all;
  }

  BERNOULLI_HOST_DEVICE void fold_seen(const Own& own) const {
    const int64_t first = own.thread * kFold;
    for (int64_t i = first + 1; i < first + kFold && i < num_seen(v_); ++i)
      add(seen(own)[first], seen(own)[i]);
  }

  BERNOULLI_HOST_DEVICE void give_logits(const Own& own) const {
    for (int64_t label = own.thread; label < v_.num_labels; label += kThreads)
      logits_[own.place * v_.num_labels + label] = values(own)[v_.logits + label];
  }

  BERNOULLI_HOST_DEVICE void backward(const HeadLayer& at, int64_t index, const Own& own) const {
    const Layer& layer = at.layer;
    const float* const x = values(own) + at.input;
    const float* const dy = slopes(own) + at.output;
    float* const dx = slopes(own) + at.input;
    const float* const weight = v_.head.w + at.weight;
    for (int64_t f = own.thread; f < layer.in; f += kThreads) {
      if (layer.kind == Layer::Kind::kLinear) {
        float sum = 0;
        for (int64_t unit = 0; unit < layer.out; ++unit) sum += dy[unit] * weight[unit * layer.in + f];
        dx[f] = sum;
      } else if (layer.kind == Layer::Kind::kDropout) {
        dx[f] = dropped(layer, index, own, f, dy[f]);
      } else {
        dx[f] = dy[f] * static_cast<float>(kernels::activation::slope_at(
                            layer.activation, static_cast<double>(layer.slope), static_cast<double>(x[f])));
      }
    }
  }

  /// What the sums over examples need.
  BERNOULLI_HOST_DEVICE void keep(const Own& own) const {
    const int64_t place = own.place;
    for (int64_t i = own.thread; i < v_.width; i += kThreads) {
      v_.values[place * v_.width + i] = values(own)[i];
      v_.slopes[place * v_.width + i] = slopes(own)[i];
    }
    for (int64_t f = own.thread; f < v_.dim; f += kThreads) {
      const float g = slopes(own)[f] * own.reading.scale;
      v_.pooled_gradient[place * v_.dim + f] = g;
      if (own.reading.pads > 0) v_.pad_gradient[place * v_.dim + f] = pads_kept(own, f) * g;
    }
    if (own.thread != 0) return;
    const kernels::DropoutDraws of_tokens = draws(own);
    v_.draws[place] = {own.kept, of_tokens.key0, of_tokens.key1, 0};
    Seen all = seen(own)[0];
    const int64_t apart = v_.num_labels > kFold ? kFold : 1;
    for (int64_t i = apart; i < num_seen(v_); i += apart) add(all, seen(own)[i]);
    v_.seen[place] = all;
  }

  View v_;
  bool training_ = false;
  float* logits_ = nullptr;
  int64_t rows_ = 0;
};

}  // namespace bernoulli::card
