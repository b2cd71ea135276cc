#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "infer/network_weights.h"
#include "kernels/lane_vector.h"
#include "layers/layer_kind.h"

namespace bernoulli {

/// One text between two layers, and memory for the next one.
struct TextState {
  int64_t rows = 0;      ///< a position each; 1 behind a pool
  int64_t real = 0;      ///< of tokens; the others, behind them, are padding
  int64_t features = 0;  ///< numbers of a row that count; rows are padded(features) apart
  kernels::LaneVector values;
  kernels::LaneVector next;
  kernels::LaneVector scratch[4];
  std::vector<int32_t> indices;
  std::vector<TextState>
      branch;  ///< empty until a layer has branches: then one, in which each is run in turn

  size_t bytes() const;
};

/// Makes room for `count` numbers, one at least, which keep what they were. @return the first
float* room_in(kernels::LaneVector& numbers, int64_t count);

/// A layer of a trained network over one text. Immutable, shared between threads.
class TextLayer {
 public:
  virtual ~TextLayer() = default;
  virtual void run(TextState& text) const = 0;
};

/// @param layer  neither a table nor training_only
std::unique_ptr<const TextLayer> make_text_layer(const layers::NamedLayer& layer,
                                                 const NetworkWeights& weights);

/// The same of a layer with branches.
std::unique_ptr<const TextLayer> make_parallel_layer(const layers::NamedLayer& layer,
                                                     const NetworkWeights& weights);

/// The largest value of each feature over tokens, 0 without any: what an embedding_bag of mode max ends with.
std::unique_ptr<const TextLayer> make_pool_of_tokens(const std::string& mode);

}  // namespace bernoulli
