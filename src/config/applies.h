#pragma once

#include "config/kind_schema.h"
#include "config/node.h"

namespace bernoulli::config {

enum class Applies {
  kYes,
  kNo,
  kUnknown,  ///< the word that decides is itself at fault
};

/// Whether a field of `map` has a meaning beside what `node` gives.
/// @param failed  where the answer is no, the condition that does not hold
Applies applies(const FieldSchema& map, const FieldSchema& field, const Node& node,
                const Condition** failed = nullptr);

}  // namespace bernoulli::config
