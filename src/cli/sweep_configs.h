#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/load_arguments.h"
#include "sweep/halving.h"
#include "sweep/leader_board.h"

/// The configurations of the trials of a sweep.
namespace bernoulli::cli {

/// One a trial, from the files, --set and the trial's own settings.
/// @throws UsageError with every fault of every trial, each told once with its trials; for trials that are
/// the same; StopRequested
std::vector<config::LoadedConfig> load_trials(const config::ConfigSources& sources,
                                              const sweep::Sweep& sweep);

/// DIR/001.yaml, where a sweep keeps the configuration of a trial: a file that is edited meanwhile changes
/// nothing.
std::filesystem::path config_of(const std::filesystem::path& folder, const sweep::Trial& trial);

/// The configurations that a sweep keeps. @throws UsageError where one is missing or damaged
std::vector<config::LoadedConfig> load_kept_trials(const std::filesystem::path& folder,
                                                   const sweep::Sweep& sweep);

/// @param kept  the first of the trials that are now asked for
/// @throws UsageError naming every key that differs
void check_same_configs(const std::vector<config::LoadedConfig>& kept,
                        const std::vector<config::LoadedConfig>& now);

/// Where trials may be judged on other examples or labels, a warning; of the seed of a split only where the
/// leader board does not make up for it by its means. @param trials  one a trial of the sweep
void warn_of_other_examples(const sweep::Sweep& sweep, const std::vector<config::LoadedConfig>& trials);

/// For halving; 0 epochs where the configuration gives none.
sweep::TrialLength length_of(const TrainingConfig& training);

/// How the trials of `sweep` are halved. @param as_time_allows  the number of rows does not count, for only
/// so many are begun as there is time for. @param lengths  one a trial
/// @throws UsageError where a trial has no training.epochs, or where nothing would be left behind
sweep::Halving choose_halving(const sweep::Sweep& sweep, const std::vector<sweep::TrialLength>& lengths,
                              int64_t factor, bool as_time_allows);

/// `metric`, or what all trials monitor. @throws UsageError where there are no validation data, where a trial
/// has no such metric, or where trials monitor different ones
sweep::Ranking choose_ranking(const std::vector<config::LoadedConfig>& trials,
                              const std::optional<std::string>& metric);

}  // namespace bernoulli::cli
