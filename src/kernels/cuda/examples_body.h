#pragma once

#include "kernels/cuda/view.h"

namespace bernoulli::card {

/// An example a block: embedding, dropout and pool, the head, and in training the loss and the gradient back
/// to the pool. Gradients that are sums over examples are left to GradientsBody.
class ExamplesBody {
 public:
  /// Training: the examples of the update at the cursor.
  explicit ExamplesBody(const View& view) : v_(view), training_(true) {}
  /// Evaluation: `rows` rows of view.tokens. @param logits  [rows, num_labels]
  ExamplesBody(const View& view, int64_t rows, float* logits) : v_(view), logits_(logits), rows_(rows) {}

  /// Bytes that a block needs, of its own memory or of view.local.
  static int64_t local_bytes(const View& v) {
    return (v.partial_size + 2 * v.width) * static_cast<int64_t>(sizeof(float));
  }
  BERNOULLI_HOST_DEVICE int64_t phases() const {
    return head() + 2 * v_.num_layers + 1 + (training_ ? v_.num_layers + 1 : 0);
  }
  BERNOULLI_HOST_DEVICE void run(int64_t phase, const Place& place, void* shared) const {
    const Update* const update = training_ ? current(v_) : nullptr;
    if (place.block >= (training_ ? (update != nullptr ? update->size : 0) : rows_)) return;
    Block b;
    float* const local = v_.local != nullptr ? v_.local + place.block * (v_.partial_size + 2 * v_.width)
                                             : static_cast<float*>(shared);
    b.partial = local;
    b.values = local + v_.partial_size;
    b.slopes = b.values + v_.width;
    b.thread = place.thread;
    b.place = place.block;
    b.update = update;
    b.row = training_ ? v_.examples[update->first + place.block] : place.block;
    b.reading = reading_of(v_, b.row);
    b.kept = b.reading.count;
    if (training_) {
      using namespace random_stream;
      const uint64_t step_seed = mix_seed(v_.seed, kDropout, static_cast<uint64_t>(update->step));
      b.seed = mix_seed(step_seed, kDropout, static_cast<uint64_t>(place.block));
      if (thins() && phase >= kThinning) take_in_thinning(b);
      if (v_.token_threshold != 0) {
        b.reading.scale *= 65536.0f / static_cast<float>(v_.token_threshold);
        b.draws = {static_cast<uint32_t>(b.seed), static_cast<uint32_t>(b.seed >> 32), v_.token_threshold};
      }
    }
    run_phase(phase, b);
  }

 private:
  static constexpr int64_t kPool = 2, kThinning = 2;  // phases

  struct Block {
    float* partial;
    float* values;
    float* slopes;
    int64_t thread;
    int64_t place;
    int64_t row;
    const Update* update;
    Reading reading;
    int64_t kept = 0;      // tokens that word dropout left
    float pad_weight = 1;  // what padding counts for beside them
    kernels::DropoutDraws draws;
    uint64_t seed = 0;
  };

  /// Word dropout takes tokens out of the example before it is read.
  BERNOULLI_HOST_DEVICE bool thins() const { return training_ && v_.word_threshold != 0; }
  /// Phases before the layers behind the pool.
  BERNOULLI_HOST_DEVICE int64_t head() const { return kPool + (thins() ? kThinning : 0); }

  BERNOULLI_HOST_DEVICE void run_phase(int64_t phase, const Block& b) const {
    const int64_t loss = head() + 2 * v_.num_layers;
    if (phase == head() - 1) return finish_pool(b);
    if (phase == head() - 2) return sum_positions(b);
    if (phase < kThinning) return phase == 0 ? count_kept(b) : rank_kept(b);
    if (phase < loss) return forward((phase - head()) / 2, (phase - head()) % 2 != 0, b);
    if (phase == loss) return training_ ? take_loss(b) : give_logits(b);
    const int64_t layer = v_.num_layers - 1 - (phase - loss - 1);
    if (layer >= 0) return backward(layer, b);
    keep(b);
  }

  /// Calls `each` with every position of this thread and whether its token stays. Four tokens share a draw.
  template <class Each>
  BERNOULLI_HOST_DEVICE void draw_words(const Block& b, const Each& each) const {
    using namespace random_stream;
    const uint64_t step_seed = mix_seed(v_.seed, kWordDropout, static_cast<uint64_t>(b.update->step));
    const uint64_t seed = mix_seed(step_seed, kWordDropout, static_cast<uint64_t>(b.place));
    const int64_t end = b.reading.count * (b.thread + 1) / kThreads;
    uint64_t bits = 0;
    for (int64_t p = b.reading.count * b.thread / kThreads, begin = p; p < end; ++p) {
      if (p == begin || p % 4 == 0)
        bits = mix_seed(seed, kWordDropout, static_cast<uint64_t>(p - p % 4)) >> (16 * (p % 4));
      each(p, (bits & 0xffff) < v_.word_threshold);
      bits >>= 16;
    }
  }

