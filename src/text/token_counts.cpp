#include "text/token_counts.h"

#include <utility>

namespace bernoulli {

void TokenCounts::add(const TokenCounts& other) {
  for (const Slot& slot : other.slots_) {
    if (slot.count > 0) add(slot.key, slot.count);
  }
  for (int32_t i = 0; i < other.long_tokens_.size(); ++i)
    add_long(other.long_tokens_.token(i), other.long_counts_[static_cast<size_t>(i)]);
}

void TokenCounts::add_long(std::string_view token, int64_t count) {
  const auto number = static_cast<size_t>(long_tokens_.add(token));
  if (number == long_counts_.size()) long_counts_.push_back(0);
  long_counts_[number] += count;
}

void TokenCounts::grow() {
  const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(4 * slots_.size()));
  num_short_ = 0;
  for (const Slot& slot : old) {
    if (slot.count > 0) add(slot.key, slot.count);
  }
}

}  // namespace bernoulli
