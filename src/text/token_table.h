#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bernoulli {

/// @throws DataError where one more than `count` distinct tokens would be more than 2^31 - 3: ids are int32,
/// and two are reserved.
void check_room_for_token(size_t count);

/// Distinct byte strings, numbered 0, 1, ... in the order in which they were first added. Open addressing
/// over one block of key bytes; holds positions, no pointers, so copies are independent.
class TokenTable {
 public:
  static constexpr int32_t kAbsent = -1;

  /// The number of `token`, added where it is new. @throws DataError past 2^31 - 3 distinct tokens.
  int32_t add(std::string_view token);
  /// Its number, or kAbsent.
  int32_t find(std::string_view token) const;
  /// @param number below size(). Valid until the next add.
  std::string_view token(int32_t number) const {
    const size_t begin = ends_[static_cast<size_t>(number)];
    return std::string_view(bytes_).substr(begin, ends_[static_cast<size_t>(number) + 1] - begin);
  }
  int32_t size() const { return static_cast<int32_t>(ends_.size() - 1); }

 private:
  struct Slot {
    uint32_t tag = 0;  ///< half of the hash: most other keys are told apart without touching their bytes
    int32_t number = kAbsent;
  };
  /// The slot that holds `token`, or the free one where it belongs.
  size_t slot_of(std::string_view token, uint64_t hash) const;
  void grow();

  std::string bytes_;
  std::vector<size_t> ends_ = {0};
  std::vector<Slot> slots_ = std::vector<Slot>(16);  ///< a power of two, at most half full
};

}  // namespace bernoulli
