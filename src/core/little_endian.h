#pragma once

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>

namespace bernoulli {

/// Appends the bytes of `value`, the lowest first, whatever the order of this machine is.
template <std::unsigned_integral Integer>
void append_little_endian(std::string& to, Integer value) {
  for (size_t byte = 0; byte < sizeof value; ++byte) to += static_cast<char>(value >> (8 * byte));
}

/// The number whose bytes `bytes` begins with, the lowest first: so many must be there.
template <std::unsigned_integral Integer>
Integer read_little_endian(std::string_view bytes) {
  Integer value = 0;
  for (size_t byte = 0; byte < sizeof value; ++byte)
    value = static_cast<Integer>(value | Integer{static_cast<unsigned char>(bytes[byte])} << (8 * byte));
  return value;
}

}  // namespace bernoulli
