#pragma once

namespace bernoulli {

/// Threads that LibTorch's operators get where this thread calls them.
/// @throws std::system_error where the system starts no more threads. LibTorch would wait for them forever.
void set_operator_threads(int threads);

}  // namespace bernoulli
