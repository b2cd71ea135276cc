#pragma once

#include <cstdint>
#include <optional>

namespace bernoulli::layers {

/// Of the 65536 values of a 16-bit draw, how many keep a number where it is dropped with probability `rate`:
/// 1 to 65535. Nothing for a rate that this would change by more than a thousandth of itself or of what is
/// kept, and for 0.
std::optional<uint32_t> dropout_keep_of_65536(double rate);

}  // namespace bernoulli::layers
