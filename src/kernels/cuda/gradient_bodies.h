#pragma once

#include <cmath>

#include "kernels/cuda/view.h"

// The gradient of an update as sums in an order that does not depend on which thread is first: no atomics on
// floats. The occurrences of the update are sorted by row (sort_bodies.h). A thread sums one feature of a
// chunk of 64 of them. A run of equal rows that began in the chunk goes to the row's gradient; one that began
// before goes to the chunk's carry, of which there is one at most.

namespace bernoulli::card {

/// Sums of chunks: the embedding's by occurrence, the head's by example.
class GradientsBody {
 public:
  explicit GradientsBody(const View& view) : v_(view) {}
  BERNOULLI_HOST_DEVICE int64_t phases() const { return 1; }
  BERNOULLI_HOST_DEVICE void run(int64_t, const Place& place, void*) const {
    const Update* const update = current(v_);
    if (update == nullptr) return;
    const Span span = occurrences_of(v_, *update);
    const int64_t embedding = chunks_of(span.end - span.begin) * v_.dim;
    const int64_t all = embedding + chunks_of(update->size) * v_.head_size;
    for (int64_t i = place.first(); i < all; i += place.all()) {
      if (i < embedding) {
        const RowColumn at = row_column(i, v_.dim);
        sum_occurrences(*update, span, at.row, at.column);
      } else {
        const RowColumn at = row_column(i - embedding, v_.head_size);
        v_.head_partial[i - embedding] = sum_examples(*update, at.row, at.column);
      }
    }
  }

 private:
  BERNOULLI_HOST_DEVICE float contribution(const Update& update, const Occurrence& o, int64_t feature) const {
    const ExampleState e = v_.places[o.example];
    const float g = v_.pooled_gradient[o.example * v_.dim + feature];
    const kernels::DropoutDraws draws{e.key0, e.key1, v_.token_threshold};
    auto position = static_cast<int64_t>(o.position);
    if (position < e.count) {
      if (v_.ranks != nullptr) {
        const int64_t* const begin = v_.occurrence_begin + update.first;
        position = v_.ranks[begin[o.example] - begin[0] + position];
        if (position < 0) return 0;
      }
      return draws.threshold == 0 || kernels::keeps_token(draws, e.kept, position, feature) ? g : 0.0f;
    }
    return (draws.threshold == 0 ? static_cast<float>(e.pads)
                                 : kernels::kept_pads(draws, v_.binomial, e.pads, feature)) *
           e.pad_weight * g;
  }

  BERNOULLI_HOST_DEVICE void sum_occurrences(const Update& update, const Span& span, int64_t chunk,
                                             int64_t feature) const {
    const int64_t begin = span.begin + chunk * kChunk;
    const int64_t end = begin + kChunk < span.end ? begin + kChunk : span.end;
    bool began_before = begin > span.begin && v_.keys[begin - 1] == v_.keys[begin];
    float sum = 0;
    for (int64_t at = begin; at < end; ++at) {
      sum += contribution(update, v_.occurrences[at], feature);
      if (at + 1 < end && v_.keys[at + 1] == v_.keys[at]) continue;
      if (began_before) {
        v_.carry[chunk * v_.dim + feature] = sum;
      } else {
        const int64_t row = row_of(v_, v_.state->cursor, at);
        v_.gradient[row * v_.dim + feature] = sum;
        if (feature == 0) v_.stamp[row] = static_cast<int32_t>(v_.state->cursor) + 1;
      }
      began_before = false;
      sum = 0;
    }
  }

  BERNOULLI_HOST_DEVICE float sum_examples(const Update& update, int64_t chunk, int64_t number) const {
    const HeadPart* part = v_.parts + v_.num_parts - 1;
    while (part->begin > number) --part;
    const RowColumn at = row_column(number - part->begin, part->columns);
    const int64_t unit = part->is_bias ? at.column : at.row;
    const float* const dy = v_.slopes + v_.width_begin[part->layer + 1] + unit;
    const float* const x = v_.values + v_.width_begin[part->layer] + at.column;
    const int64_t end = (chunk + 1) * kChunk < update.size ? (chunk + 1) * kChunk : update.size;
    float sum = 0;
    for (int64_t e = chunk * kChunk; e < end; ++e)
      sum += part->is_bias ? dy[e * v_.width] : dy[e * v_.width] * x[e * v_.width];
    return sum;
  }

