#pragma once

#include <string>
#include <string_view>

namespace bernoulli {

/// Why a text is not a JSON object, for a message: "not JSON at byte 15: unexpected end of input; expected
/// string literal", "a JSON array, not an object". The text itself is not shown.
std::string json_object_fault(std::string_view text);

}  // namespace bernoulli
