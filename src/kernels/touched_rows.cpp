#include "kernels/touched_rows.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>

namespace bernoulli::kernels {
namespace {

constexpr size_t kBlock = 64;

/// Bit i: byte i, which is 0 or 1, is 1.
uint64_t bits_of(const uint8_t* bytes) {
  uint64_t bits = 0;
  for (size_t i = 0; i < kBlock / 8; ++i) {
    uint64_t eight;
    std::memcpy(&eight, bytes + 8 * i, 8);
    // The product's top byte is the eight lowest bits side by side: byte j times 2^(56 - 7j) is bit 56 + j.
    bits |= (eight * 0x0102040810204080u >> 56) << (8 * i);
  }
  return bits;
}

size_t blocks(size_t count) { return (count + kBlock - 1) / kBlock; }

}  // namespace

TouchedRows::TouchedRows(int64_t num_rows)
    : marks_(blocks(static_cast<size_t>(num_rows)) * kBlock),
      block_marks_(blocks(marks_.size() / kBlock) * kBlock),
      slots_(static_cast<size_t>(num_rows)),
      last_(static_cast<size_t>(num_rows)) {}

void TouchedRows::mark(std::span<const int32_t> ids) {
  uint8_t* const marks = marks_.data();
  uint8_t* const block_marks = block_marks_.data();
  for (const int32_t id : ids) {
    marks[id] = 1;
    block_marks[static_cast<size_t>(id) / kBlock] = 1;
  }
  num_marks_ += ids.size();
}

void TouchedRows::collect() {
  rows_.resize(std::min(num_marks_, slots_.size()));
  num_marks_ = 0;
  uint32_t count = 0;
  for (size_t group = 0; group < block_marks_.size(); group += kBlock) {
    for (uint64_t used = bits_of(&block_marks_[group]); used != 0; used &= used - 1) {
      const size_t first = (group + static_cast<size_t>(std::countr_zero(used))) * kBlock;
      for (uint64_t bits = bits_of(&marks_[first]); bits != 0; bits &= bits - 1) {
        const size_t row = first + static_cast<size_t>(std::countr_zero(bits));
        slots_[row] = count;
        rows_[count++] = static_cast<int32_t>(row);
      }
      std::memset(&marks_[first], 0, kBlock);
    }
    std::memset(&block_marks_[group], 0, kBlock);
  }
  rows_.resize(count);
}

void TouchedRows::settle(std::span<const int32_t> rows, int64_t now) {
  if (rows.empty()) {
    all_.resize(last_.size());
    std::iota(all_.begin(), all_.end(), 0);
    rows = all_;
  }
  // Counting sort; what missed kMost and more shares the last place.
  constexpr uint32_t kMost = 1023;
  const auto update = static_cast<uint32_t>(now);
  starts_.assign(kMost + 2, 0);
  unsorted_.resize(rows.size());
  unsorted_missed_.resize(rows.size());
  size_t count = 0;
  for (const int32_t row : rows) {
    const uint32_t missed = update - last_[static_cast<size_t>(row)];
    last_[static_cast<size_t>(row)] = update;
    unsorted_[count] = row;
    unsorted_missed_[count] = static_cast<int32_t>(missed);
    ++starts_[std::min(missed, kMost) + 1];
    count += missed > 0;
  }
  starts_[1] = 0;  // the rows that missed nothing
  std::partial_sum(starts_.begin(), starts_.end(), starts_.begin());
  due_.resize(count);
  missed_.resize(count);
  for (size_t i = 0; i < count; ++i) {
    const uint32_t place = starts_[std::min(static_cast<uint32_t>(unsorted_missed_[i]), kMost)]++;
    due_[place] = unsorted_[i];
    missed_[place] = unsorted_missed_[i];
  }
}

void TouchedRows::set_updated(std::span<const int32_t> rows, int64_t now) {
  for (const int32_t row : rows) last_[static_cast<size_t>(row)] = static_cast<uint32_t>(now);
}

void TouchedRows::set_all_updated(int64_t now) {
  std::fill(last_.begin(), last_.end(), static_cast<uint32_t>(now));
}

}  // namespace bernoulli::kernels
