#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "layers/layer_kind.h"

namespace bernoulli::layers {

struct ModelPlan;

/// A model that starts as a naive Bayes classifier (`initializer: naive_bayes` of its table): column l of the
/// table is label l's log-count ratio times scale, so that the pooled vector begins with the labels' scores.
/// The linear layer behind the pool starts with 1 where label meets column and 0 elsewhere, and with the log
/// odds of the labels as bias, unless a bias_initializer is named: the first logits are the scores alone, and
/// the other columns of the table, drawn as ever, learn from there.
struct NaiveBayesStart {
  double alpha = 1;
  double scale = 1;
  std::optional<size_t> linear;  ///< place of that layer; absent: the pool gives the logits
};

/// Whether the table asks for it. @throws ShapeError where the model has another shape: it must be a table of
/// at least a column a label, a mean or sum pool, and one linear layer or none, with dropout anywhere.
std::optional<NaiveBayesStart> find_naive_bayes(const std::vector<NamedLayer>& layers, int64_t num_outputs);

/// Gives the plan, which has naive_bayes, its numbers.
/// @param ratios    [ids, L] not yet scaled; the padding id's are 0.   @param log_odds  [L].
void start_as_naive_bayes(ModelPlan& plan, const std::vector<float>& ratios,
                          const std::vector<float>& log_odds);

}  // namespace bernoulli::layers
