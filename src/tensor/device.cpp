#include "tensor/device.h"

#include <charconv>
#include <optional>
#include <system_error>

#include <fmt/format.h>

#include "core/error.h"
#include "core/log.h"
#include "tensor/cuda_library.h"

namespace bernoulli {
namespace {

const CudaLibrary& cuda_library() {
  static const CudaLibrary library(cuda_places());
  return library;
}

/// N of "cuda:N", 0 of "cuda".
std::optional<int> cuda_index(const std::string& name) {
  constexpr std::string_view kPrefix = "cuda:";
  if (name == "cuda") return 0;
  if (!name.starts_with(kPrefix)) return std::nullopt;
  int index = 0;
  const char* end = name.data() + name.size();
  const auto [parsed, error] = std::from_chars(name.data() + kPrefix.size(), end, index);
  if (error != std::errc() || parsed != end || index < 0) return std::nullopt;
  return index;
}

c10::Device cuda_device(int index) { return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(index)); }

/// Empty, or why the device cannot be used.
std::string why_unavailable(int index) {
  std::string why_none;
  const int count = num_cuda_devices(&why_none);
  if (count == 0) return why_none;
  if (index >= count) {
    return fmt::format("this machine has {} CUDA device{}, {}", count, count == 1 ? "" : "s",
                       count == 1 ? "cuda:0" : fmt::format("cuda:0 to cuda:{}", count - 1));
  }
  return cuda_library().bring_in(index);
}

c10::Device best_device() {
  std::string ignored;
  if (num_cuda_devices(&ignored) == 0) return c10::Device(c10::kCPU);
  const std::string why = why_unavailable(0);
  if (why.empty()) return cuda_device(0);
  log_warning(fmt::format("this machine has a CUDA device, but the CPU is used: {}", why));
  return c10::Device(c10::kCPU);
}

}  // namespace

int num_cuda_devices(std::string* why_none) { return cuda_library().num_devices(why_none); }

void* cuda_function(const char* name) { return cuda_library().function(name); }

void* open_cuda_library(const char* name, std::string* why) { return cuda_library().open_beside(name, why); }

std::string cuda_device_name(int index) { return cuda_library().device_name(index); }

c10::Device open_device(const std::string& name) {
  if (name == "cpu") return c10::Device(c10::kCPU);
  if (name == "auto") return best_device();
  const std::optional<int> index = cuda_index(name);
  if (!index) throw UsageError(fmt::format("unknown device '{}' (expected auto, cpu, cuda or cuda:N)", name));
  const std::string why = why_unavailable(*index);
  if (!why.empty()) {
    throw DeviceError(fmt::format("device '{}' is not available: {}; or use --device cpu", name, why));
  }
  return cuda_device(*index);
}

}  // namespace bernoulli
