#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "sweep/leader_board.h"

namespace bernoulli::cli {

/// How the trials of a sweep are run.
struct TrialRuns {
  std::filesystem::path folder;  ///< of the sweep
  sweep::Ranking ranking;        ///< for what is shown of a trial
  std::string device;
  int64_t jobs = 1;
};

/// Trains every trial that is not settled, each as a process of its own, and keeps the states in
/// DIR/sweep.json. What a trial says on standard error goes to DIR/001.log.
/// @throws StopRequested after a signal has been passed on and all trials have ended; IoError
void run_trials(sweep::Sweep& sweep, const TrialRuns& runs);

/// The summary of a trial that was trained to its end.
std::optional<nlohmann::ordered_json> summary_of(const std::filesystem::path& folder,
                                                 const sweep::Trial& trial);

}  // namespace bernoulli::cli
