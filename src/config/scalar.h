#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/kind_schema.h"
#include "config/node.h"

namespace bernoulli::config {

/// Why a scalar is not of the wanted type, ready for a message.
struct ScalarFault {
  std::string message;
};

/// Decimal digits with an optional sign, without leading zeros, quotes, 0x, underscores or a point.
std::variant<int64_t, ScalarFault> read_integer(const Node& node);

/// An integer, or a decimal fraction or power of ten; finite.
std::variant<double, ScalarFault> read_number(const Node& node);

/// true or false.
std::variant<bool, ScalarFault> read_bool(const Node& node);

/// True where `node` is a plain scalar that begins like a number.
bool looks_like_number(const Node& node);

/// Words that choose among the kinds of `schema`, which has some.
std::vector<std::string> kind_names(const FieldSchema& schema);

/// "a list", "a map", "nothing", or the scalar in quotes.
std::string describe_node(const Node& node);

/// "an integer from 1 to 16", "a number above 0", "true or false", "mean, sum or max", "a list of texts".
std::string expected(const FieldSchema& schema);

/// "min to max" in words, empty where there is no bound.
std::string describe_range(const FieldSchema& schema);

/// True where `value` lies in the schema's range.
bool in_range(const FieldSchema& schema, double value);

}  // namespace bernoulli::config
