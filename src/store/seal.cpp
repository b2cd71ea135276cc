#include "store/seal.h"

#include <fmt/format.h>

#include "core/error.h"
#include "core/hash.h"
#include "store/zip_format.h"

namespace bernoulli {
namespace {

constexpr std::string_view kMark = "bernoulli-xxh3-128:";
constexpr size_t kDigits = 32;
constexpr size_t kSealBytes = kMark.size() + kDigits;

}  // namespace

std::string seal_zip(std::string zip) {
  // The last record ends in the length of the comment that follows, low byte first.
  const bool ends_in_record =
      zip.size() > kZipEndRecordBytes &&
      zip.compare(zip.size() - kZipEndRecordBytes, kZipEndRecord.size(), kZipEndRecord) == 0;
  if (!zip.starts_with(kZipLocalHeader) || !ends_in_record || !zip.ends_with(std::string_view("\0\0", 2))) {
    throw InternalError("LibTorch wrote something else than a zip archive without a comment");
  }
  static_assert(kSealBytes < 256);
  zip[zip.size() - 2] = static_cast<char>(kSealBytes);
  zip.append(kMark);
  zip.append(hash_hex(zip));
  return zip;
}

void check_seal(std::string_view file, const std::string& name) {
  if (!file.starts_with(kZipLocalHeader)) {
    throw ArtifactError(
        fmt::format("'{}' is no exported model: a TorchScript file is a zip archive and begins with PK, this "
                    "one does not",
                    name));
  }
  if (file.size() < kSealBytes || file.substr(file.size() - kSealBytes, kMark.size()) != kMark) {
    throw ArtifactError(
        fmt::format("'{}' does not end in bernoulli's checksum: it was cut short, changed, or written by "
                    "another program; export the run again",
                    name));
  }
  const std::string digits = seal_of(file);
  const std::string computed = hash_hex(file.substr(0, file.size() - kDigits));
  if (computed != digits) {
    throw ArtifactError(fmt::format(
        "'{}' is damaged: its checksum says {}, its content has {}; copy it again, or export the run again",
        name, digits, computed));
  }
}

std::string seal_of(std::string_view file) { return std::string(file.substr(file.size() - kDigits)); }

}  // namespace bernoulli
