#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "data/raw_example.h"

namespace bernoulli {

/// The texts of class folders: sub-folders, sorted, are the classes; their .txt files, sorted, the texts.
struct ClassFolders {
  struct Text {
    std::string path;
    std::string label;
  };
  std::vector<Text> texts;
  std::string warning;  ///< of entries that were left out; empty: none were
};
/// @throws DataError where there is no class folder or no text.
ClassFolders list_class_folders(const std::filesystem::path& folder);

/// Reads what list_class_folders finds, on `threads` threads.
RawExamples read_class_folders(const std::filesystem::path& folder, int threads = 1,
                               std::shared_ptr<TextStore> store = nullptr);

}  // namespace bernoulli
