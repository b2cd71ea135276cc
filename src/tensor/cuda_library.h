#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tensor/cuda/interface.h"

namespace bernoulli {

/// Where the pieces of CUDA are looked for.
struct CudaPlaces {
  std::vector<std::filesystem::path> libraries;  ///< files; the first that exists is libbernoulli_cuda.so
  std::filesystem::path torch_folder;  ///< of the libtorch_cpu.so in use, hence of its libtorch_cuda.so
};

/// Of this process: the variable BERNOULLI_CUDA_LIBRARY, else beside the program, else in ../lib.
CudaPlaces cuda_places();

/// Opens libbernoulli_cuda.so and, once a device is wanted, LibTorch's CUDA half. What is missing is told,
/// never thrown. The libraries stay in the process.
class CudaLibrary {
 public:
  explicit CudaLibrary(CudaPlaces places);

  /// Number of cards, 0 with the reason and the remedy in `why_none`. Needs neither LibTorch's CUDA half nor
  /// its second of loading time.
  int num_devices(std::string* why_none) const;
  /// "NVIDIA H200, compute capability 9.0, 139.8 GiB"
  std::string device_name(int index) const;

  /// Makes at::kCUDA usable, in float32 throughout: a kernel of ours runs on the card, libtorch_cuda.so is
  /// opened, and finds the card as well. It must come before anything asks LibTorch about CUDA, which looks
  /// for its CUDA half a single time.
  /// @param index below num_devices().  @return empty, or what is missing and what to do.
  std::string bring_in(int index) const;

  /// Opens the library of that name beside this one, once bring_in() has succeeded. Null with what is missing
  /// in `why`.
  void* open_beside(const char* name, std::string* why) const;

  /// Another function of the library by its name, null where it has none or is not there itself.
  void* function(const char* name) const;

 private:
  void open_library();
  std::string bring_in_torch(int index) const;

  CudaPlaces places_;
  std::string failure_;
  std::filesystem::path path_;  ///< of the library that was opened
  void* library_ = nullptr;
  decltype(&bernoulli_cuda_device_count) device_count_ = nullptr;
  decltype(&bernoulli_cuda_device_name) device_name_ = nullptr;
  decltype(&bernoulli_cuda_check_device) check_device_ = nullptr;
};

}  // namespace bernoulli
