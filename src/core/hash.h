#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bernoulli {

/// XXH3, 128 bits, of `bytes`, as 32 lower-case hexadecimal digits. For fingerprints and damage detection,
/// not for secrets.
std::string hash_hex(std::string_view bytes);

/// XXH3, 64 bits. The same on every machine.
uint64_t hash64(std::string_view bytes, uint64_t seed = 0);

/// CRC-32C (Castagnoli), the checksum of other programs' formats (RFC 3720, appendix B.4).
uint32_t crc32c(std::string_view bytes);

/// XXH3-128 over a sequence of pieces, for content that is never in memory at once.
class StreamingHash {
 public:
  StreamingHash();
  ~StreamingHash();
  StreamingHash(const StreamingHash&) = delete;
  StreamingHash& operator=(const StreamingHash&) = delete;

  void update(std::string_view bytes);
  /// Adds the length first, so that ("ab","c") and ("a","bc") differ.
  void update_field(std::string_view bytes);
  std::string hex() const;

 private:
  void* state_;
};

}  // namespace bernoulli
