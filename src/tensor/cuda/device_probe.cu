#include <cstdint>
#include <cstdio>
#include <cuda_runtime_api.h>
#include <memory>
#include <vector>

#include "tensor/cuda/interface.h"

namespace {

constexpr int kThreads = 128;
constexpr int kBlocks = 8;
constexpr int kNumbers = kThreads * kBlocks;

/// Shared by the card and the host that checks it. The constant is 2^32 divided by the golden ratio.
__host__ __device__ uint32_t expected_number(uint32_t index) { return index * 2654435769u; }

__global__ void write_numbers(uint32_t* numbers) {
  const uint32_t index = blockIdx.x * blockDim.x + threadIdx.x;
  numbers[index] = expected_number(index);
}

struct DeviceDeleter {
  void operator()(uint32_t* numbers) const { cudaFree(numbers); }
};

cudaError_t run_kernel(std::vector<uint32_t>& numbers) {
  const size_t bytes = numbers.size() * sizeof(uint32_t);
  uint32_t* memory = nullptr;
  if (const cudaError_t error = cudaMalloc(&memory, bytes); error != cudaSuccess) return error;
  const std::unique_ptr<uint32_t, DeviceDeleter> owner(memory);
  write_numbers<<<kBlocks, kThreads>>>(memory);
  if (const cudaError_t error = cudaGetLastError(); error != cudaSuccess) return error;
  return cudaMemcpy(numbers.data(), memory, bytes, cudaMemcpyDeviceToHost);
}

/// A version as CUDA counts them: 13000 is 13.0.
struct Version {
  int major;
  int minor;
  explicit Version(int number) : major(number / 1000), minor(number % 1000 / 10) {}
};

/// CUDA answers "insufficient driver" for one that is too old and for none at all; the driver's version,
/// which is 0 where there is none, tells them apart.
void explain_driver(char* why, int size) {
  int driver_number = 0, runtime_number = 0;
  cudaDriverGetVersion(&driver_number);
  cudaRuntimeGetVersion(&runtime_number);
  const Version driver(driver_number), runtime(runtime_number);
  if (driver_number == 0) {
    std::snprintf(
        why, size,
        "no NVIDIA driver is installed (no libcuda.so.1): install one for CUDA %d.%d or newer; in a "
        "container, start it with --gpus all",
        runtime.major, runtime.minor);
    return;
  }
  std::snprintf(
      why, size,
      "the NVIDIA driver is too old: it is for CUDA %d.%d, this program needs CUDA %d.%d: update the driver",
      driver.major, driver.minor, runtime.major, runtime.minor);
}

void explain(cudaError_t error, char* why, int size) {
  if (error == cudaErrorInsufficientDriver) return explain_driver(why, size);
  if (error == cudaErrorNoDevice) {
    std::snprintf(
        why, size,
        "the NVIDIA driver finds no device: look at nvidia-smi and at the variable CUDA_VISIBLE_DEVICES");
    return;
  }
  std::snprintf(why, size, "%s (%s)", cudaGetErrorString(error), cudaGetErrorName(error));
}

}  // namespace

extern "C" {

int bernoulli_cuda_interface() { return bernoulli::kCudaInterface; }

int bernoulli_cuda_device_count(char* why_none, int size) {
  int count = 0;
  cudaError_t error = cudaGetDeviceCount(&count);
  if (error == cudaSuccess && count == 0) error = cudaErrorNoDevice;
  if (error == cudaSuccess) return count;
  cudaGetLastError();  // the error would else meet the next call of this thread
  explain(error, why_none, size);
  return 0;
}

int bernoulli_cuda_device_name(int index, char* name, int size) {
  cudaDeviceProp properties{};
  const cudaError_t error = cudaGetDeviceProperties(&properties, index);
  if (error != cudaSuccess) {
    cudaGetLastError();
    return error;
  }
  std::snprintf(name, size, "%s, compute capability %d.%d, %.1f GiB", properties.name, properties.major,
                properties.minor,
                static_cast<double>(properties.totalGlobalMem) / (1024.0 * 1024.0 * 1024.0));
  return 0;
}

int bernoulli_cuda_check_device(int index, char* why_not, int size) {
  std::vector<uint32_t> numbers(kNumbers, 0);
  cudaError_t error = cudaSetDevice(index);
  if (error == cudaSuccess) error = run_kernel(numbers);
  if (error != cudaSuccess) {
    cudaGetLastError();
    explain(error, why_not, size);
    return error;
  }
  for (uint32_t i = 0; i < kNumbers; ++i) {
    if (numbers[i] == expected_number(i)) continue;
    std::snprintf(why_not, size,
                  "number %u of a test kernel is %u, expected %u: the card or its driver is faulty", i,
                  numbers[i], expected_number(i));
    return -1;
  }
  return 0;
}
}
