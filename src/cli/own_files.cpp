#include "cli/own_files.h"

#include <algorithm>
#include <string>
#include <system_error>

#include <fmt/format.h>

#include "core/error.h"
#include "data/source_files.h"

namespace bernoulli::cli {
namespace {

namespace fs = std::filesystem;

/// Where a path leads; the same for every way of writing it.
fs::path real(const fs::path& path) {
  std::error_code error;
  const fs::path whole = fs::absolute(path, error);
  const fs::path resolved = fs::weakly_canonical(whole, error);
  const fs::path there = error ? whole.lexically_normal() : resolved;
  return there.has_filename() ? there : there.parent_path();  // "run/triton/" is "run/triton"
}

bool lies_in(const fs::path& path, const fs::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first == folder.end();
}

/// A text of class folders is FOLDER/CLASS/TEXT.txt.
bool is_of_source(const fs::path& path, const fs::path& file_or_folder) {
  return path == file_or_folder ||
         (path.extension() == ".txt" && path.parent_path().parent_path() == file_or_folder);
}

[[noreturn]] void refuse(const char* option, const fs::path& output) {
  throw UsageError(
      fmt::format("{} {}: the run itself needs that file; name another", option, output.string()));
}

}  // namespace

void refuse_files_of_run(const char* option, const fs::path& output, const RunPaths& run,
                         const fs::path& but) {
  const fs::path written = real(output);
  for (const fs::path& own : run.all()) {
    if (own != but && lies_in(written, real(own))) refuse(option, output);
  }
}

void refuse_source(const char* option, const fs::path& output, const fs::path& root,
                   const SourceConfig& source) {
  const fs::path written = real(output);
  for (const std::string& path : source.paths) {
    SourceConfig one;
    one.paths = {path};
    if (is_absent(root, one)) continue;
    for (const fs::path& read : source_files(root, one)) {
      if (is_of_source(written, real(read))) refuse(option, output);
    }
  }
}

void refuse_data(const char* option, const fs::path& output, const DataConfig& data) {
  refuse_source(option, output, data.root, data.train);
  for (const HeldOutConfig* held_out : {&data.validation, &data.test}) {
    if (held_out->source) refuse_source(option, output, data.root, *held_out->source);
  }
}

}  // namespace bernoulli::cli
