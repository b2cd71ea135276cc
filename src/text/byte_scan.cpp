#include "text/byte_scan.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>

#include <fmt/format.h>

#include "core/error.h"
#include "text/scan_sink.h"

namespace bernoulli {
namespace {

constexpr uint64_t kEveryByte = 0x0101010101010101u;

/// A bit for each of `count` bytes, up to a block, that says whether it is a space; a block may be read.
uint64_t spaces_in(const char* bytes, size_t count) {
  uint64_t mask = 0;
  for (size_t i = 0; i < kScanBlock; i += 8) {
    static_assert(std::endian::native == std::endian::little);
    uint64_t eight = 0;
    std::memcpy(&eight, bytes + i, 8);
    eight ^= kEveryByte * BytePlan::kSpace;  // a space becomes 0; then 0 becomes 0x80 and all others 0
    const uint64_t zero = ~(((eight & 0x7f * kEveryByte) + 0x7f * kEveryByte) | eight | 0x7f * kEveryByte);
    mask |= ((zero >> 7) * 0x0102040810204080u >> 56) << i;
  }
  return count == kScanBlock ? mask : mask & ((uint64_t{1} << count) - 1);
}

struct PortableEdges {
  static uint32_t* write(uint64_t mask, uint32_t first, uint32_t* out) {
    for (; mask != 0; mask &= mask - 1) *out++ = first + static_cast<uint32_t>(std::countr_zero(mask));
    return out;
  }
};

/// Maps text[i] .. text[stop - 1], up to the literal if it begins there, and drops what is deleted.
/// @param i is moved to the end of what was read @return the number of bytes put to `out`
size_t map_bytes(const BytePlan& plan, std::string_view text, size_t& i, size_t stop, char* out) {
  constexpr size_t kAtOnce = 8;
  const auto* const bytes = reinterpret_cast<const unsigned char*>(text.data());
  size_t count = 0;
  while (i < stop) {
    if (stop - i >= kAtOnce) {
      std::array<unsigned, kAtOnce> entries;
      unsigned all = 0;
      for (size_t k = 0; k < kAtOnce; ++k) all |= entries[k] = plan.entries[bytes[i + k]];
      if ((all & BytePlan::kStartsLiteral) == 0) [[likely]] {
        for (const unsigned entry : entries) {
          out[count] = static_cast<char>(entry);
          count += entry >> 8;
        }
        i += kAtOnce;
        continue;
      }
    }
    const unsigned entry = plan.entries[bytes[i]];
    if ((entry & BytePlan::kStartsLiteral) != 0 && plan.matches(text, i)) break;
    out[count] = static_cast<char>(entry);
    count += entry >> 8 & 1;
    ++i;
  }
  return count;
}

using Scan = decltype(&detail::scan_portable);

Scan scan_for([[maybe_unused]] ScanKernel kernel) {
#if defined(__x86_64__)
  if (kernel == ScanKernel::kBest && scans_with_avx512()) return detail::scan_avx512;
  if (kernel != ScanKernel::kPortable && scans_with_avx2()) return detail::scan_avx2;
#endif
  return detail::scan_portable;
}

}  // namespace

#if !defined(__x86_64__)  // else in byte_scan_avx2.cpp and byte_scan_avx512.cpp
bool scans_with_avx512() { return false; }
bool scans_with_avx2() { return false; }
#endif

namespace detail {

size_t scan_portable(const BytePlan& plan, std::string_view text, size_t limit, char* bytes, uint32_t* edges,
                     size_t& end) {
  ScanSink<PortableEdges> sink(bytes, edges);
  for (size_t i = 0; i < text.size() && sink.num_edges() / 2 < limit;) {
    const size_t stop = std::min(text.size(), i + kScanBlock);
    const size_t count = map_bytes(plan, text, i, stop, sink.next());
    sink.put(count, spaces_in(sink.next(), count));
    if (i == stop) continue;
    sink.put_replacement(plan);
    i += plan.literal.size();
  }
  end = sink.num_bytes();
  return sink.num_edges();
}

}  // namespace detail

void scan_bytes(const BytePlan& plan, std::string_view text, size_t limit, ScanKernel kernel,
                TokenSpans& tokens) {
  const size_t slack = 2 * kScanBlock + plan.replacement.size() + 2 * TokenSpans::kReadable;
  const size_t max_bytes = plan.max_output(text.size());
  if (max_bytes > std::numeric_limits<uint32_t>::max() - slack)
    throw DataError(fmt::format("a text of {} bytes; texts of 4 GiB or more can't be split", text.size()));
  char* const bytes = tokens.bytes_for(max_bytes + slack);
  uint32_t* const edges = tokens.edges_for(std::min(max_bytes / 2, limit) * 2 + 2 + slack);
  size_t end = 0;
  const size_t num_edges = scan_for(kernel)(plan, text, limit, bytes, edges, end);
  if (num_edges % 2 != 0) edges[num_edges] = static_cast<uint32_t>(end);
  tokens.set_size(std::min((num_edges + 1) / 2, limit));
}

}  // namespace bernoulli
