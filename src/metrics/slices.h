#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/predictions.h"

namespace bernoulli {

/// Examples that are judged by themselves.
struct Slice {
  std::string name;
  std::vector<int64_t> examples;  ///< indices, ascending
};

/// The examples in up to four parts of about the same size, the smallest values first. Equal values share a
/// part, which is named by its smallest and largest: "1 to 117", or "0".
/// @param value_of  of an example
std::vector<Slice> quarters(int64_t num_examples, const std::function<int64_t(int64_t example)>& value_of);

/// One slice a value, the most frequent first, of equally frequent ones in the order of their bytes; behind
/// `most` of them all others together.
std::vector<Slice> slices_by_value(std::span<const std::string_view> values, size_t most);

/// The predictions of some examples, copied. N examples, L labels.
class SlicedPredictions {
 public:
  /// @param examples  indices below whole.size()
  SlicedPredictions(const Predictions& whole, std::span<const int64_t> examples);
  /// Views of this object.
  Predictions predictions() const { return {logits_, targets_, weights_, num_labels_}; }

 private:
  std::vector<float> logits_, targets_, weights_;
  int64_t num_labels_;
};

}  // namespace bernoulli
