#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <zlib.h>

#include "core/error.h"
#include "store/zip_reader.h"

namespace bernoulli::testing {

inline std::string low_byte_first(uint64_t value, int num_bytes) {
  std::string bytes;
  for (int i = 0; i < num_bytes; ++i) bytes.push_back(static_cast<char>((value >> (8 * i)) & 0xff));
  return bytes;
}

/// A zip archive of stored entries, written here so that the reader is tested against something else than
/// itself.
inline std::string stored_zip(const std::vector<std::pair<std::string, std::string>>& entries,
                              const std::string& comment = "") {
  std::string file, directory;
  for (const auto& [name, content] : entries) {
    const uint64_t crc = ::crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size());
    const std::string sizes = low_byte_first(crc, 4) + low_byte_first(content.size(), 4) +
                              low_byte_first(content.size(), 4) + low_byte_first(name.size(), 2);
    const std::string versions(6, '\0'), date(4, '\0');  // version, flags, method
    directory += "PK\x01\x02" + std::string(2, '\0') + versions + date + sizes + std::string(12, '\0') +
                 low_byte_first(file.size(), 4) + name;
    file += "PK\x03\x04" + versions + date + sizes + low_byte_first(3, 2) + name + "pad" + content;
  }
  const std::string count = low_byte_first(entries.size(), 2);
  return file + directory + "PK\x05\x06" + std::string(4, '\0') + count + count +
         low_byte_first(directory.size(), 4) + low_byte_first(file.size(), 4) +
         low_byte_first(comment.size(), 2) + comment;
}

/// Why the archive, or one of its entries, is not read.
inline std::string zip_refusal(const std::string& file) {
  try {
    const ZipReader zip(file, "x.pt");
    for (const ZipReader::Entry& entry : zip.entries()) zip.content(entry);
  } catch (const ArtifactError& error) {
    return error.what();
  }
  return "was read";
}

}  // namespace bernoulli::testing
