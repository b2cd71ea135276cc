#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "core/mapped_file.h"
#include "core/spill.h"

namespace bernoulli {

/// The content of a text file, unpacked where its first bytes say gzip, without a byte-order mark. A small
/// one is read; a large one is mapped, and must not be cut short meanwhile (SIGBUS).
class DataFile {
 public:
  /// @param space  for what a gzip file unpacks to.
  /// @throws DataError naming the file where the gzip data are damaged; IoError; SpillError
  DataFile(const std::filesystem::path& file, const std::shared_ptr<SpillSpace>& space);

  std::string_view bytes() const { return bytes_; }

 private:
  std::string read_;
  std::unique_ptr<MappedFile> mapped_;
  std::unique_ptr<SpillBuffer> unpacked_;
  std::string_view bytes_;  ///< of one of them
};

}  // namespace bernoulli
