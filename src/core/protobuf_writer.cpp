#include "core/protobuf_writer.h"

#include <bit>

#include "core/little_endian.h"

namespace bernoulli {
namespace {

/// How the bytes behind a field's number are to be read.
enum class WireType : uint64_t { kVarint = 0, kFixed64 = 1, kLengthDelimited = 2, kFixed32 = 5 };

void append_varint(std::string& to, uint64_t value) {
  for (; value >= 0x80; value >>= 7) to += static_cast<char>(value | 0x80);
  to += static_cast<char>(value);
}

void append_tag(std::string& to, uint32_t field, WireType type) {
  append_varint(to, static_cast<uint64_t>(field) << 3 | static_cast<uint64_t>(type));
}

}  // namespace

void ProtobufWriter::varint(uint32_t field, uint64_t value) {
  append_tag(encoded_, field, WireType::kVarint);
  append_varint(encoded_, value);
}

void ProtobufWriter::fixed32(uint32_t field, uint32_t value) {
  append_tag(encoded_, field, WireType::kFixed32);
  append_little_endian(encoded_, value);
}

void ProtobufWriter::fixed64(uint32_t field, uint64_t value) {
  append_tag(encoded_, field, WireType::kFixed64);
  append_little_endian(encoded_, value);
}

void ProtobufWriter::float32(uint32_t field, float value) { fixed32(field, std::bit_cast<uint32_t>(value)); }

void ProtobufWriter::float64(uint32_t field, double value) { fixed64(field, std::bit_cast<uint64_t>(value)); }

void ProtobufWriter::bytes(uint32_t field, std::string_view value) {
  begin_bytes(field, value.size());
  append(value);
}

void ProtobufWriter::begin_bytes(uint32_t field, uint64_t size) {
  append_tag(encoded_, field, WireType::kLengthDelimited);
  append_varint(encoded_, size);
}

void ProtobufWriter::packed(uint32_t field, std::span<const int64_t> values) {
  std::string list;
  for (const int64_t value : values) append_varint(list, static_cast<uint64_t>(value));
  bytes(field, list);
}

}  // namespace bernoulli
