#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "text/byte_plan.h"

namespace bernoulli {

constexpr size_t kScanBlock = 64;

/// Where a scan puts the bytes of tokens, up to a block at a time.
/// @tparam Edges write(mask, first, out): the numbers of the mask's bits, counted from `first`; returns their
/// end
template <typename Edges>
class ScanSink {
 public:
  ScanSink(char* bytes, uint32_t* edges) : bytes_(bytes), edges_(edges) {}

  /// Where the next bytes belong: put(count) takes them over.
  char* next() { return bytes_ + num_bytes_; }
  size_t num_edges() const { return num_edges_; }
  size_t num_bytes() const { return num_bytes_; }

  /// Takes over `count` outputs, up to a block, none deleted: drops all but the first of neighbouring spaces,
  /// and notes where tokens begin and end. @param spaces a bit for each that is a space
  void put(size_t count, uint64_t spaces) {
    while (const uint64_t doubled = spaces & (spaces << 1 | after_space_))
      [[unlikely]] count = drop_run(doubled, count, spaces);
    if (count == 0) return;
    const uint64_t in_token = ~spaces & low_bits(count);
    const uint64_t edges = (in_token ^ (in_token << 1 | (after_space_ ^ 1))) & low_bits(count);
    num_edges_ = static_cast<size_t>(
        Edges::write(edges, static_cast<uint32_t>(num_bytes_), edges_ + num_edges_) - edges_);
    num_bytes_ += count;
    after_space_ = spaces >> (count - 1) & 1;
  }
  void put_replacement(const BytePlan& plan) {
    for (const char output : plan.replacement) {
      *next() = output;
      put(1, output == static_cast<char>(BytePlan::kSpace) ? 1 : 0);
    }
  }

 private:
  /// The lowest `count` bits, 0 to 64.
  static uint64_t low_bits(size_t count) { return count == 0 ? 0 : ~uint64_t{0} >> (64 - count); }

  /// Drops the first run of bytes in `doubled`. @return the new count
  size_t drop_run(uint64_t doubled, size_t count, uint64_t& spaces) {
    const auto begin = static_cast<size_t>(std::countr_zero(doubled));
    const size_t end = begin + static_cast<size_t>(std::countr_one(doubled >> begin));
    std::memmove(next() + begin, next() + end, count - end);
    spaces = (spaces & low_bits(begin)) | (end < 64 ? spaces >> end << begin : 0);
    return count - (end - begin);
  }
  char* bytes_;
  uint32_t* edges_;
  size_t num_bytes_ = 0;
  size_t num_edges_ = 0;
  uint64_t after_space_ = 1;  ///< 0 in a token
};

}  // namespace bernoulli
