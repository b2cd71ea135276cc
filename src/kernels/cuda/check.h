#pragma once

#include <cuda_runtime.h>
#include <string>

#include "kernels/cuda/memory.h"

namespace bernoulli::card {

/// @throws Failure
inline void check(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return;
  cudaGetLastError();  // the error would else meet the next call of this thread
  throw Failure{Status::kFailed,
                std::string(what) + ": " + cudaGetErrorString(error) + " (" + cudaGetErrorName(error) + ")"};
}

}  // namespace bernoulli::card
