#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/run_config.h"

namespace bernoulli {

/// What tells one state of the files behind a configuration from another.
struct SourceStamp {
  std::string fingerprint;            ///< changes with any of the files (docs/data.md, "Token cache")
  int64_t num_bytes = 0;              ///< of all files
  int64_t newest_change_ns = 0;       ///< of bytes or attributes of any file, since 1970
  std::vector<std::string> warnings;  ///< that reading these files gives
};

/// Lists every file that load_data would read, and the vocabulary file. With `contents` the fingerprint is
/// that of their bytes; else of path, size, inode and the times of the last change of bytes and of
/// attributes, to the nanosecond, and no file is opened. Absent where a file that must be there is not, or
/// cannot be read: load_data says why.
std::optional<SourceStamp> stamp_sources(const RunConfig& config, bool contents, int threads);

}  // namespace bernoulli
