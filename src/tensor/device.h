#pragma once

#include <string>

#include <c10/core/Device.h>

namespace bernoulli {

/// Turns "auto", "cpu", "cuda" or "cuda:N" into a device. `auto` takes CUDA where the CUDA library is
/// installed and finds a card. Asking for CUDA opens libbernoulli_cuda.so first: the program itself links
/// LibTorch's CPU half only.
/// @throws UsageError for another word; DeviceError (what is missing and what to do) if the device is not
/// there.
c10::Device open_device(const std::string& name);

/// Number of CUDA devices, 0 where the CUDA library or a driver is absent; the reason is written to
/// `*why_none`.
int num_cuda_devices(std::string* why_none);

}  // namespace bernoulli
