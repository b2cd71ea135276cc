#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bernoulli {

/// Texts to read, borrowed from whoever calls: strings, or views of bytes that lie anywhere.
class TextList {
 public:
  TextList() = default;
  // NOLINTBEGIN(google-explicit-constructor): each of these is a list of texts
  TextList(std::span<const std::string> texts) : strings_(texts.data()), size_(texts.size()) {}
  TextList(std::span<const std::string_view> texts) : views_(texts.data()), size_(texts.size()) {}
  TextList(const std::vector<std::string>& texts) : TextList(std::span(texts)) {}
  TextList(const std::vector<std::string_view>& texts) : TextList(std::span(texts)) {}
  // NOLINTEND(google-explicit-constructor)

  size_t size() const { return size_; }
  std::string_view operator[](size_t index) const {
    return strings_ != nullptr ? std::string_view(strings_[index]) : views_[index];
  }
  /// Asks for the memory of the text at `index`, if there is one, whose reader would wait for its first
  /// bytes. What follows them, the processor sees coming.
  void fetch_early(size_t index) const {
    constexpr size_t kFirstBytes = 2048, kLine = 64;
    if (index >= size_) return;
    const std::string_view text = (*this)[index].substr(0, kFirstBytes);
    for (size_t at = 0; at < text.size(); at += kLine) __builtin_prefetch(text.data() + at);
  }

 private:
  const std::string* strings_ = nullptr;
  const std::string_view* views_ = nullptr;  ///< instead of strings_
  size_t size_ = 0;
};

}  // namespace bernoulli
