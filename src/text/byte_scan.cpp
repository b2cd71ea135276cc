#include "text/byte_scan.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

#include <fmt/format.h>

#include "core/error.h"

namespace bernoulli {
namespace {

constexpr size_t kPortableBlock = 256;

/// Two states, in a token and after a space; bit `kEdge << state` of a byte's entry says whether it changes
/// the state. Bytes are stored and edges noted without a branch, which would be mispredicted at every word.
class PortableScan {
 public:
  static constexpr unsigned kIsSpace = 1u << 8, kIsToken = 1u << 9, kMaybeLiteral = 1u << 10;

  PortableScan(char* bytes, uint32_t* edges) : begin_(bytes), write_(bytes), edges_(edges) {}

  static unsigned entry(uint8_t output) {
    if (output == BytePlan::kDeleted) return output;
    return output | (output == BytePlan::kSpace ? kIsSpace : kIsToken);
  }

  void put(unsigned entry) {
    const unsigned is_edge = (entry >> (8 + after_space_)) & 1u;
    *write_ = static_cast<char>(entry);
    edges_[num_edges_] = static_cast<uint32_t>(write_ - begin_);
    num_edges_ += is_edge;
    write_ += is_edge | ((entry >> 9) & 1u);  // a space after a space is no edge and not kept
    after_space_ ^= is_edge;
  }

  size_t num_edges() const { return num_edges_; }
  size_t num_bytes() const { return static_cast<size_t>(write_ - begin_); }

 private:
  char* begin_;
  char* write_;
  uint32_t* edges_;
  size_t num_edges_ = 0;
  unsigned after_space_ = 1;
};

std::array<uint16_t, 256> entries_of(const BytePlan& plan) {
  std::array<uint16_t, 256> entries{};
  for (size_t i = 0; i < entries.size(); ++i) {
    const bool may_start = plan.starts_literal(static_cast<uint8_t>(i));
    entries[i] = static_cast<uint16_t>(PortableScan::entry(plan.map[i]) |
                                       (may_start ? PortableScan::kMaybeLiteral : 0u));
  }
  return entries;
}

}  // namespace

namespace detail {

size_t scan_portable(const BytePlan& plan, std::string_view text, size_t limit, char* bytes, uint32_t* edges,
                     size_t& end) {
  const std::array<uint16_t, 256> entries = entries_of(plan);
  PortableScan scan(bytes, edges);
  for (size_t i = 0; i < text.size() && scan.num_edges() / 2 < limit;) {
    const size_t stop = std::min(text.size(), i + kPortableBlock);
    while (i < stop) {
      const unsigned entry = entries[static_cast<uint8_t>(text[i])];
      if ((entry & PortableScan::kMaybeLiteral) != 0 && plan.matches(text, i)) [[unlikely]] {
        for (const char c : plan.replacement) scan.put(PortableScan::entry(static_cast<uint8_t>(c)));
        i += plan.literal.size();
        break;  // a long replacement counts against the limit
      }
      scan.put(entry);
      ++i;
    }
  }
  end = scan.num_bytes();
  return scan.num_edges();
}

}  // namespace detail

void scan_bytes(const BytePlan& plan, std::string_view text, size_t limit, ScanKernel kernel,
                TokenSpans& tokens) {
  const size_t slack = kPortableBlock + plan.replacement.size() + 2 * TokenSpans::kReadable;
  const size_t max_bytes = plan.max_output(text.size());
  if (max_bytes > std::numeric_limits<uint32_t>::max() - slack)
    throw DataError(fmt::format("a text of {} bytes; texts of 4 GiB or more can't be split", text.size()));
  char* const bytes = tokens.bytes_for(max_bytes + slack);
  uint32_t* const edges = tokens.edges_for(std::min(max_bytes / 2, limit) * 2 + 2 + slack);
  size_t end = 0;
  const auto scan =
      kernel == ScanKernel::kBest && scans_with_avx512() ? detail::scan_avx512 : detail::scan_portable;
  const size_t num_edges = scan(plan, text, limit, bytes, edges, end);
  if (num_edges % 2 != 0) edges[num_edges] = static_cast<uint32_t>(end);
  tokens.set_size(std::min((num_edges + 1) / 2, limit));
}

}  // namespace bernoulli
