#include "data/source_files.h"

#include <algorithm>
#include <cstring>
#include <glob.h>
#include <map>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "core/error.h"
#include "core/file.h"
#include "core/name_list.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSpecial = "*?[";

/// True where the system does not say, so that whoever reads the file tells why.
bool is_there(const fs::path& path) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  return fs::exists(status) || !fs::status_known(status);
}

/// The same name, in which no character has a meaning for glob(3).
std::string escaped(const std::string& name) {
  std::string text;
  for (const char c : name) {
    if (std::strchr("*?[]\\", c) != nullptr) text += '\\';
    text += c;
  }
  return text;
}

/// What a pattern matches, in byte order.
std::vector<fs::path> matches(const fs::path& root, const std::string& pattern) {
  const std::string whole =
      fs::path(pattern).is_absolute() ? pattern : (fs::path(escaped(root.string())) / pattern).string();
  glob_t found{};
  std::vector<fs::path> paths;
  const int status = ::glob(whole.c_str(), GLOB_NOSORT, nullptr, &found);
  if (status == 0) paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  if (status != 0 && status != GLOB_NOMATCH)
    throw IoError(fmt::format("cannot list what '{}' matches", whole));
  std::ranges::sort(paths, {}, &fs::path::native);
  return paths;
}

/// The files of one path: itself, or those of the pattern that it is.
std::vector<fs::path> expanded(const fs::path& root, const std::string& path) {
  const fs::path literal = root / path;  // an absolute path stays what it is
  if (path.find_first_of(kSpecial) == std::string::npos || is_there(literal)) return {literal};
  return matches(root, path);
}

void refuse_repeated(const std::vector<fs::path>& files) {
  std::map<std::pair<dev_t, ino_t>, const fs::path*> seen;
  for (const fs::path& file : files) {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0) continue;  // the reader says what is wrong with it
    const auto [first, is_new] = seen.try_emplace({status.st_dev, status.st_ino}, &file);
    if (!is_new)
      throw DataError(fmt::format("'{}' and '{}' are the same file (a source names each once)",
                                  first->second->string(), file.string()));
  }
}

}  // namespace

std::vector<fs::path> source_files(const fs::path& root, const SourceConfig& source) {
  std::vector<fs::path> files;
  for (const std::string& path : source.paths) {
    std::vector<fs::path> found = expanded(root, path);
    if (found.empty())
      throw DataError(fmt::format(
          "'{}' matches no file{}", (root / path).string(),
          root.empty() ? "" : " (relative paths start at data.root; move it with --set data.root=DIR)"));
    files.insert(files.end(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
  }
  if (files.size() > 1) refuse_repeated(files);
  return files;
}

bool data_exists(const fs::path& path) {
  try {
    return path_exists(path);
  } catch (const IoError& error) {
    throw DataError(error.what());
  }
}

bool is_absent(const fs::path& root, const SourceConfig& source) {
  return std::ranges::none_of(source.paths, [&](const std::string& path) {
    return std::ranges::any_of(expanded(root, path), is_there);
  });
}

std::string in_words(const SourceConfig& source) { return item_list(source.paths); }

}  // namespace bernoulli
