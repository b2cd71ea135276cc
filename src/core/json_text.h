#pragma once

#include <string>

namespace bernoulli {

/// JSON on one line. Bytes that are no UTF-8, as of a path, become U+FFFD, where the library would throw.
/// @tparam Json  nlohmann::json or ordered_json
template <class Json>
std::string compact_json(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace bernoulli
