#pragma once

#include <cstdint>

namespace bernoulli {

inline constexpr int kMostThreads = 4096;  ///< that anything may be asked for

/// BERNOULLI_THREADS, which processes have that share a machine; where it is not set,
/// available_cores(). @throws UsageError where it is no number from 1 to kMostThreads
int usual_threads();

/// Sets BERNOULLI_THREADS to the part of the cores that one of so many processes gets which share those of
/// this one, unless it is set already.
void share_cores(int64_t processes);

}  // namespace bernoulli
