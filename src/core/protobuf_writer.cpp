#include "core/protobuf_writer.h"

#include <bit>

namespace bernoulli {
namespace {

// Wire types of a field's key.
constexpr uint32_t kVarint = 0;
constexpr uint32_t kEightBytes = 1;
constexpr uint32_t kLengthAndBytes = 2;
constexpr uint32_t kFourBytes = 5;

template <class Unsigned>
std::string low_byte_first(Unsigned value) {
  std::string bytes;
  for (size_t i = 0; i < sizeof value; ++i) bytes += static_cast<char>((value >> (8 * i)) & 0xff);
  return bytes;
}

}  // namespace

void ProtobufWriter::append_varint(uint64_t value) {
  for (; value >= 0x80; value >>= 7) message_ += static_cast<char>((value & 0x7f) | 0x80);
  message_ += static_cast<char>(value);
}

void ProtobufWriter::append_key(uint32_t field, uint32_t wire_type) {
  append_varint((uint64_t{field} << 3) | wire_type);
}

void ProtobufWriter::varint(uint32_t field, uint64_t value) {
  append_key(field, kVarint);
  append_varint(value);
}

void ProtobufWriter::number(uint32_t field, float value) {
  append_key(field, kFourBytes);
  append(low_byte_first(std::bit_cast<uint32_t>(value)));
}

void ProtobufWriter::number(uint32_t field, double value) {
  append_key(field, kEightBytes);
  append(low_byte_first(std::bit_cast<uint64_t>(value)));
}

void ProtobufWriter::bytes(uint32_t field, std::string_view value) {
  begin_bytes(field, value.size());
  append(value);
}

void ProtobufWriter::packed(uint32_t field, std::span<const int64_t> values) {
  ProtobufWriter list;
  for (const int64_t value : values) list.append_varint(static_cast<uint64_t>(value));
  bytes(field, list.message());
}

void ProtobufWriter::begin_bytes(uint32_t field, uint64_t size) {
  append_key(field, kLengthAndBytes);
  append_varint(size);
}

}  // namespace bernoulli
