#include "core/hash.h"

#include <array>
#include <new>

#include <fmt/format.h>
#include <xxhash.h>

namespace bernoulli {
namespace {

std::string to_hex(XXH128_hash_t hash) { return fmt::format("{:016x}{:016x}", hash.high64, hash.low64); }

XXH3_state_t* as_state(void* state) { return static_cast<XXH3_state_t*>(state); }

/// The CRC of every byte, for the polynomial 0x1EDC6F41 with its bits reversed.
constexpr std::array<uint32_t, 256> crc32c_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < table.size(); ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0u);
    table[byte] = crc;
  }
  return table;
}

}  // namespace

uint32_t crc32c(std::string_view bytes) {
  static constexpr std::array<uint32_t, 256> kTable = crc32c_table();
  uint32_t crc = ~0u;
  for (const char c : bytes) crc = (crc >> 8) ^ kTable[(crc ^ static_cast<unsigned char>(c)) & 0xff];
  return ~crc;
}

std::string hash_hex(std::string_view bytes) { return to_hex(XXH3_128bits(bytes.data(), bytes.size())); }

uint64_t hash64(std::string_view bytes, uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

StreamingHash::StreamingHash() : state_(XXH3_createState()) {
  if (state_ == nullptr) throw std::bad_alloc();
  XXH3_128bits_reset(as_state(state_));
}

StreamingHash::~StreamingHash() { XXH3_freeState(as_state(state_)); }

void StreamingHash::update(std::string_view bytes) {
  XXH3_128bits_update(as_state(state_), bytes.data(), bytes.size());
}

void StreamingHash::update_field(std::string_view bytes) {
  const uint64_t length = bytes.size();
  update({reinterpret_cast<const char*>(&length), sizeof length});
  update(bytes);
}

std::string StreamingHash::hex() const { return to_hex(XXH3_128bits_digest(as_state(state_))); }

}  // namespace bernoulli
