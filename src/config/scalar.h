#pragma once

#include <string>
#include <variant>

#include "config/kind_schema.h"
#include "config/node.h"

namespace bernoulli::config {

/// Why a node is not what is wanted, ready for a message.
struct ScalarFault {
  std::string message;
  std::string suggestion = {};  ///< "; did you mean 'x'?" or nothing
};

using ScalarValue = std::variant<Json, ScalarFault>;

/// Whether a number is one that the field takes.
bool in_range(const FieldSchema& schema, double value);

/// The value of a field that has one value, or of a number with words beside it. @param schema  of such a
/// type
ScalarValue read_scalar(const FieldSchema& schema, const Node& node);

/// Decimal digits with an optional sign, without leading zeros, quotes, 0x, underscores or a point.
ScalarValue read_integer(const Node& scalar);

/// True where `node` is a plain scalar that begins like a number.
bool looks_like_number(const Node& node);

}  // namespace bernoulli::config
