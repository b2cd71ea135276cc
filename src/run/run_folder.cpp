#include "run/run_folder.h"

#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "core/error.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;

/// Anything but our own lock file counts as content. @throws IoError where the folder cannot be listed
bool has_content(const fs::path& folder) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().filename() != ".lock") return true;
  }
  if (error && error != std::errc::no_such_file_or_directory)
    throw IoError(fmt::format("cannot list the folder '{}': {}", folder.string(), error.message()));
  return false;
}

fs::path first_free(const std::string& name) {
  const fs::path runs = "runs";
  create_folder(runs);
  for (int number = 1;; ++number) {
    fs::path candidate = runs / fmt::format("{}-{}", name, number);
    std::error_code error;
    if (fs::create_directory(candidate, error))
      return candidate;  // fails when it exists: two programs cannot take the same
    if (error)
      throw IoError(fmt::format("cannot create the folder '{}': {}", candidate.string(), error.message()));
  }
}

}  // namespace

RunFolder::RunFolder(fs::path folder)
    : paths_{std::move(folder)}, lock_(std::make_unique<FolderLock>(paths_.folder)) {}

RunFolder::~RunFolder() {
  try {
    if (!lock_ || has_content(paths_.folder)) return;
  } catch (const IoError&) {
    return;  // it stays
  }
  std::error_code ignored;
  fs::remove(paths_.folder / ".lock", ignored);
  fs::remove(paths_.folder, ignored);
}

RunFolder RunFolder::create(const std::optional<fs::path>& requested, const std::string& name) {
  if (!requested) return RunFolder(first_free(name));
  create_folder(*requested);
  RunFolder run(*requested);
  if (has_content(*requested)) {
    throw RunFolderError(
        fmt::format("run folder '{}' is not empty and a run is never overwritten; name another with "
                    "--run-dir, or continue it with --resume",
                    requested->string()));
  }
  return run;
}

RunFolder RunFolder::open_for_resume(const fs::path& folder) {
  create_folder(folder);
  RunFolder run(folder);
  remove_temporary_files(run.paths_.folder);
  remove_temporary_files(run.paths_.checkpoints());
  if (has_content(folder) && !is_run_folder(folder)) {
    throw RunFolderError(
        fmt::format("'{}' is not a run folder (no config.yaml in it): nothing to resume", folder.string()));
  }
  return run;
}

}  // namespace bernoulli
