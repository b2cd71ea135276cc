#pragma once

#include <optional>
#include <string>

namespace bernoulli {

/// What --device says.
struct DeviceWord {
  enum class Kind { kAuto, kCpu, kCuda };
  Kind kind = Kind::kAuto;
  std::optional<int> index;  ///< of "cuda:N"
};

/// @throws UsageError for any word but auto, cpu, cuda and cuda:N
DeviceWord parse_device(const std::string& word);

}  // namespace bernoulli
