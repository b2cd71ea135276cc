#pragma once

/// What libbernoulli_cuda.so answers. Plain C, because the program opens the library at run time and finds
/// these by name; the library itself needs the driver and nothing of LibTorch. Every text is cut to `size`
/// bytes with its final 0.
extern "C" {

/// kCudaInterface of the sources that the library was built from.
int bernoulli_cuda_interface();

/// Number of devices, 0 with the reason in `why_none`: no driver, a driver too old, no device, or what the
/// driver says.
int bernoulli_cuda_device_count(char* why_none, int size);

/// Writes name, compute capability and memory of a device. @return 0, or the CUDA error.
int bernoulli_cuda_device_name(int index, char* name, int size);

/// Runs a kernel on the device and reads its answer back, which fails where the library holds no code for
/// this card. The device is the calling thread's from then on: to give it device 0 back would take memory
/// there.
/// @return 0, or the CUDA error with `why_not`; -1 for a wrong answer.
int bernoulli_cuda_check_device(int index, char* why_not, int size);
}

namespace bernoulli {

/// Grows with every change of the functions above and of those in kernels/cuda/interface.h.
inline constexpr int kCudaInterface = 5;

}  // namespace bernoulli
