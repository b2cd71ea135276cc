#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/load.h"
#include "sweep/trial.h"

namespace bernoulli::cli {

struct SweepArguments {
  config::ConfigSources sources;  ///< without files: everything comes from the sweep that is gone on with
  std::vector<std::string> axes;  ///< words with a '='
  std::optional<std::filesystem::path> sweep_dir;
  std::optional<sweep::RandomSearch> random;
  std::optional<std::string> rank_by;
  std::optional<int64_t> halving;     ///< its factor
  std::optional<double> max_seconds;  ///< of this call
  std::string device;
  int64_t jobs = 1;
  bool resume = false;
  bool dry_run = false;
  bool json = false;
};

/// Nothing when --help was asked for and printed. @throws UsageError
std::optional<SweepArguments> sweep_arguments(const std::vector<std::string>& words);

}  // namespace bernoulli::cli
