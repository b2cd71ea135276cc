#pragma once

// The model of the Keras text-classification tutorial (embedding, dropout, mean over 250 positions, dropout,
// one logit; exact Adam) over made-up texts whose word frequencies and lengths are like those of film
// reviews.

#include <cmath>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "config/load.h"
#include "core/random.h"
#include "data/encoded_dataset.h"
#include "layers/layer_kind.h"
#include "tests/support/narrow_rows.h"

namespace bernoulli::bench {

inline constexpr int64_t kExamples = 20000;

/// @param draw_length  of a text, from its number. @param draw_id  of a word
template <class DrawLength, class DrawId>
EncodedDataset made_up_texts(int64_t num_ids, int64_t num_examples, const DrawLength& draw_length,
                             const DrawId& draw_id) {
  EncodedDataset data;
  TokenRows rows;
  for (int64_t example = 0; example < num_examples; ++example) {
    const uint64_t length = draw_length(example);
    for (uint64_t i = 0; i < length; ++i) rows.ids.push_back(draw_id());
    rows.end_row();
    data.targets.push_back(static_cast<float>(example % 2));
  }
  data.rows = num_ids <= kNarrowIds ? testing::narrow_rows(std::move(rows)) : TokenView(std::move(rows));
  data.origins = std::vector<std::string>(static_cast<size_t>(num_examples));
  return data;
}

/// Rank r of the vocabulary is drawn about as often as 1 / r; two thirds of the texts fill all 250 positions.
inline EncodedDataset made_up_reviews(int64_t num_ids, int64_t num_examples = kExamples) {
  Random random(1);
  const double log_ranks = std::log(static_cast<double>(num_ids - 1));
  return made_up_texts(
      num_ids, num_examples, [&](int64_t example) { return example % 3 == 0 ? 60 + random.below(190) : 250; },
      [&] { return static_cast<int32_t>(std::exp(random.uniform() * log_ranks)); });
}

inline RunConfig training_of(const std::string& layers, const std::string& engine, int64_t batch) {
  return config::load_config_text(fmt::format("data: {{train: t.csv, validation: v.csv}}\n"
                                              "task: {{kind: binary, positive: pos}}\n"
                                              "text: {{sequence_length: 250}}\n"
                                              "model: {{initializer: keras, layers: [{}]}}\n"
                                              "optimizer: {{adam: {{lr: 0.001, eps: 1.0e-7}}}}\n"
                                              "training: {{epochs: 1, batch_size: {}, engine: {}}}\n",
                                              layers, batch, engine),
                                  "bench", layers::layer_schemas())
      .run;
}

inline RunConfig tutorial(const std::string& engine, int64_t dimension, int64_t batch) {
  return training_of(fmt::format("{{embedding: {}}}, {{dropout: 0.2}}, {{mean_pool: include}}, "
                                 "{{dropout: 0.2}}, {{linear: 1}}",
                                 dimension),
                     engine, batch);
}

/// What no engine but the reference and the graph run: two hidden layers with layer_norm behind the pool.
inline RunConfig general_model(const std::string& engine, int64_t batch) {
  return training_of(
      "{embedding: 16}, {dropout: 0.2}, {mean_pool: include}, {linear: 64}, layer_norm, relu, "
      "{dropout: 0.5}, {linear: 32}, layer_norm, relu, {linear: 1}",
      engine, batch);
}

inline std::vector<int64_t> shuffled(int64_t count) {
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  Random random(2);
  for (size_t i = order.size() - 1; i > 0; --i) std::swap(order[i], order[random.below(i + 1)]);
  return order;
}

}  // namespace bernoulli::bench
