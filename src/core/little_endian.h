#pragma once

#include <concepts>
#include <cstddef>
#include <string>

namespace bernoulli {

/// Appends the bytes of `value`, the lowest first, whatever the order of this machine is.
template <std::unsigned_integral Integer>
void append_little_endian(std::string& to, Integer value) {
  for (size_t byte = 0; byte < sizeof value; ++byte) to += static_cast<char>(value >> (8 * byte));
}

}  // namespace bernoulli
