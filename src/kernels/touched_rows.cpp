#include "kernels/touched_rows.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

namespace bernoulli::kernels {
namespace {

constexpr auto kBlock = static_cast<size_t>(kMarkBlock);
/// All blocks of so many rows are looked at sooner than is told which of them are used.
constexpr size_t kSmallTable = 16384;

size_t blocks(size_t count) { return (count + kBlock - 1) / kBlock; }

void grow(std::vector<int32_t>& numbers, size_t size) {
  if (numbers.size() < size) numbers.resize(size + size / 2);
}

/// Sorts by counting, stably: halves of the input count for themselves, so that the processor need not wait
/// for one counter so often. What missed kMost and more shares the last place.
template <uint32_t kMost>
void sort_by_missed(std::span<const int32_t> rows, const int32_t* missed, int32_t* sorted_rows,
                    int32_t* sorted_missed) {
  std::array<std::array<uint32_t, 2>, kMost + 1> places{};
  const auto key = [&](size_t i) { return std::min(static_cast<uint32_t>(missed[i]), kMost); };
  const size_t half = rows.size() / 2, end = 2 * half;
  for (size_t i = 0; i < half; ++i) {
    ++places[key(i)][0];
    ++places[key(half + i)][1];
  }
  if (end < rows.size()) ++places[key(end)][1];
  uint32_t next = 0;
  for (std::array<uint32_t, 2>& place : places) {
    for (uint32_t& own : place) next += std::exchange(own, next);
  }
  const auto put = [&](size_t i, size_t which) {
    const uint32_t place = places[key(i)][which]++;
    sorted_rows[place] = rows[i];
    sorted_missed[place] = missed[i];
  };
  for (size_t i = 0; i < half; ++i) {
    put(i, 0);
    put(half + i, 1);
  }
  if (end < rows.size()) put(end, 1);
}

}  // namespace

TouchedRows::TouchedRows(int64_t num_rows, const Kernels& kernels)
    : kernels_(kernels),
      marks_(blocks(static_cast<size_t>(num_rows)) * kBlock),
      slots_(static_cast<size_t>(num_rows)),
      last_(static_cast<size_t>(num_rows)) {
  if (marks_.size() > kSmallTable) block_marks_.resize(blocks(marks_.size() / kBlock) * kBlock);
}

void TouchedRows::mark(std::span<const int32_t> ids) {
  uint8_t* const marks = marks_.data();
  if (block_marks_.empty()) {
#pragma GCC unroll 8  // the stores are what takes time, not the counting
    for (const int32_t id : ids) marks[id] = kMarked;
  } else {
    uint8_t* const block_marks = block_marks_.data();
    for (const int32_t id : ids) {
      marks[id] = kMarked;
      block_marks[static_cast<size_t>(id) / kBlock] = kMarked;
    }
  }
  num_marks_ += ids.size();
}

void TouchedRows::collect() {
  grow(rows_, std::min(num_marks_, slots_.size()) + kLanes);
  int64_t count = 0;
  if (block_marks_.empty()) {
    count =
        kernels_.take_marked(marks_.data(), static_cast<int64_t>(marks_.size() / kBlock), 0, rows_.data());
  } else {
    grow(used_blocks_, std::min(num_marks_, block_marks_.size()) + kLanes);
    const int64_t used = kernels_.take_marked(
        block_marks_.data(), static_cast<int64_t>(block_marks_.size() / kBlock), 0, used_blocks_.data());
    for (const int32_t block : std::span(used_blocks_).first(static_cast<size_t>(used))) {
      const auto first = block * static_cast<int32_t>(kBlock);
      count += kernels_.take_marked(&marks_[static_cast<size_t>(first)], 1, first, rows_.data() + count);
    }
  }
  num_marks_ = 0;
  num_rows_ = static_cast<size_t>(count);
  for (size_t slot = 0; slot < num_rows_; ++slot)
    slots_[static_cast<size_t>(rows_[slot])] = static_cast<uint32_t>(slot);
}

void TouchedRows::settle(std::span<const int32_t> rows, int64_t now) {
  if (rows.empty()) {
    all_.resize(last_.size());
    std::iota(all_.begin(), all_.end(), 0);
    rows = all_;
  }
  for (std::vector<int32_t>* numbers : {&unsorted_, &unsorted_missed_, &due_, &missed_})
    grow(*numbers, rows.size());
  const auto update = static_cast<uint32_t>(now);
  size_t count = 0;
  for (const int32_t row : rows) {
    const uint32_t missed = update - last_[static_cast<size_t>(row)];
    last_[static_cast<size_t>(row)] = update;
    unsorted_[count] = row;
    unsorted_missed_[count] = static_cast<int32_t>(missed);
    count += missed > 0 ? 1 : 0;
  }
  num_due_ = count;
  const std::span<const int32_t> unsorted = std::span(unsorted_).first(count);
  constexpr size_t kFew = 8192;  // rows of one update, few of which missed hundreds
  count < kFew ? sort_by_missed<255>(unsorted, unsorted_missed_.data(), due_.data(), missed_.data())
               : sort_by_missed<1023>(unsorted, unsorted_missed_.data(), due_.data(), missed_.data());
}

void TouchedRows::set_updated(std::span<const int32_t> rows, int64_t now) {
  for (const int32_t row : rows) last_[static_cast<size_t>(row)] = static_cast<uint32_t>(now);
}

void TouchedRows::set_all_updated(int64_t now) {
  std::fill(last_.begin(), last_.end(), static_cast<uint32_t>(now));
}

}  // namespace bernoulli::kernels
