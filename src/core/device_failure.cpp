#include "core/device_failure.h"

#include <algorithm>

#include <fmt/format.h>

namespace bernoulli {

std::string_view device_fault(std::string_view what) {
  size_t begin = what.npos;
  for (const std::string_view words : {"CUDA error:", "CUDA driver error:", "cuDNN error:"})
    begin = std::min(begin, what.find(words));
  if (begin == what.npos) return "";
  return what.substr(begin, what.find('\n', begin) - begin);
}

std::string device_failure(std::string_view fault) {
  return fmt::format(
      "the CUDA device failed: {}. Look at nvidia-smi and dmesg; a training's last checkpoint is good, and "
      "--resume goes on from it",
      fault);
}

}  // namespace bernoulli
