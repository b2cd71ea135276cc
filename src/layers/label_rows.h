#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "layers/model_plan.h"

namespace bernoulli::layers {

/// The parameters that hold something of each label in a row of its own.
struct LabelRows {
  /// By the name of a tensor, which label its first row is of; of one dimension a row is a number. Empty
  /// where labels cannot be told apart by rows: they are columns of a table, or come out of a recurrence.
  std::map<std::string, int64_t> first_label = {};
  bool are_odd = true;  ///< all of them negated, the model gives the same logits negated
};

/// Of the layers that logits come out of: the last linear or conv1d layer, one of each branch where a
/// `parallel` follows it, and the norms behind it.
LabelRows label_rows(const ModelPlan& plan);

}  // namespace bernoulli::layers
