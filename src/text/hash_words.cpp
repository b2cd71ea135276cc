#include "text/hash_words.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include "text/hashing.h"

namespace bernoulli {
namespace {

constexpr size_t kHashedAtOnce = 32;
constexpr size_t kWords = TokenSpans::kReadable / 4;

/// The first bytes of a batch of tokens, four a number, and their sizes.
struct Batch {
  std::array<std::array<uint32_t, kHashedAtOnce>, kWords> bytes;
  std::array<int32_t, kHashedAtOnce> sizes;
};

// As many numbers as a vector has, for the compiler's own vectors.
struct FourLanes {
  using Signed = int32_t __attribute__((vector_size(16)));
  using Unsigned = uint32_t __attribute__((vector_size(16)));
};
struct EightLanes {
  using Signed = int32_t __attribute__((vector_size(32)));
  using Unsigned = uint32_t __attribute__((vector_size(32)));
};

/// Hashes as many tokens at once as there are lanes.
template <class Lanes>
[[gnu::always_inline]] inline void hash_lanes(const Batch& batch, size_t begin, uint32_t* hashes) {
  using Unsigned = typename Lanes::Unsigned;
  constexpr size_t kLanes = sizeof(Unsigned) / 4;
  typename Lanes::Signed sizes;
  std::memcpy(&sizes, batch.sizes.data() + begin, sizeof sizes);
  const int32_t longest = *std::max_element(batch.sizes.data() + begin, batch.sizes.data() + begin + kLanes);
  Unsigned hash = Unsigned{} + kHashBasis;
  for (int32_t word = 0; 4 * word < longest; ++word) {
    Unsigned bytes;
    std::memcpy(&bytes, batch.bytes[static_cast<size_t>(word)].data() + begin, sizeof bytes);
    for (int32_t i = 0; i < 4; ++i) {
      const Unsigned next = (hash ^ (bytes & 0xffu)) * kHashPrime;
      const auto within = reinterpret_cast<Unsigned>(sizes > 4 * word + i);
      hash = (next & within) | (hash & ~within);
      bytes >>= 8;
    }
  }
  std::memcpy(hashes, &hash, sizeof hash);
}

template <class Lanes>
[[gnu::always_inline]] inline void hash_all(const TokenSpans& tokens, uint32_t* hashes) {
  Batch batch;
  std::array<uint32_t, kHashedAtOnce> found;
  for (size_t begin = 0; begin < tokens.size(); begin += kHashedAtOnce) {
    const size_t count = std::min(kHashedAtOnce, tokens.size() - begin);
    batch.sizes.fill(0);
    for (size_t i = 0; i < count; ++i) {
      const std::string_view token = tokens[begin + i];
      for (size_t word = 0; word < kWords; ++word)
        std::memcpy(&batch.bytes[word][i], token.data() + 4 * word, 4);
      batch.sizes[i] = static_cast<int32_t>(std::min(token.size(), TokenSpans::kReadable));
    }
    for (size_t i = 0; i < count; i += sizeof(typename Lanes::Unsigned) / 4)
      hash_lanes<Lanes>(batch, i, found.data() + i);
    for (size_t i = 0; i < count; ++i) {
      const std::string_view token = tokens[begin + i];
      const bool is_long = token.size() > TokenSpans::kReadable;
      hashes[begin + i] = is_long ? hash_word(token.substr(TokenSpans::kReadable), found[i]) : found[i];
    }
  }
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) void hash_with_avx2(const TokenSpans& tokens, uint32_t* hashes) {
  hash_all<EightLanes>(tokens, hashes);
}
#endif

}  // namespace

void hash_words(const TokenSpans& tokens, [[maybe_unused]] ScanKernel kernel, uint32_t* hashes) {
#if defined(__x86_64__)
  if (kernel != ScanKernel::kPortable && scans_with_avx2()) return hash_with_avx2(tokens, hashes);
#endif
  hash_all<FourLanes>(tokens, hashes);
}

}  // namespace bernoulli
