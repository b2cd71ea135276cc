#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "core/file.h"
#include "store/run_paths.h"

namespace bernoulli {

/// What a folder of results is called in messages, the option that names one, the file that it is known by,
/// and whether --resume goes on with one. Results that cannot be gone on with may lie beside other files.
struct FolderKind {
  const char* noun;
  const char* option;
  const char* marker;
  bool resumable;
};
inline constexpr FolderKind kRunKind{"run folder", "--run-dir", "config.yaml", true};
inline constexpr FolderKind kSweepKind{"sweep folder", "--sweep-dir", "sweep.json", true};
inline constexpr FolderKind kComparisonKind{"folder of a comparison", "--output", "stability.json", false};

/// A folder of a run, a sweep or a comparison that this process owns until destroyed.
class RunFolder {
 public:
  /// `requested`, or runs/<name>-<first free number>. @throws RunFolderError if the folder holds anything
  /// already or is in use, IoError.
  static RunFolder create(const std::optional<std::filesystem::path>& requested, const std::string& name,
                          const FolderKind& kind = kRunKind);
  /// An existing run, to go on with it; leftovers of a killed writer are removed. Also takes a folder that
  /// does not exist yet or has nothing but those: nothing was saved, so there is nothing to lose. One that is
  /// refused stays as it is. @throws RunFolderError, IoError
  static RunFolder open_for_resume(const std::filesystem::path& folder, const FolderKind& kind = kRunKind);

  /// A folder into which nothing was written is removed again.
  ~RunFolder();
  RunFolder(RunFolder&&) noexcept = default;

  const RunPaths& paths() const { return paths_; }

  /// To be asked before anything is written. @throws IoError where the folder was removed or moved meanwhile,
  /// whatever stands there now
  void check_is_there() const { lock_->check_is_there(); }
  /// The same of its marker too, without which nobody takes the folder for what it is.
  void check_is_whole() const;

 private:
  RunFolder(std::filesystem::path folder, const FolderKind& kind);

  RunPaths paths_;
  const char* marker_;
  std::unique_ptr<FolderLock> lock_;
};

/// For an output in the folder of a run: the lock of that run, without which a training could finish while
/// the output is made from what it was before. Null where the output lies elsewhere. @throws RunFolderError
/// where a training has it, IoError
std::unique_ptr<FolderLock> lock_for_output(const RunPaths& run, const std::filesystem::path& output);

}  // namespace bernoulli
