#pragma once

#include <filesystem>
#include <string_view>

namespace bernoulli {

/// A file seen as memory, read only. The system reads pages when they are looked at and forgets them when
/// memory is short, so the file may be larger than memory. Whoever replaces the file by renaming another over
/// it does not disturb a mapping; cutting it short does (SIGBUS; core/bus_error.h).
class MappedFile {
 public:
  /// How it will be looked at: kOnce, from the first byte to the last.
  enum class Use { kAnyhow, kOnce };
  /// @throws IoError if it cannot be opened or is not a regular file.
  explicit MappedFile(const std::filesystem::path& path, Use use = Use::kAnyhow);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  /// Begins at a page, so at a multiple of 4096 bytes.
  std::string_view bytes() const { return bytes_; }

 private:
  std::string_view bytes_;
};

}  // namespace bernoulli
