#pragma once

#include <string>

#include <c10/core/Device.h>

namespace bernoulli {

/// Turns "auto", "cpu", "cuda" or "cuda:N" into a device that LibTorch can use. The program itself links
/// LibTorch's CPU half only; asking for CUDA opens libbernoulli_cuda.so and LibTorch's other half
/// (tensor/cuda_library.h). `auto` never fails: it takes cuda:0 where everything is there, else the CPU, with
/// a warning where there is a card. From here on LibTorch's warnings are told once each
/// (tensor/torch_warnings.h).
/// @throws UsageError for another word; DeviceError (what is missing and what to do) if the device is not
/// there.
c10::Device open_device(const std::string& name);

/// Number of CUDA devices, 0 where the CUDA library or a driver is absent; the reason is written to
/// `*why_none`.
int num_cuda_devices(std::string* why_none);

/// A C function of libbernoulli_cuda.so by its name, null where the library or the function is not there.
void* cuda_function(const char* name);

/// Opens the library of that name beside libbernoulli_cuda.so, after open_device() gave a CUDA device. Null
/// with the reason in `*why`.
void* open_cuda_library(const char* name, std::string* why);

/// Name, compute capability and memory of a device below num_cuda_devices().
std::string cuda_device_name(int index);

}  // namespace bernoulli