  View v_;
};

/// Adds the carries to the rows that they belong to and the head's chunks to each other, and sums the squares
/// of what comes out. Each block leaves one pair of sums.
class CombineBody {
 public:
  explicit CombineBody(const View& view) : v_(view) {}
  static int64_t shared_bytes() { return 2 * kThreads * static_cast<int64_t>(sizeof(double)); }
  BERNOULLI_HOST_DEVICE int64_t phases() const { return kSumLevels + 2; }
  BERNOULLI_HOST_DEVICE void run(int64_t phase, const Place& place, void* shared) const {
    const Update* const update = current(v_);
    if (update == nullptr) return;
    auto* const sums = static_cast<double*>(shared);
    if (phase == 0) {
      Squares squares{0, 0};
      combine(*update, place, squares);
      sums[2 * place.thread] = squares.raw;
      sums[2 * place.thread + 1] = squares.clamped;
    } else if (phase <= kSumLevels) {
      sum_level(sums, 2, static_cast<int>(phase) - 1, place.thread);
    } else if (place.thread == 0) {
      v_.squares[2 * place.block] = sums[0];
      v_.squares[2 * place.block + 1] = sums[1];
    }
  }

  /// The gradient as the update reads it, before it is scaled.
  BERNOULLI_HOST_DEVICE static float clamped(const View& v, float g) {
    if (v.clip_value == 0) return g;
    const auto limit = static_cast<float>(v.clip_value);
    return g < -limit ? -limit : g > limit ? limit : g;
  }

 private:
  struct Squares {
    double raw;
    double clamped;
  };

  BERNOULLI_HOST_DEVICE void combine(const Update& update, const Place& place, Squares& squares) const {
    const Span span = occurrences_of(v_, update);
    const int64_t embedding = chunks_of(span.end - span.begin) * v_.dim;
    for (int64_t i = place.first(); i < embedding + v_.head_size; i += place.all()) {
      if (i < embedding) {
        const RowColumn at = row_column(i, v_.dim);
        combine_chunk(span, at.row, at.column, squares);
      } else {
        combine_head(update, i - embedding, squares);
      }
    }
  }

  BERNOULLI_HOST_DEVICE void add(float g, int64_t parameter, Squares& squares) const {
    const auto raw = static_cast<double>(g), cut = static_cast<double>(clamped(v_, g));
    squares.raw += raw * raw;
    squares.clamped += cut * cut;
    if (!(g - g == 0)) v_.not_finite[parameter] = 1;  // whoever comes writes the same
  }

  BERNOULLI_HOST_DEVICE void combine_chunk(const Span& span, int64_t chunk, int64_t feature,
                                           Squares& squares) const {
    const int64_t begin = span.begin + chunk * kChunk;
    const int64_t end = begin + kChunk < span.end ? begin + kChunk : span.end;
    int64_t at = begin;
    while (at > span.begin && at < end && v_.keys[at] == v_.keys[at - 1]) ++at;  // it began before
    for (; at < end; ++at) {
      if (at > begin && v_.keys[at] == v_.keys[at - 1]) continue;
      float& g = v_.gradient[row_of(v_, v_.state->cursor, at) * v_.dim + feature];
      float sum = g;
      if (v_.keys[at] == v_.keys[end - 1]) {  // only the last run of a chunk goes on behind it
        for (int64_t next = end, to = chunk + 1; next < span.end && v_.keys[next] == v_.keys[at];
             next += kChunk, ++to)
          sum += v_.carry[to * v_.dim + feature];
        g = sum;
      }
      add(sum, 0, squares);
    }
  }

  BERNOULLI_HOST_DEVICE void combine_head(const Update& update, int64_t number, Squares& squares) const {
    float sum = v_.head_partial[number];
    for (int64_t chunk = 1; chunk < chunks_of(update.size); ++chunk)
      sum += v_.head_partial[chunk * v_.head_size + number];
    v_.head_gradient[number] = sum;
    int64_t part = v_.num_parts - 1;
    while (v_.parts[part].begin > number) --part;
    add(sum, part + 1, squares);
  }

  View v_;
};

}  // namespace bernoulli::card
