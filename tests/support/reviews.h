#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/file.h"

namespace bernoulli::testing {

/// Why a test of real reviews is skipped.
inline constexpr const char* kNoReviews = "BERNOULLI_DATA names no folder with aclImdb/train";

/// The folder of the training reviews of IMDB, with neg/ and pos/; absent where BERNOULLI_DATA names none.
inline std::optional<std::filesystem::path> reviews() {
  const char* const data = std::getenv("BERNOULLI_DATA");
  if (data == nullptr) return std::nullopt;
  std::filesystem::path train = std::filesystem::path(data) / "aclImdb/train";
  if (!std::filesystem::is_directory(train / "pos")) return std::nullopt;
  return train;
}

/// The first `of_each` files of neg/, then of pos/, in the order of their names.
inline std::vector<std::filesystem::path> review_files(const std::filesystem::path& folder,
                                                       size_t of_each = SIZE_MAX) {
  std::vector<std::filesystem::path> files;
  for (const char* const label : {"neg", "pos"}) {
    std::vector<std::filesystem::path> of_label;
    for (const auto& entry : std::filesystem::directory_iterator(folder / label))
      of_label.push_back(entry.path());
    std::sort(of_label.begin(), of_label.end());
    of_label.resize(std::min(of_label.size(), of_each));
    files.insert(files.end(), of_label.begin(), of_label.end());
  }
  return files;
}

inline std::vector<std::string> review_texts(const std::filesystem::path& folder, size_t of_each = SIZE_MAX) {
  std::vector<std::string> texts;
  for (const std::filesystem::path& file : review_files(folder, of_each)) texts.push_back(read_file(file));
  return texts;
}

}  // namespace bernoulli::testing
