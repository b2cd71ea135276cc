#pragma once

namespace bernoulli {

/// Threads that LibTorch's operators get where this thread calls them.
/// @throws std::system_error where the system starts no more threads. LibTorch would wait for them forever.
void set_operator_threads(int threads);

/// For a verb that leaves the number to LibTorch. @throws std::system_error where the system does not start
/// so many threads. OpenMP would end the process, with the exit code of a bug.
void try_operator_threads();

}  // namespace bernoulli
