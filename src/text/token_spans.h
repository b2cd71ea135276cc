#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace bernoulli {

/// Memory that grows, is not initialised, and keeps nothing when it grows.
template <typename T>
class Scratch {
 public:
  T* at_least(size_t size) {
    if (size > size_) {
      const size_t room = std::max(size, size_ + size_ / 2);
      data_ = std::make_unique_for_overwrite<T[]>(room);
      size_ = room;  // where there was no memory, what there is stays as large as it was
    }
    return data_.get();
  }
  const T* data() const { return data_.get(); }
  size_t bytes() const { return size_ * sizeof(T); }

 private:
  std::unique_ptr<T[]> data_;
  size_t size_ = 0;
};

/// The tokens of one text: token i is the bytes edges[2i] .. edges[2i+1], and exactly one space stands
/// between neighbours, so that an n-gram is the bytes from its first token to its last. kReadable bytes from
/// the start of every token may be read, whatever its length.
class TokenSpans {
 public:
  static constexpr size_t kReadable = 16;

  size_t size() const { return size_; }
  /// Memory held, whatever the size.
  size_t bytes() const { return bytes_.bytes() + edges_.bytes(); }
  /// Tokens first .. first + width - 1, joined by spaces. @param width at least 1
  std::string_view join(size_t first, size_t width) const {
    const uint32_t begin = edges_.data()[2 * first];
    return {bytes_.data() + begin, edges_.data()[2 * (first + width) - 1] - begin};
  }
  std::string_view operator[](size_t index) const { return join(index, 1); }

  // For those who fill it: room for so many bytes and edges, then the number of tokens.
  char* bytes_for(size_t count) { return bytes_.at_least(count); }
  uint32_t* edges_for(size_t count) { return edges_.at_least(count); }
  void set_size(size_t size) { size_ = size; }

 private:
  Scratch<char> bytes_;
  Scratch<uint32_t> edges_;
  size_t size_ = 0;
};

}  // namespace bernoulli
