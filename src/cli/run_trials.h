#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/load.h"
#include "store/run_folder.h"
#include "sweep/leader_board.h"

namespace bernoulli::cli {

/// How the trials of a sweep are run.
struct TrialRuns {
  std::filesystem::path folder;  ///< of the sweep
  sweep::Ranking ranking;        ///< for what is shown of a trial, and who goes on
  std::string device;
  int64_t jobs = 1;
  const std::vector<config::LoadedConfig>& configs;  ///< one a trial
  /// From monotonic_seconds() `started_s` on; absent: as long as it takes. Without halving no trial is begun
  /// after that, and what is being trained is stopped, to be gone on with. With halving rows are begun in an
  /// equal share of that time for the first rung, as long as what has been begun can be brought to its end in
  /// time; a row that was begun is begun whole. One is begun always.
  std::optional<double> seconds;
  double started_s = 0;
  const RunFolder& owned;  ///< `folder`
};

/// Trains every trial that is waiting, each as a process of its own, and keeps the states in DIR/sweep.json;
/// with halving to the end of its rung, and rung by rung. What a trial says on standard error goes to
/// DIR/001.log.
/// @throws StopRequested after a signal has been passed on and all trials have ended; IoError
void run_trials(sweep::Sweep& sweep, const TrialRuns& runs);

}  // namespace bernoulli::cli