  BERNOULLI_HOST_DEVICE int32_t* ranks_of(const Block& b) const {
    const int64_t* const begin = v_.occurrence_begin + b.update->first;
    return v_.ranks + (begin[b.place] - begin[0]);
  }

  BERNOULLI_HOST_DEVICE void count_kept(const Block& b) const {
    float kept = 0;
    draw_words(b, [&](int64_t, bool stays) { kept += stays ? 1 : 0; });
    b.partial[b.thread] = kept;
  }

  BERNOULLI_HOST_DEVICE void rank_kept(const Block& b) const {
    int32_t rank = 0;
    for (int64_t before = 0; before < b.thread; ++before) rank += static_cast<int32_t>(b.partial[before]);
    int32_t* const ranks = ranks_of(b);
    draw_words(b, [&](int64_t p, bool stays) { ranks[p] = stays ? rank++ : -1; });
    if (b.thread == kThreads - 1) v_.places[b.place].kept = rank;
  }

  /// The tokens that stay stand for all, padding for itself.
  BERNOULLI_HOST_DEVICE void take_in_thinning(Block& b) const {
    b.kept = v_.places[b.place].kept;
    if (b.kept == b.reading.count || b.kept == 0) return;
    const auto kept = static_cast<float>(b.kept), all = static_cast<float>(b.reading.count);
    b.reading.scale *= all / kept;
    b.pad_weight = kept / all;
  }

  BERNOULLI_HOST_DEVICE void sum_positions(const Block& b) const {
    const Reading& r = b.reading;
    const int32_t* const ranks = thins() ? ranks_of(b) : nullptr;
    for (int64_t i = b.thread; i < v_.segments * v_.dim; i += kThreads) {
      const RowColumn at = row_column(i, v_.dim);
      const int64_t end = r.count * (at.row + 1) / v_.segments;
      float sum = 0;
      for (int64_t p = r.count * at.row / v_.segments; p < end; ++p) {
        const int64_t rank = ranks != nullptr ? ranks[p] : p;
        if (rank < 0) continue;
        if (b.draws.threshold != 0 && !kernels::keeps_token(b.draws, b.kept, rank, at.column)) continue;
        sum += v_.embedding.w[token(v_.tokens, r.begin + p) * v_.dim + at.column];
      }
      b.partial[i] = sum;
    }
  }

  BERNOULLI_HOST_DEVICE void finish_pool(const Block& b) const {
    for (int64_t f = b.thread; f < v_.dim; f += kThreads) {
      float sum = 0;
      for (int64_t segment = 0; segment < v_.segments; ++segment) sum += b.partial[segment * v_.dim + f];
      if (b.reading.pads > 0) sum += pads_kept(b, f) * v_.embedding.w[f];
      b.values[f] = sum * b.reading.scale;
    }
  }

  BERNOULLI_HOST_DEVICE float pads_kept(const Block& b, int64_t feature) const {
    if (b.draws.threshold == 0) return static_cast<float>(b.reading.pads) * b.pad_weight;
    return kernels::kept_pads(b.draws, v_.binomial, b.reading.pads, feature) * b.pad_weight;
  }

  /// A linear layer sums in 16 lanes, as the processor does, and its second phase adds these in pairs.
  BERNOULLI_HOST_DEVICE void forward(int64_t index, bool second, const Block& b) const {
    const Layer& layer = v_.layers[index];
    const float* const x = b.values + v_.width_begin[index];
    float* const y = b.values + v_.width_begin[index + 1];
    if (layer.kind == Layer::Kind::kLinear) {
      const HeadPart& weight = v_.parts[layer.parameter - 1];
      return second ? add_lanes(layer, b, y) : multiply(layer, v_.head.w + weight.begin, x, b);
    }
    if (second) return;
    for (int64_t f = b.thread; f < layer.out; f += kThreads) {
      y[f] = layer.kind == Layer::Kind::kDropout
                 ? (training_ ? dropped(layer, index, b, f, x[f]) : x[f])
                 : static_cast<float>(kernels::activation::value(
                       layer.activation, static_cast<double>(layer.slope), static_cast<double>(x[f])));
    }
  }

  BERNOULLI_HOST_DEVICE void multiply(const Layer& layer, const float* weight, const float* x,
                                      const Block& b) const {
    for (int64_t i = b.thread; i < layer.out * kernels::kLanes; i += kThreads) {
      const float* const row = weight + i / kernels::kLanes * layer.in;
      float sum = 0;
      for (int64_t f = i % kernels::kLanes; f < layer.in; f += kernels::kLanes) sum += x[f] * row[f];
      b.partial[i] = sum;
    }
  }

