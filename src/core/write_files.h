#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace bernoulli {

/// A file and what shall be in it.
struct FileContent {
  std::filesystem::path path;
  std::string content;
};

/// Replaces many files, each as write_file_atomic (core/file.h) does but for one thing: they become durable
/// together at the end, which takes a thirtieth of the time. After a power cut before that any of them may be
/// empty.
/// @param files  on one file system @throws IoError
void write_files_atomic(const std::vector<FileContent>& files);

}  // namespace bernoulli
