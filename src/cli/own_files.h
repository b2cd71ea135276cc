#pragma once

#include <filesystem>

#include "config/run_config.h"
#include "store/run_paths.h"

/// What an output must not replace: the files that its verb reads, or that the run is made of. Each throws
/// UsageError. @param option  that names the output, for the message
namespace bernoulli::cli {

/// Not one of the names in a run folder, nor anything in its folders. @param but  the one that the verb
/// makes anew; empty: none
void refuse_files_of_run(const char* option, const std::filesystem::path& output, const RunPaths& run,
                         const std::filesystem::path& but = {});

/// Not a file of the source, nor a text of class folders. What is not there cannot be replaced.
/// @param root  where its relative paths start
void refuse_source(const char* option, const std::filesystem::path& output, const std::filesystem::path& root,
                   const SourceConfig& source);

/// refuse_source of train, validation and test.
void refuse_data(const char* option, const std::filesystem::path& output, const DataConfig& data);

}  // namespace bernoulli::cli
