#pragma once

#include <filesystem>

#include <nlohmann/json.hpp>

#include "cli/verb_arguments.h"

namespace bernoulli::cli {

/// The whole of `bernoulli train` but for printing. Returns the summary and where the run is.
struct TrainedRun {
  nlohmann::ordered_json summary;
  std::filesystem::path folder;
};
TrainedRun train_run(const TrainArguments& arguments);

}  // namespace bernoulli::cli
