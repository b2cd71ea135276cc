#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace bernoulli {

/// The bytes of a protobuf message, field by field in the order of the calls; a field that repeats is written
/// again. A message inside a message is a field of its bytes. Source: protobuf.dev, "Encoding".
class ProtobufWriter {
 public:
  /// int64, uint64, bool and enum fields; a negative number as static_cast<uint64_t>.
  void varint(uint32_t field, uint64_t value);
  void number(uint32_t field, float value);
  void number(uint32_t field, double value);
  /// string and bytes fields, and messages.
  void bytes(uint32_t field, std::string_view value);
  /// A repeated int64 field in one piece.
  void packed(uint32_t field, std::span<const int64_t> values);
  /// Begins a bytes field whose `size` bytes append() then adds: for what shall not be copied twice.
  void begin_bytes(uint32_t field, uint64_t size);
  void append(std::string_view value) { message_ += value; }

  void reserve(uint64_t size) { message_.reserve(size); }
  const std::string& message() const { return message_; }
  std::string take() { return std::move(message_); }

 private:
  void append_varint(uint64_t value);
  void append_key(uint32_t field, uint32_t wire_type);

  std::string message_;
};

}  // namespace bernoulli
