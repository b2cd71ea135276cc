#pragma once

#include <cstdint>

#include "kernels/host_device.h"

#if !defined(__CUDACC__)
#include <sched.h>
#endif

// How blocks of one launch hear of each other. What a block wrote before publish() or arrive(), its other
// threads' earlier phases included, is read through read_fresh() by whoever waited for it.

namespace bernoulli::card {

/// Some ten seconds on a card: a wait for what never comes ends with an error of the card.
inline constexpr uint32_t kMostPolls = uint32_t{1} << 24;

BERNOULLI_HOST_DEVICE inline void publish(uint32_t* flag, uint32_t value) {
#if defined(__CUDA_ARCH__)
  asm volatile("st.release.gpu.u32 [%0], %1;" ::"l"(flag), "r"(value) : "memory");
#else
  __atomic_store_n(flag, value, __ATOMIC_RELEASE);
#endif
}

BERNOULLI_HOST_DEVICE inline void await(const uint32_t* flag, uint32_t value) {
#if defined(__CUDA_ARCH__)
  uint32_t now = 0;
  for (uint32_t polls = 0; now != value; ++polls) {
    asm volatile("ld.acquire.gpu.u32 %0, [%1];" : "=r"(now) : "l"(flag) : "memory");
    if (polls == kMostPolls) __trap();
  }
#else
  while (__atomic_load_n(flag, __ATOMIC_ACQUIRE) != value) {
#if !defined(__CUDACC__)
    sched_yield();
#endif
  }
#endif
}

/// How many arrived before this block.
BERNOULLI_HOST_DEVICE inline uint32_t arrive(uint32_t* counter) {
#if defined(__CUDA_ARCH__)
  uint32_t before = 0;
  asm volatile("atom.add.acq_rel.gpu.u32 %0, [%1], 1;" : "=r"(before) : "l"(counter) : "memory");
  return before;
#else
  return __atomic_fetch_add(counter, 1u, __ATOMIC_ACQ_REL);
#endif
}

BERNOULLI_HOST_DEVICE inline void set_bits(uint32_t* word, uint32_t bits) {
#if defined(__CUDA_ARCH__)
  atomicOr(word, bits);
#else
  __atomic_fetch_or(word, bits, __ATOMIC_RELAXED);
#endif
}

/// What another block of the launch wrote; and everything that prepare() reads, which waits for no launch:
/// past the caches of single processors of the card, which may hold what stood there before.
template <class T>
BERNOULLI_HOST_DEVICE inline T read_fresh(const T* from) {
#if defined(__CUDA_ARCH__)
  return __ldcg(from);
#else
  return *from;
#endif
}

}  // namespace bernoulli::card
