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
  void varint(int field, uint64_t value);
  /// int32 and int64: a negative one takes ten bytes.
  void signed_varint(int field, int64_t value) { varint(field, static_cast<uint64_t>(value)); }
  void fixed32(int field, uint32_t value);
  void fixed64(int field, uint64_t value);
  void float32(int field, float value);
  void float64(int field, double value);
  /// bytes and string.
  void bytes(int field, std::string_view value);
  void message(int field, const ProtobufWriter& value) { bytes(field, value.encoded_); }
  /// What stands before the `size` bytes of such a field: the caller appends them to what it takes, and so
  /// copies large ones once.
  void begin_bytes(int field, uint64_t size);

  void packed_varints(int field, std::span<const uint64_t> values);
  void packed_signed_varints(int field, std::span<const int64_t> values);
  void packed_floats(int field, std::span<const float> values);
  void packed_doubles(int field, std::span<const double> values);

  const std::string& encoded() const { return encoded_; }
  std::string take() { return std::move(encoded_); }

 private:
  std::string encoded_;
};

}  // namespace bernoulli
