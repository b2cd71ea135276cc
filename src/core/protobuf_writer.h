#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace bernoulli {

/// A message in protobuf's wire format (protobuf.dev/programming-guides/encoding), for formats of other
/// programs that are built on it. Fields stand in the order of the calls; a repeated field is a call for each
/// of its values. Zeros and empty texts are written as well: leave out the call where a default is meant.
class ProtobufWriter {
 public:
  /// uint32, uint64, bool and enum.
  void varint(uint32_t field, uint64_t value);
  /// int32 and int64: a negative one takes ten bytes.
  void signed_varint(uint32_t field, int64_t value) { varint(field, static_cast<uint64_t>(value)); }
  void fixed32(uint32_t field, uint32_t value);
  void fixed64(uint32_t field, uint64_t value);
  void float32(uint32_t field, float value);
  void float64(uint32_t field, double value);
  /// bytes and string.
  void bytes(uint32_t field, std::string_view value);
  void message(uint32_t field, const ProtobufWriter& value) { bytes(field, value.encoded_); }

  /// A repeated int64 field in one piece.
  void packed(uint32_t field, std::span<const int64_t> values);
  /// Begins a bytes field whose `size` bytes append() then adds: for what shall not be copied twice.
  void begin_bytes(uint32_t field, uint64_t size);
  void append(std::string_view value) { encoded_ += value; }
  void reserve(uint64_t size_bytes) { encoded_.reserve(size_bytes); }

  const std::string& encoded() const { return encoded_; }
  std::string take() { return std::move(encoded_); }

 private:
  std::string encoded_;
};

}  // namespace bernoulli