  BERNOULLI_HOST_DEVICE void add_lanes(const Layer& layer, const Block& b, float* y) const {
    const float* const bias = layer.has_bias ? v_.head.w + v_.parts[layer.parameter].begin : nullptr;
    for (int64_t unit = b.thread; unit < layer.out; unit += kThreads) {
      float lanes[kernels::kLanes];
      for (int i = 0; i < kernels::kLanes; ++i) lanes[i] = b.partial[unit * kernels::kLanes + i];
      for (int half = kernels::kLanes / 2; half > 0; half /= 2) {
        for (int i = 0; i < half; ++i) lanes[i] += lanes[i + half];
      }
      y[unit] = lanes[0] + (bias != nullptr ? bias[unit] : 0.0f);
    }
  }

  BERNOULLI_HOST_DEVICE float dropped(const Layer& layer, int64_t index, const Block& b, int64_t feature,
                                      float x) const {
    const uint64_t key = mix_seed(b.seed, random_stream::kDropout, static_cast<uint64_t>(index) + 1);
    const kernels::DropoutDraws draws{static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32),
                                      layer.threshold};
    return kernels::keeps_feature(draws, feature) ? x * (65536.0f / static_cast<float>(layer.threshold))
                                                  : 0.0f;
  }

  BERNOULLI_HOST_DEVICE void take_loss(const Block& b) const {
    const float* const z = b.values + v_.width_begin[v_.num_layers];
    float* const slopes = b.slopes + v_.width_begin[v_.num_layers];
    const double weight = v_.weights != nullptr ? static_cast<double>(v_.weights[b.row]) : 1.0;
    for (int64_t label = b.thread; label < v_.num_labels; label += kThreads) {
      const auto entry = v_.loss(z[label], v_.targets[b.row * v_.num_labels + label], v_.pos_weight[label]);
      v_.entry_loss[b.place * v_.num_labels + label] = weight * entry.loss;
      slopes[label] = static_cast<float>(weight * entry.slope / b.update->weight);
    }
  }

  BERNOULLI_HOST_DEVICE void give_logits(const Block& b) const {
    const float* const z = b.values + v_.width_begin[v_.num_layers];
    for (int64_t label = b.thread; label < v_.num_labels; label += kThreads)
      logits_[b.row * v_.num_labels + label] = z[label];
  }

  BERNOULLI_HOST_DEVICE void backward(int64_t index, const Block& b) const {
    const Layer& layer = v_.layers[index];
    const float* const x = b.values + v_.width_begin[index];
    const float* const dy = b.slopes + v_.width_begin[index + 1];
    float* const dx = b.slopes + v_.width_begin[index];
    const bool is_linear = layer.kind == Layer::Kind::kLinear;
    const float* const weight = is_linear ? v_.head.w + v_.parts[layer.parameter - 1].begin : nullptr;
    for (int64_t f = b.thread; f < layer.in; f += kThreads) {
      if (is_linear) {
        float sum = 0;
        for (int64_t unit = 0; unit < layer.out; ++unit) sum += dy[unit] * weight[unit * layer.in + f];
        dx[f] = sum;
      } else if (layer.kind == Layer::Kind::kDropout) {
        dx[f] = dropped(layer, index, b, f, dy[f]);
      } else {
        dx[f] = dy[f] * static_cast<float>(kernels::activation::slope_at(
                            layer.activation, static_cast<double>(layer.slope), static_cast<double>(x[f])));
      }
    }
  }

  /// What the sums over examples need.
  BERNOULLI_HOST_DEVICE void keep(const Block& b) const {
    for (int64_t i = b.thread; i < v_.width; i += kThreads) {
      v_.values[b.place * v_.width + i] = b.values[i];
      v_.slopes[b.place * v_.width + i] = b.slopes[i];
    }
    for (int64_t f = b.thread; f < v_.dim; f += kThreads)
      v_.pooled_gradient[b.place * v_.dim + f] = b.slopes[f] * b.reading.scale;
    if (b.thread != 0) return;
    ExampleState& example = v_.places[b.place];
    example.count = static_cast<int32_t>(b.reading.count);
    if (!thins()) example.kept = example.count;  // else rank_kept wrote it, and threads of this phase read it
    example.pads = static_cast<int32_t>(b.reading.pads);
    example.pad_weight = b.pad_weight;
    example.key0 = b.draws.key0;
    example.key1 = b.draws.key1;
  }

  View v_;
  bool training_ = false;
  float* logits_ = nullptr;
  int64_t rows_ = 0;
};

}  // namespace bernoulli::card
