// A zip archive in memory: its directory, and every entry's bytes.
#include "fuzz/fuzz_target.h"
#include "store/seal.h"
#include "store/zip_reader.h"

namespace bernoulli {
namespace {

void zip_archive(std::string_view input) {
  const ZipReader zip(input, "fuzz");
  for (const ZipReader::Entry& entry : zip.entries()) {
    fuzz::require(zip.find(entry.name) != nullptr, "an entry is found by its name");
    try {
      const std::string_view bytes = zip.content(entry);
      fuzz::require(bytes.size() == entry.size_bytes, "an entry has the size that its directory says");
      fuzz::require(
          !entry.stored || bytes.empty() ||
              (bytes.data() >= input.data() && bytes.data() + bytes.size() <= input.data() + input.size()),
          "a stored entry lies in its file");
    } catch (const ArtifactError&) {  // this one; the next may be whole
    }
  }
  check_seal(input, "fuzz");
}

}  // namespace

BERNOULLI_FUZZ_TARGET(zip_archive)

}  // namespace bernoulli
