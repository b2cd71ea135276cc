#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bernoulli {

// Records of a zip archive: how each begins, and its bytes without name, extra field and comment. Source:
// PKWARE's APPNOTE.TXT, section 4.3.
inline constexpr std::string_view kZipLocalHeader = "PK\x03\x04";
inline constexpr std::string_view kZipDirectoryHeader = "PK\x01\x02";
inline constexpr std::string_view kZipEndRecord = "PK\x05\x06";
inline constexpr size_t kZipLocalHeaderBytes = 30, kZipDirectoryHeaderBytes = 46, kZipEndRecordBytes = 22;

/// Methods of compression.
inline constexpr uint16_t kZipStored = 0, kZipDeflated = 8;

}  // namespace bernoulli
