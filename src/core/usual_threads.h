#pragma once

namespace bernoulli {

inline constexpr int kMostThreads = 4096;  ///< that anything may be asked for

/// BERNOULLI_THREADS, where that variable is a number above 0, as a sweep gives its trials that run at once,
/// else the cores of this machine; at most kMostThreads.
int usual_threads();

}  // namespace bernoulli
