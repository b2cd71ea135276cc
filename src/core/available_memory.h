#pragma once

#include <cstdint>
#include <istream>
#include <optional>

namespace bernoulli {

/// Bytes that can be had at most: what the system has left, swap included, and no more than the whole limit
/// of the control group, whose page cache can be given up. What takes more is sure to fail. Nothing where the
/// system does not say.
std::optional<uint64_t> available_memory();

/// MemAvailable and SwapFree of /proc/meminfo, in bytes.
std::optional<uint64_t> available_memory_of(std::istream& meminfo);

}  // namespace bernoulli
