#pragma once

#include <filesystem>

namespace bernoulli {

/// What is written under another name until it is whole: the file's own name, ".tmp-" and 16 hexadecimal
/// digits drawn at random. Processes that share a disk, be they of other machines with the same process
/// numbers, do not meet, and no file of the user's is taken for one.

/// Such a name in the folder of `path`; whoever makes it has to see that it is free. @throws IoError where
/// the system has no random numbers
std::filesystem::path temporary_beside(const std::filesystem::path& path);

/// Whether `path` is named so.
bool is_temporary(const std::filesystem::path& path);

/// Removes what a killed AtomicFile or AtomicFolder left in `folder`, and nothing else. Returns the number of
/// files and folders removed. @throws IoError where `folder` cannot be listed
int remove_temporary_files(const std::filesystem::path& folder);

}  // namespace bernoulli
