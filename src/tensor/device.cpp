#include "tensor/device.h"

#include <fmt/format.h>

#include "core/device_word.h"
#include "core/error.h"
#include "core/log.h"
#include "tensor/cuda_library.h"
#include "tensor/torch_warnings.h"

namespace bernoulli {
namespace {

const CudaLibrary& cuda_library() {
  static const CudaLibrary library(cuda_places());
  return library;
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
  const DeviceWord word = parse_device(name);
  tell_torch_warnings_once();
  if (word.kind == DeviceWord::Kind::kCpu) return c10::Device(c10::kCPU);
  if (word.kind == DeviceWord::Kind::kAuto) return best_device();
  const int index = word.index.value_or(0);
  const std::string why = why_unavailable(index);
  if (!why.empty()) {
    throw DeviceError(fmt::format("device '{}' is not available: {}; or use --device cpu", name, why));
  }
  return cuda_device(index);
}

}  // namespace bernoulli
