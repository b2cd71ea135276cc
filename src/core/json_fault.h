#pragma once

#include <exception>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace bernoulli {

/// Why a text is not a JSON object, for a message: "not JSON at byte 15: unexpected end of input; expected
/// string literal", "a JSON array, not an object". The text itself is not shown.
std::string json_object_fault(std::string_view text);

/// Of an object that has a member of this name more than once.
std::string json_repeated_name_fault(std::string_view name);

/// What an exception of the library says is wrong with a value, without its number: "key 'labels' not found".
std::string json_cause(const std::exception& error);

/// "null", "a string", "an array": what a value is.
std::string json_kind(const nlohmann::json& value);

/// A value where another one was expected, in a message: a number, a truth value, null and a short string as
/// they are written, else what it is. Does not recurse: a value may be nested as deep as a line is long.
std::string shown_json(const nlohmann::json& value);

}  // namespace bernoulli
