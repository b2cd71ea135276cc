#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bernoulli {

/// The entries of a zip archive in memory, such as LibTorch writes. A stored entry is a view of the file, a
/// deflated one is unpacked when it is asked for and kept. Not for several threads at once. Source: PKWARE's
/// APPNOTE.TXT, sections 4.3 and 4.4.
class ZipReader {
 public:
  struct Entry {
    std::string name;
    bool stored = false;
    bool deflated = false;      ///< neither: not readable here
    uint64_t packed_bytes = 0;  ///< in the file
    uint64_t size_bytes = 0;
    uint32_t crc32 = 0;
    uint64_t header_at = 0;  ///< of its local header
  };

  /// Reads the directory at the archive's end; every range is checked before it is read.
  /// @param file  outlives the reader.  @param name  stands for the file in messages.
  /// @throws ArtifactError for what is no zip archive, several disks, encrypted entries, archives of 4 GiB
  /// and more, and ranges outside the file.
  ZipReader(std::string_view file, std::string name);

  const std::vector<Entry>& entries() const { return entries_; }
  /// Null where the archive has none of this name.
  const Entry* find(std::string_view entry_name) const;
  /// The bytes of an entry, compared with its CRC-32; as long as file and reader live. @throws ArtifactError
  std::string_view content(const Entry& entry) const;
  /// The same as they lie in the file, deflated where the entry is; not compared with anything.
  std::string_view packed_content(const Entry& entry) const;
  /// find and content. @throws ArtifactError where there is no such entry.
  std::string_view content(std::string_view entry_name) const;

 private:
  std::string_view unpacked(const Entry& entry) const;
  [[noreturn]] void refuse(const std::string& reason) const;
  /// The numbers that begin at `at`. The caller has checked the range.
  uint16_t two_bytes(uint64_t at) const;
  uint32_t four_bytes(uint64_t at) const;
  uint64_t end_record() const;
  Entry read_entry(uint64_t& at, uint64_t end) const;

  std::string_view file_;
  std::string name_;
  uint64_t directory_at_ = 0;
  std::vector<Entry> entries_;
  mutable std::map<std::pair<uint64_t, uint64_t>, std::string> unpacked_;  ///< by place and size
  mutable uint64_t unpacked_bytes_ = 0;
};

}  // namespace bernoulli
