#include "text/token_numbers.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/memory_advice.h"

namespace bernoulli {
namespace {

constexpr size_t kTokenBatch = 32;  // tokens whose slots are fetched while others are looked at
constexpr uint64_t kLong = uint64_t{0xFF} << 56;

}  // namespace

void TokenNumbers::number(const TokenSpans& tokens, size_t begin, size_t count, uint32_t* numbers) {
  for (size_t done = 0; done < count; done += kTokenBatch)
    number_batch(tokens, begin + done, std::min(kTokenBatch, count - done), numbers + done);
}

void TokenNumbers::number_batch(const TokenSpans& tokens, size_t begin, size_t count, uint32_t* numbers) {
  std::array<ShortKey, kTokenBatch> keys;
  std::array<size_t, kTokenBatch> homes;
  while (2 * (num_short_ + count) > slots_.size()) grow();
  for (size_t i = 0; i < count; ++i) {
    keys[i] = ShortKey::of_readable(tokens[begin + i]);  // a long one's is not looked at
    homes[i] = home(keys[i]);
    __builtin_prefetch(&slots_[homes[i]], 1);
  }
  for (size_t i = 0; i < count; ++i) {
    const std::string_view token = tokens[begin + i];
    numbers[i] = token.size() <= ShortKey::kMaxBytes ? number_short(keys[i], homes[i]) : number_long(token);
  }
}

std::vector<uint32_t> TokenNumbers::number(const TokenNumbers& other) {
  std::vector<uint32_t> numbers;
  numbers.reserve(other.size());
  for (uint32_t i = 0; i < other.size(); ++i) {
    const std::string_view token = other.token(i);
    if (token.size() > ShortKey::kMaxBytes) {
      numbers.push_back(number_long(token));
    } else {
      if (2 * (num_short_ + 1) > slots_.size()) grow();
      numbers.push_back(number_short(other.keys_[i], home(other.keys_[i])));
    }
  }
  return numbers;
}

uint32_t TokenNumbers::number_short(const ShortKey& key, size_t home) {
  for (size_t i = home;; i = (i + 1) & (slots_.size() - 1)) {
    Slot& slot = slots_[i];
    if (slot.key == key) return slot.number;
    if (slot.key == ShortKey{}) {
      ++num_short_;
      slot = {key, append(key)};
      return slot.number;
    }
  }
}

uint32_t TokenNumbers::number_long(std::string_view token) {
  const auto place = static_cast<uint32_t>(long_tokens_.add(token));
  if (place == long_numbers_.size()) long_numbers_.push_back(append({place, kLong}));
  return long_numbers_[place];
}

uint32_t TokenNumbers::append(const ShortKey& key) {
  check_room_for_token(keys_.size());
  keys_.push_back(key);
  return static_cast<uint32_t>(keys_.size() - 1);
}

void TokenNumbers::grow() {
  std::vector<Slot> slots;
  slots.reserve(2 * slots_.size());
  advise_huge_pages(slots.data(), slots.capacity() * sizeof(Slot));
  slots.resize(2 * slots_.size());
  const std::vector<Slot> old = std::exchange(slots_, std::move(slots));
  --shift_;
  for (const Slot& slot : old) {
    if (slot.key == ShortKey{}) continue;
    size_t i = home(slot.key);
    while (slots_[i].key != ShortKey{}) i = (i + 1) & (slots_.size() - 1);
    slots_[i] = slot;
  }
}

}  // namespace bernoulli
