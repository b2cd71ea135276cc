#include "store/run_folder.h"

#include <algorithm>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/error.h"
#include "core/temporary_files.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;

/// Anything but our own lock file. @throws IoError where the folder cannot be listed
std::vector<fs::path> content_of(const fs::path& folder) {
  std::vector<fs::path> content = list_folder(folder);
  std::erase_if(content, [](const fs::path& path) { return path.filename() == FolderLock::kFileName; });
  return content;
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

RunFolder::RunFolder(fs::path folder, const FolderKind& kind)
    : paths_{std::move(folder)}, marker_(kind.marker), lock_(std::make_unique<FolderLock>(paths_.folder)) {}

RunFolder::~RunFolder() {
  if (!lock_) return;
  const bool ours = lock_->is_there();
  lock_.reset();
  if (ours) ::rmdir(paths_.folder.c_str());  // fails where there is something in it
}

void RunFolder::check_is_whole() const {
  check_is_there();
  std::error_code ignored;
  if (!fs::exists(paths_.folder / marker_, ignored))
    throw IoError(
        fmt::format("cannot write into '{}': its {} was removed, without which nothing reads the folder",
                    paths_.folder.string(), marker_));
}

RunFolder RunFolder::create(const std::optional<fs::path>& requested, const std::string& name,
                            const FolderKind& kind) {
  if (!requested) return RunFolder(first_free(name), kind);
  if (path_exists(*requested) && !fs::is_directory(*requested))
    throw RunFolderError(fmt::format("'{}' is a file, and never overwritten; name a folder with {}",
                                     requested->string(), kind.option));
  create_folder(*requested);
  RunFolder run(*requested, kind);
  if (!kind.resumable && path_exists(*requested / kind.marker)) {
    throw RunFolderError(fmt::format("'{}' is the {} already, and never overwritten; name another with {}",
                                     requested->string(), kind.noun, kind.option));
  }
  for (const FolderKind& other : {kRunKind, kSweepKind}) {
    if (!kind.resumable && fs::exists(*requested / other.marker))
      throw RunFolderError(fmt::format("'{}' is a {}, whose files are its own; name another folder with {}",
                                       requested->string(), other.noun, kind.option));
  }
  if (kind.resumable && !content_of(*requested).empty()) {
    throw RunFolderError(
        fmt::format("{} '{}' is not empty and never overwritten; name another with {}, or continue it "
                    "with --resume",
                    kind.noun, requested->string(), kind.option));
  }
  return run;
}

RunFolder RunFolder::open_for_resume(const fs::path& folder, const FolderKind& kind) {
  create_folder(folder);
  RunFolder run(folder, kind);
  // Without its marker it is ours where a writer was killed before anything was whole.
  if (!fs::is_regular_file(folder / kind.marker) && !std::ranges::all_of(content_of(folder), is_temporary)) {
    throw RunFolderError(fmt::format("'{}' is not a {} (no {} in it): nothing to resume", folder.string(),
                                     kind.noun, kind.marker));
  }
  remove_temporary_files(run.paths_.folder);
  remove_temporary_files(run.paths_.checkpoints());
  return run;
}

std::unique_ptr<FolderLock> lock_for_output(const RunPaths& run, const fs::path& output) {
  std::error_code ignored;
  const fs::path folder = fs::weakly_canonical(run.folder, ignored),
                 file = fs::weakly_canonical(output, ignored);
  if (std::mismatch(folder.begin(), folder.end(), file.begin(), file.end()).first != folder.end())
    return nullptr;
  try {
    return std::make_unique<FolderLock>(run.folder);
  } catch (const RunFolderError& error) {
    throw RunFolderError(fmt::format("{}, or write elsewhere with --output", error.what()));
  } catch (const IoError& error) {
    throw IoError(fmt::format("{}; write elsewhere with --output", error.what()));
  }
}

}  // namespace bernoulli
