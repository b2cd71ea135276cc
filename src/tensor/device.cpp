#include "tensor/device.h"

#include <charconv>
#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "core/error.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLibrary = "libbernoulli_cuda.so";

/// What the CUDA library answers. Plain C, so that it can be found by name.
using DeviceCount = int (*)(char* reason, int reason_bytes);

std::vector<fs::path> library_candidates() {
  if (const char* named = std::getenv("BERNOULLI_CUDA_LIBRARY")) return {named};
  std::error_code ignored;
  const fs::path folder = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  return {folder / kLibrary, folder / ".." / "lib" / kLibrary, folder / "kernels" / "cuda" / kLibrary};
}

/// Opens the library once. It must happen before anything asks LibTorch about CUDA: ATen looks for its CUDA
/// half a single time.
struct CudaLibrary {
  DeviceCount device_count = nullptr;
  std::string failure;

  CudaLibrary() {
    for (const fs::path& path : library_candidates()) {
      std::error_code ignored;
      if (!fs::exists(path, ignored)) continue;
      void* handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
      if (handle == nullptr) {
        failure = fmt::format("the CUDA library '{}' does not open: {}", path.string(), ::dlerror());
        return;
      }
      device_count = reinterpret_cast<DeviceCount>(::dlsym(handle, "bernoulli_cuda_device_count"));
      if (device_count == nullptr)
        failure = fmt::format("'{}' is not the CUDA library of this program", path.string());
      return;
    }
    failure = fmt::format("{} is not installed: build it with './dev setup --cuda && ./dev build'", kLibrary);
  }
};

}  // namespace

int num_cuda_devices(std::string* why_none) {
  static const CudaLibrary library;
  if (library.device_count == nullptr) {
    *why_none = library.failure;
    return 0;
  }
  char reason[512] = "";
  const int count = library.device_count(reason, sizeof reason);
  if (count == 0) *why_none = fmt::format("no CUDA device answers: {}", reason);
  return count;
}

c10::Device open_device(const std::string& name) {
  if (name == "cpu") return c10::Device(c10::kCPU);
  std::string why_none;
  if (name == "auto")
    return num_cuda_devices(&why_none) > 0 ? c10::Device(c10::kCUDA, 0) : c10::Device(c10::kCPU);
  int index = 0;
  const bool plain = name == "cuda";
  if (!plain) {
    const char* end = name.data() + name.size();
    const bool numbered = name.starts_with("cuda:") && name.size() > 5;
    const auto [parsed, error] = numbered ? std::from_chars(name.data() + 5, end, index)
                                          : std::from_chars_result{end, std::errc::invalid_argument};
    if (error != std::errc() || parsed != end || index < 0)
      throw UsageError(fmt::format("unknown device '{}' (expected auto, cpu, cuda or cuda:N)", name));
  }
  const int count = num_cuda_devices(&why_none);
  if (count == 0)
    throw DeviceError(
        fmt::format("device '{}' is not available: {}; or train with --device cpu", name, why_none));
  if (index >= count)
    throw DeviceError(
        fmt::format("device '{}' is not available: this machine has {} CUDA device(s), cuda:0 to cuda:{}",
                    name, count, count - 1));
  return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(index));
}

}  // namespace bernoulli
