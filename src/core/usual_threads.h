#pragma once

namespace bernoulli {

inline constexpr int kMostThreads = 4096;  ///< that anything may be asked for

/// BERNOULLI_THREADS, which a sweep gives its trials that run at once; where it is not set, the cores of this
/// machine. @throws UsageError where it is no number from 1 to kMostThreads
int usual_threads();

}  // namespace bernoulli
