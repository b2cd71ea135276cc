#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/run_config.h"

namespace bernoulli {

/// The files, and folders of class folders, that a source names, in the order in which they are read. A path
/// with *, ? or [...] that is not there as it is written is a pattern of the shell's (glob(7)): it stands for
/// what it matches, in byte order. Other paths are given as they are, there or not.
/// @param root  where relative paths start; its own characters are no pattern
/// @throws DataError for a pattern that matches nothing, and for a file that is named twice
std::vector<std::filesystem::path> source_files(const std::filesystem::path& root,
                                                const SourceConfig& source);

/// Whether nothing that the source names is there.
bool is_absent(const std::filesystem::path& root, const SourceConfig& source);

/// path_exists of data. @throws DataError where the system does not say
bool data_exists(const std::filesystem::path& path);

/// "a.csv" or "a.csv, b.csv, ... and 8 more", for messages.
std::string in_words(const SourceConfig& source);

}  // namespace bernoulli
