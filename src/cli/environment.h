#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <c10/core/Device.h>

namespace bernoulli::cli {

/// What environment.json of a run holds: program, LibTorch, compiler, commit, device, threads, host, command
/// line.
nlohmann::ordered_json environment_json(c10::Device device, int threads,
                                        const std::vector<std::string>& words);

/// Threads of LibTorch's kernels.
void set_threads(int threads);

/// Largest resident set of this process so far, MiB.
double peak_memory_mib();

}  // namespace bernoulli::cli
