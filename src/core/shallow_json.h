#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

namespace bernoulli {

inline constexpr int kDeepestJson = 64;

/// JSON out of a file that anybody may have made. The library parses any depth, but copies, compares and
/// prints by recursion: 200,000 brackets would end the process there.
/// @return a discarded value for what is no JSON, or nested deeper than kDeepestJson.
template <class Json>
Json parse_shallow_json(std::string_view text) {
  bool deep = false;
  const auto gate = [&](int levels_above, typename Json::parse_event_t event, Json&) {
    using Event = typename Json::parse_event_t;
    deep = deep ||
           (levels_above >= kDeepestJson && (event == Event::object_start || event == Event::array_start));
    return !deep;
  };
  Json value = Json::parse(text, gate, false);
  return deep ? Json(Json::value_t::discarded) : value;
}

/// A whole number out of such JSON. The library's own get<int>() converts 1e300 and -1 as well as it can: the
/// one is undefined in C++, the other a huge count.
/// @throws Json::type_error for anything but a whole number that Int holds
template <class Int, class Json>
Int whole_number(const Json& value) {
  if (value.is_number_unsigned()) {
    if (const auto number = value.template get<uint64_t>(); std::in_range<Int>(number))
      return static_cast<Int>(number);
  } else if (value.is_number_integer()) {
    if (const auto number = value.template get<int64_t>(); std::in_range<Int>(number))
      return static_cast<Int>(number);
  }
  const std::string found = value.is_number() ? value.dump() : value.type_name();
  throw Json::type_error::create(302, "expected a whole number of a certain range, found " + found, &value);
}

}  // namespace bernoulli
