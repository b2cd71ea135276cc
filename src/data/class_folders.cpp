#include "data/class_folders.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "config/schema.h"
#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "text/parallel_chunks.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;

struct Entry {
  std::string name;
  bool is_folder = false;
  bool is_file = false;  ///< neither: a device, or a link that is broken or circular
};

/// What a folder holds, sorted by the bytes of its names. Links are followed. A folder may hold 100,000
/// texts, which std::filesystem would take apart into the components of their paths one by one.
std::vector<Entry> sorted_entries(const std::string& folder) {
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(folder.c_str()), ::closedir);
  std::vector<Entry> entries;
  while (open != nullptr) {
    errno = 0;
    const dirent* const found = ::readdir(open.get());
    if (found == nullptr) break;
    const std::string_view name = found->d_name;
    if (name == "." || name == "..") continue;
    mode_t type = DTTOIF(found->d_type);
    if (found->d_type == DT_UNKNOWN || found->d_type == DT_LNK) {
      struct stat status {};
      type = ::fstatat(::dirfd(open.get()), found->d_name, &status, 0) == 0 ? status.st_mode : 0;
    }
    entries.push_back({std::string(name), S_ISDIR(type), S_ISREG(type)});
  }
  if (open == nullptr || errno != 0)
    throw DataError(fmt::format("cannot list the folder '{}': {}", folder, std::strerror(errno)));
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.name < b.name; });
  return entries;
}

/// What other systems leave beside a text ("._1.txt") is none.
bool is_hidden(const Entry& entry) { return entry.name.starts_with('.'); }

bool is_text(const Entry& entry) {
  return entry.is_file && !is_hidden(entry) && entry.name.ends_with(".txt");
}

/// What to do with a folder that holds files of rows instead; empty where it holds none.
std::string pattern_remedy(const fs::path& folder, const std::vector<Entry>& entries) {
  std::map<std::string, size_t> endings;
  for (const Entry& entry : entries) {
    const fs::path name(entry.name);
    const std::string format = config::format_by_name(name);
    if (!entry.is_file || is_hidden(entry) || is_text(entry) || format.empty()) continue;
    const bool packed = name.extension() == ".gz";
    ++endings[packed ? name.stem().extension().string() + ".gz" : name.extension().string()];
  }
  if (endings.empty()) return "";
  const auto& [ending, count] = *std::ranges::max_element(
      endings, {}, [](const std::pair<const std::string, size_t>& one) { return one.second; });
  return fmt::format(
      "; its {} {} file{} make a source by a pattern, '{}', in data.train; init looks at one of them", count,
      ending, count == 1 ? "" : "s", (folder / ("*" + ending)).string());
}

}  // namespace

ClassFolders list_class_folders(const fs::path& folder) {
  ClassFolders found;
  size_t skipped = 0, classes = 0;
  const std::vector<Entry> entries = sorted_entries(folder.string());
  for (const Entry& label : entries) {
    if (!label.is_folder || is_hidden(label)) continue;
    ++classes;
    const std::string class_folder = (folder / label.name).string();
    for (const Entry& entry : sorted_entries(class_folder)) {
      if (is_text(entry)) {
        found.texts.push_back({fmt::format("{}/{}", class_folder, entry.name), label.name});
      } else {
        ++skipped;
      }
    }
  }
  if (classes == 0)
    throw DataError(
        fmt::format("'{}' holds no class folder (expected one sub-folder a class, each with .txt files){}",
                    folder.string(), pattern_remedy(folder, entries)));
  if (skipped > 0)
    found.warning =
        fmt::format("'{}': {} entries of class folders are hidden, or no .txt files, and were left out",
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
          const std::string& path = found.texts[i].path;
          place[i] = {texts.keep(read_file(path)), place[i].labels, std::nullopt, texts.keep(path)};
        }
      });
  if (!found.warning.empty()) log_warning(found.warning);
  return examples;
}

}  // namespace bernoulli
