#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bernoulli {

/// Many byte strings that do not change, in memory or in a mapped file. Copies share them.
class StringRows {
 public:
  StringRows() = default;
  StringRows(
      std::vector<std::string> strings)  // NOLINT(google-explicit-constructor): strings are rows of strings
      : strings_(std::make_shared<const std::vector<std::string>>(std::move(strings))),
        size_(static_cast<int64_t>(strings_->size())) {}
  /// Views of bytes. @param owner  keeps the bytes alive.
  StringRows(std::vector<std::string_view> views, std::shared_ptr<const void> owner)
      : views_(std::make_shared<const std::vector<std::string_view>>(std::move(views))),
        owner_(std::move(owner)),
        size_(static_cast<int64_t>(views_->size())) {}
  /// String i is bytes[offsets[i] .. offsets[i+1]). @param owner  keeps both alive.
  StringRows(const char* bytes, std::span<const int64_t> offsets, std::shared_ptr<const void> owner)
      : bytes_(bytes),
        offsets_(offsets.data()),
        owner_(std::move(owner)),
        size_(static_cast<int64_t>(offsets.size()) - 1) {}

  int64_t size() const { return size_; }
  std::string_view operator[](int64_t index) const {
    if (strings_) return (*strings_)[static_cast<size_t>(index)];
    if (views_) return (*views_)[static_cast<size_t>(index)];
    return {bytes_ + offsets_[index], static_cast<size_t>(offsets_[index + 1] - offsets_[index])};
  }

 private:
  std::shared_ptr<const std::vector<std::string>> strings_;
  std::shared_ptr<const std::vector<std::string_view>> views_;  ///< instead of strings_
  const char* bytes_ = nullptr;                                 ///< instead of both
  const int64_t* offsets_ = nullptr;
  std::shared_ptr<const void> owner_;
  int64_t size_ = 0;
};

}  // namespace bernoulli
