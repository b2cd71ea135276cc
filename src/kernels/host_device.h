#pragma once

// Functions that the processor and a CUDA card both run: one source, compiled by both compilers. The headers
// that use this keep to C++17, which is what nvcc is asked for.
#if defined(__CUDACC__)
#define BERNOULLI_HOST_DEVICE __host__ __device__
#else
#define BERNOULLI_HOST_DEVICE
#endif
