#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace bernoulli {

/// Bytes that can still be had: what the system has left, and no more than the limits of the control groups
/// around this process leave (versions 1 and 2), where the cache of files can be given up; and swap, as far
/// as the groups allow it. Nothing where the system does not say.
/// @param root  below which /proc and /sys are read
std::optional<uint64_t> available_memory(const std::filesystem::path& root = "/");

}  // namespace bernoulli
