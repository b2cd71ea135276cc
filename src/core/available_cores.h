#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace bernoulli {

/// What the control groups around this process (versions 1 and 2) let it use at a time, in cores, rounded up:
/// the least of their quotas. Nothing where none has one. @param root  below which /proc and /sys are read
std::optional<int64_t> quota_of_cores(const std::filesystem::path& root = "/");

/// Cores that this thread may run on (`taskset`), and no more than quota_of_cores() when this was first
/// asked; at least 1.
int available_cores();

}  // namespace bernoulli
