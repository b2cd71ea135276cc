#include "kernels/touched_rows.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace bernoulli::kernels {

TouchedRows::TouchedRows(int64_t num_rows)
    : slot_(static_cast<size_t>(num_rows)), last_(static_cast<size_t>(num_rows)) {}

void TouchedRows::begin() {
  base_ += static_cast<uint32_t>(count_);
  count_ = 0;
  if (base_ < std::numeric_limits<uint32_t>::max() / 2) return;
  std::fill(slot_.begin(), slot_.end(), 0u);
  base_ = 1;
}

void TouchedRows::assign(std::span<const int32_t> ids, int32_t* slots) {
  if (rows_.size() < count_ + ids.size()) rows_.resize(count_ + ids.size());
  int32_t* rows = rows_.data();
  size_t count = count_;
  // No branch: whether a word is new in its batch cannot be predicted.
  for (const int32_t id : ids) {
    const auto fresh = base_ + static_cast<uint32_t>(count);
    const uint32_t known = slot_[static_cast<size_t>(id)];
    const bool is_new = known < base_;
    const uint32_t place = is_new ? fresh : known;
    rows[count] = id;
    count += is_new;
    slot_[static_cast<size_t>(id)] = place;
    *slots++ = static_cast<int32_t>(place - base_);
  }
  count_ = count;
}

void TouchedRows::settle(std::span<const int32_t> rows, int64_t now) {
  if (rows.empty()) {
    all_.resize(last_.size());
    std::iota(all_.begin(), all_.end(), 0);
    rows = all_;
  }
  // Counting sort; what missed kMost and more shares the last place.
  constexpr int64_t kMost = 1023;
  starts_.assign(kMost + 2, 0);
  unsorted_.resize(rows.size());
  unsorted_missed_.resize(rows.size());
  size_t count = 0;
  for (const int32_t row : rows) {
    const int64_t missed = now - last_[static_cast<size_t>(row)];
    last_[static_cast<size_t>(row)] = now;
    unsorted_[count] = row;
    unsorted_missed_[count] = static_cast<int32_t>(missed);
    if (missed > 0) {
      ++starts_[static_cast<size_t>(std::min(missed, kMost)) + 1];
      ++count;
    }
  }
  std::partial_sum(starts_.begin(), starts_.end(), starts_.begin());
  due_.resize(count);
  missed_.resize(count);
  for (size_t i = 0; i < count; ++i) {
    const uint32_t place = starts_[static_cast<size_t>(std::min<int64_t>(unsorted_missed_[i], kMost))]++;
    due_[place] = unsorted_[i];
    missed_[place] = unsorted_missed_[i];
  }
}

void TouchedRows::mark(std::span<const int32_t> rows, int64_t now) {
  for (const int32_t row : rows) last_[static_cast<size_t>(row)] = now;
}

void TouchedRows::mark_all(int64_t now) { std::fill(last_.begin(), last_.end(), now); }

}  // namespace bernoulli::kernels
