#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "text/token_rows.h"

namespace bernoulli {

/// So many ids fit into 16 bits.
inline constexpr int64_t kNarrowIds = int64_t{1} << 16;

/// Token ids of many texts, ragged, wherever they lie: in TokenRows, or in a mapped file, where they take 16
/// bits if the vocabulary allows. Copies share what they look at.
class TokenView {
 public:
  TokenView() = default;
  /// Borrows: `rows` must outlive the view and stay as they are.
  TokenView(const TokenRows& rows)  // NOLINT(google-explicit-constructor): rows are a view of themselves
      : wide_(rows.ids.data()), offsets_(rows.offsets.data()), size_(rows.size()) {}
  /// Keeps the rows.
  TokenView(TokenRows&& rows)  // NOLINT(google-explicit-constructor)
      : TokenView(std::make_shared<const TokenRows>(std::move(rows))) {}
  /// Row i is ids[offsets[i] .. offsets[i+1]). @param owner  keeps both alive.
  TokenView(const uint16_t* ids, std::span<const int64_t> offsets, std::shared_ptr<const void> owner)
      : narrow_(ids),
        offsets_(offsets.data()),
        size_(static_cast<int64_t>(offsets.size()) - 1),
        owner_(std::move(owner)) {}
  TokenView(const int32_t* ids, std::span<const int64_t> offsets, std::shared_ptr<const void> owner)
      : wide_(ids),
        offsets_(offsets.data()),
        size_(static_cast<int64_t>(offsets.size()) - 1),
        owner_(std::move(owner)) {}

  int64_t size() const { return size_; }
  int64_t row_size(int64_t index) const { return offsets_[index + 1] - offsets_[index]; }

  /// @param room  for row_size(index) ids: the row may be put there. The result lives as long as `room` and
  /// the view.
  std::span<const int32_t> row(int64_t index, int32_t* room) const {
    const auto count = static_cast<size_t>(row_size(index));
    if (narrow_ == nullptr) return {wide_ + offsets_[index], count};
    std::copy_n(narrow_ + offsets_[index], count, room);
    return {room, count};
  }
  /// How often `id` stands in a row.
  int64_t count(int64_t index, int32_t id) const {
    const int64_t begin = offsets_[index], end = offsets_[index + 1];
    return narrow_ == nullptr ? std::count(wide_ + begin, wide_ + end, id)
                              : std::count(narrow_ + begin, narrow_ + end, static_cast<uint16_t>(id));
  }
  /// Asks for the memory of a row that is read soon.
  void fetch_early(int64_t index) const {
    constexpr int64_t kLine = 64;
    const char* begin = narrow_ == nullptr ? reinterpret_cast<const char*>(wide_ + offsets_[index])
                                           : reinterpret_cast<const char*>(narrow_ + offsets_[index]);
    const int64_t bytes = row_size(index) * (narrow_ == nullptr ? 4 : 2);
    for (int64_t at = 0; at < bytes; at += kLine) __builtin_prefetch(begin + at);
  }
  /// All ids, of which row i is [offsets()[i], offsets()[i + 1]): one of the two is null.
  const int32_t* wide() const { return wide_; }
  const uint16_t* narrow() const { return narrow_; }
  const int64_t* offsets() const { return offsets_; }
  /// The first ids of a row, at most `limit`. Returns the end of what was written.
  template <class Id>
  Id* copy_row(int64_t index, int64_t limit, Id* out) const {
    const int64_t count = std::min(row_size(index), limit);
    return narrow_ == nullptr ? std::copy_n(wide_ + offsets_[index], count, out)
                              : std::copy_n(narrow_ + offsets_[index], count, out);
  }

 private:
  explicit TokenView(std::shared_ptr<const TokenRows> rows) : TokenView(*rows) { owner_ = std::move(rows); }

  const int32_t* wide_ = nullptr;
  const uint16_t* narrow_ = nullptr;  ///< instead of wide_
  const int64_t* offsets_ = nullptr;
  int64_t size_ = 0;
  std::shared_ptr<const void> owner_;
};

}  // namespace bernoulli
