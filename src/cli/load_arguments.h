#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <boost/program_options.hpp>

#include "config/load.h"
#include "layers/model_plan.h"
#include "store/run_paths.h"

namespace bernoulli::cli {

/// --set, for the verbs that take configuration files.
void add_config_options(boost::program_options::options_description& options);

/// "data.root=FOLDER", as --set has it.
std::string root_override(const std::filesystem::path& folder);

/// CONFIG... and --set of the command line. Empty files where none was given.
config::ConfigSources config_sources(const boost::program_options::variables_map& values);

/// @throws UsageError where an option that repeats names something twice
void refuse_repeated(const char* option, const std::vector<std::string>& names);

struct CheckedConfig : config::LoadedConfig {
  /// For a vocabulary of unknown size and, where only the data tell the labels, as many of them as the model
  /// has outputs.
  layers::ModelPlan plan;
};

/// The configuration, with its model planned already, so that a shape fault shows before any data is read.
/// @throws UsageError
CheckedConfig load_checked_config(const config::ConfigSources& sources);

/// load_checked_config for a verb that reads the data. Where the configuration is that of a run, which is
/// gone on with (`resumed`) or whose config.yaml is the last file, a relative data.root under which the
/// training data are not is taken from the folder in which that run was trained, where they are there.
CheckedConfig load_config_with_data(const config::ConfigSources& sources,
                                    const std::optional<RunPaths>& resumed = std::nullopt);

/// The folder of a model: a run folder, or that of a file, which may still lie in its run.
RunPaths run_around(const std::filesystem::path& model);

/// Where the data of a run are now. A relative data.root under which the training data are not is taken from
/// the folder in which the run was trained, where they are there. @param overrides  --set of keys of data.
/// @throws UsageError; ArtifactError where environment.json is needed and damaged
DataConfig data_of_run(const RunConfig& run, const RunPaths& paths,
                       const std::vector<std::string>& overrides);

/// The columns of data that the configuration of a run does not name, so that its other settings of data do
/// not contradict them. @throws UsageError
ColumnsConfig columns_of_run(const RunConfig& run, const std::vector<std::string>& overrides);

}  // namespace bernoulli::cli
