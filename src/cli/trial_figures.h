#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "config/load.h"
#include "sweep/figures.h"
#include "sweep/trial.h"

/// What the run folders of a sweep say of its trials.
namespace bernoulli::cli {

/// The summary of a trial that was trained to its end.
std::optional<nlohmann::ordered_json> summary_of(const std::filesystem::path& folder,
                                                 const sweep::Trial& trial);

/// As of the end of the trial's rung, whether it has ended or is on its way: of one kind for all trials of a
/// rung. @param folder  of the sweep
sweep::Figures figures_at_rung(const std::filesystem::path& folder, const sweep::Trial& trial,
                               const TrainingConfig& training, const std::string& metric);

/// One a trial, as of where it stands: for the leader board.
/// @param configs  one a trial
std::vector<sweep::Figures> board_figures(const sweep::Sweep& sweep, const std::filesystem::path& folder,
                                          const std::vector<config::LoadedConfig>& configs,
                                          const std::string& metric);

}  // namespace bernoulli::cli
