#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

namespace bernoulli {

inline constexpr size_t kDeepestJson = 64;

/// Adds a member whose name is new. operator[] looks through all names that are there: an object with a
/// member a label would cost the square of their number.
inline void add_member(nlohmann::ordered_json& object, std::string name, nlohmann::ordered_json value) {
  object.get_ref<nlohmann::ordered_json::object_t&>().emplace_back(std::move(name), std::move(value));
}

/// JSON out of a file that anybody may have made. The library's own parser takes any depth, but copies,
/// compares and prints by recursion: 200,000 brackets would end the process there; and it looks through all
/// names of an object at each member. Of a name that comes twice the last value stands, as there.
/// @return a discarded value for what is no JSON, or nested deeper than kDeepestJson.
nlohmann::ordered_json parse_shallow_json(std::string_view text);

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
