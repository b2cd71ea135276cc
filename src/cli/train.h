#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "config/load.h"

namespace bernoulli::cli {

struct TrainArguments {
  config::ConfigSources sources;
  std::optional<std::filesystem::path> run_dir;
  std::string device = "auto";
  bool resume = false;
  bool dry_run = false;
  bool json = false;
  std::vector<std::string> words;  ///< as typed, for environment.json
};

/// The whole of `bernoulli train` but for printing. Returns the summary and where the run is.
struct TrainedRun {
  nlohmann::ordered_json summary;
  std::filesystem::path folder;
};
TrainedRun train_run(const TrainArguments& arguments);

}  // namespace bernoulli::cli
