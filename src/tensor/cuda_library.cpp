#include "tensor/cuda_library.h"

#include <climits>
#include <cstdlib>
#include <dlfcn.h>
#include <link.h>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <ATen/Context.h>
#include <c10/util/Exception.h>
#include <torch/headeronly/version.h>

namespace bernoulli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLibrary = "libbernoulli_cuda.so";
constexpr const char* kTorchCuda = "libtorch_cuda.so";
constexpr int kMessageBytes = 512;

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

/// The folder that the dynamic linker took libtorch_cpu.so from. Its two halves must be of one build.
fs::path torch_folder_in_use() {
  void* torch = ::dlopen("libtorch_cpu.so", RTLD_LAZY | RTLD_NOLOAD);
  char folder[PATH_MAX] = "";
  if (torch == nullptr || ::dlinfo(torch, RTLD_DI_ORIGIN, folder) != 0) return {};
  return folder;
}

template <typename Function>
Function find(void* library, const char* name) {
  return reinterpret_cast<Function>(::dlsym(library, name));
}

/// Where the variable names another LibTorch than the one in use, starting with that one is the remedy.
std::string torch_remedy() {
  const char* wanted = std::getenv("BERNOULLI_TORCH_DIR");
  const bool has_cuda = wanted != nullptr && is_there(fs::path(wanted) / "lib" / kTorchCuda);
  return has_cuda ? fmt::format("start the program with LD_LIBRARY_PATH={}/lib", wanted)
                  : "run './dev setup --cuda && ./dev build', or start the program with LD_LIBRARY_PATH "
                    "naming the torch/lib folder of a whole torch wheel of the same version";
}

}  // namespace

CudaPlaces cuda_places() {
  CudaPlaces places{{}, torch_folder_in_use()};
  if (const char* named = std::getenv("BERNOULLI_CUDA_LIBRARY")) {
    places.libraries = {named};
    return places;
  }
  std::error_code ignored;
  const fs::path folder = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  places.libraries = {folder / kLibrary, folder.parent_path() / "lib" / kLibrary};
  return places;
}

CudaLibrary::CudaLibrary(CudaPlaces places) : places_(std::move(places)) { open_library(); }

void CudaLibrary::open_library() {
  std::string looked_for;
  for (const fs::path& path : places_.libraries) {
    looked_for += fmt::format("{}'{}'", looked_for.empty() ? "" : ", ", path.string());
    if (!is_there(path)) continue;
    void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
      failure_ = fmt::format("the CUDA library '{}' does not open: {}", path.string(), ::dlerror());
      return;
    }
    const auto interface = find<decltype(&bernoulli_cuda_interface)>(library, "bernoulli_cuda_interface");
    if (interface == nullptr || interface() != kCudaInterface) {
      failure_ = fmt::format(
          "'{}' is not the CUDA library of this version of the program: install both from one build",
          path.string());
      return;
    }
    library_ = library;
    path_ = path;
    device_count_ = find<decltype(device_count_)>(library, "bernoulli_cuda_device_count");
    device_name_ = find<decltype(device_name_)>(library, "bernoulli_cuda_device_name");
    check_device_ = find<decltype(check_device_)>(library, "bernoulli_cuda_check_device");
    return;
  }
  failure_ = fmt::format(
      "there is no {} (looked for {}): install the CUDA toolkit, then './dev setup --cuda && ./dev build'",
      kLibrary, looked_for);
}

void* CudaLibrary::open_beside(const char* name, std::string* why) const {
  const fs::path path = path_.parent_path() / name;
  if (library_ == nullptr || !is_there(path)) {
    *why = fmt::format("there is no {} beside {}: './dev build' makes it", name, kLibrary);
    return nullptr;
  }
  void* const library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) *why = fmt::format("'{}' does not open: {}", path.string(), ::dlerror());
  return library;
}

void* CudaLibrary::function(const char* name) const {
  return library_ != nullptr ? ::dlsym(library_, name) : nullptr;
}

int CudaLibrary::num_devices(std::string* why_none) const {
  if (!failure_.empty()) {
    *why_none = failure_;
    return 0;
  }
  char reason[kMessageBytes] = "";
  const int count = device_count_(reason, sizeof reason);
  if (count == 0) *why_none = reason;
  return count;
}

std::string CudaLibrary::device_name(int index) const {
  char name[kMessageBytes] = "";
  const int error = failure_.empty() ? device_name_(index, name, sizeof name) : -1;
  return error == 0 ? name : "a device that does not answer";
}

std::string CudaLibrary::bring_in(int index) const {
  if (!failure_.empty()) return failure_;
  char reason[kMessageBytes] = "";
  if (check_device_(index, reason, sizeof reason) != 0) {
    return fmt::format("cuda:{} ({}) does not run this program's code: {}", index, device_name(index),
                       reason);
  }
  return bring_in_torch(index);
}

std::string CudaLibrary::bring_in_torch(int index) const {
  const fs::path half = places_.torch_folder / kTorchCuda;
  if (!is_there(half)) {
    return fmt::format("the LibTorch {} in '{}' is the CPU half alone ({} is missing): {}", TORCH_VERSION,
                       places_.torch_folder.string(), kTorchCuda, torch_remedy());
  }
  if (::dlopen(half.c_str(), RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    return fmt::format("LibTorch's CUDA half does not open: {}: {}", ::dlerror(), torch_remedy());
  }
  try {
    const int count = at::detail::getCUDAHooks().deviceCount();
    if (index < count) {
      // LibTorch's default lets cuDNN round convolutions and recurrent layers to TF32.
      at::globalContext().setAllowTF32CuDNN(false);
      return "";
    }
    return fmt::format(
        "the driver knows cuda:{}, but LibTorch {} finds {} CUDA devices: look for a warning "
        "of it above, and for a driver older than its CUDA",
        index, TORCH_VERSION, count);
  } catch (const c10::Error& error) {
    return fmt::format("LibTorch's CUDA half does not start: {}", error.what_without_backtrace());
  }
}

}  // namespace bernoulli
