#include "text/token_table.h"

#include <limits>

#include "core/error.h"
#include "core/hash.h"

namespace bernoulli {
namespace {

uint32_t tag_of(uint64_t hash) { return static_cast<uint32_t>(hash >> 32); }

}  // namespace

void check_room_for_token(size_t count) {
  if (count >= std::numeric_limits<int32_t>::max() - 2)
    throw DataError("more than 2^31 - 3 distinct tokens; use text.hashing, or fewer n-grams");
}

size_t TokenTable::slot_of(std::string_view token, uint64_t hash) const {
  const size_t mask = slots_.size() - 1;
  for (size_t i = hash & mask;; i = (i + 1) & mask) {
    const Slot& slot = slots_[i];
    if (slot.number == kAbsent) return i;
    if (slot.tag == tag_of(hash) && this->token(slot.number) == token) return i;
  }
}

int32_t TokenTable::find(std::string_view token) const {
  return slots_[slot_of(token, hash64(token))].number;
}

int32_t TokenTable::add(std::string_view token) {
  const uint64_t hash = hash64(token);
  Slot& slot = slots_[slot_of(token, hash)];
  if (slot.number != kAbsent) return slot.number;
  const int32_t number = size();
  check_room_for_token(static_cast<size_t>(number));
  slot = {tag_of(hash), number};
  bytes_.append(token);
  ends_.push_back(bytes_.size());
  if (2 * ends_.size() > slots_.size()) grow();
  return number;
}

void TokenTable::grow() {
  slots_.assign(2 * slots_.size(), Slot{});
  for (int32_t number = 0; number < size(); ++number) {
    const uint64_t hash = hash64(token(number));
    slots_[slot_of(token(number), hash)] = {tag_of(hash), number};
  }
}

}  // namespace bernoulli
