#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <c10/core/Device.h>

#include "config/run_config.h"

namespace bernoulli::cli {

/// open_device() for a verb that trains: warns of settings that have no effect there.
c10::Device open_training_device(const std::string& name, const TrainingConfig& training);

/// What environment.json of a run holds: program, LibTorch, compiler, commit, device (of a card its name,
/// too), precision, threads, host, working directory, command line.
nlohmann::ordered_json environment_json(c10::Device device, const TrainingConfig& training, int threads,
                                        const std::vector<std::string>& words);

/// Largest resident set of this process so far, MiB.
double peak_memory_mib();

}  // namespace bernoulli::cli
