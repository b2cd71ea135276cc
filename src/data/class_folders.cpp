#include <algorithm>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "data/raw_example.h"
#include "text/parallel_chunks.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;

/// Entries of a folder that `wanted` accepts, sorted by bytes. Links are followed; a broken or circular one
/// is not wanted.
template <class Wanted>
std::vector<fs::path> sorted_entries(const fs::path& folder, Wanted wanted) {
  std::vector<fs::path> paths;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (wanted(entry)) paths.push_back(entry.path());
  }
  if (error)
    throw DataError(fmt::format("cannot list the folder '{}': {}", folder.string(), error.message()));
  std::sort(paths.begin(), paths.end(),
            [](const fs::path& a, const fs::path& b) { return a.native() < b.native(); });
  return paths;
}

bool is_class_folder(const fs::directory_entry& entry) {
  std::error_code ignored;
  return entry.is_directory(ignored) && !entry.path().filename().string().starts_with(".");
}

}  // namespace

ClassFolders list_class_folders(const fs::path& folder) {
  const std::vector<fs::path> classes = sorted_entries(folder, is_class_folder);
  if (classes.empty())
    throw DataError(
        fmt::format("'{}' holds no class folder (expected one sub-folder a class, each with .txt files)",
                    folder.string()));
  ClassFolders found;
  size_t skipped = 0;
  for (const fs::path& class_folder : classes) {
    const std::string label = class_folder.filename().string();
    const auto is_text = [&](const fs::directory_entry& entry) {
      std::error_code ignored;
      const bool text = entry.path().extension() == ".txt" && entry.is_regular_file(ignored);
      skipped += text ? 0 : 1;
      return text;
    };
    for (fs::path& path : sorted_entries(class_folder, is_text))
      found.texts.push_back({std::move(path), label});
  }
  if (skipped > 0)
    found.warning = fmt::format("'{}': {} entries of class folders are not .txt files and were left out",
                                folder.string(), skipped);
  if (found.texts.empty()) {
    if (!found.warning.empty()) log_warning(found.warning);
    throw DataError(fmt::format("'{}' holds class folders but no .txt file in any of them", folder.string()));
  }
  return found;
}

RawExamples read_class_folders(const fs::path& folder, int threads, std::shared_ptr<TextStore> store) {
  const ClassFolders found = list_class_folders(folder);
  RawExamples examples(std::move(store));
  RawExample* const place = examples.grow(found.texts.size());
  for (size_t i = 0; i < found.texts.size(); ++i)
    place[i].labels = examples.keep_labels(std::span(&found.texts[i].label, 1));
  TextStore& texts = *examples.store();
  for_each_chunk(
      found.texts.size(), num_text_chunks(found.texts.size(), threads),
      [&](size_t, size_t begin, size_t end) {
        for (size_t i = begin; i < end; ++i) {
          const fs::path& path = found.texts[i].path;
          place[i] = {texts.keep(read_file(path)), place[i].labels, std::nullopt, texts.keep(path.native())};
        }
      });
  if (!found.warning.empty()) log_warning(found.warning);
  return examples;
}

}  // namespace bernoulli
