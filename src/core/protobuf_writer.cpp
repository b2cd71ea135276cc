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

void append_tag(std::string& to, int field, WireType type) {
  append_varint(to, static_cast<uint64_t>(field) << 3 | static_cast<uint64_t>(type));
}

template <class Integer, class Value>
std::string little_endian(std::span<const Value> values) {
  std::string content;
  content.reserve(values.size_bytes());
  for (const Value value : values) append_little_endian(content, std::bit_cast<Integer>(value));
  return content;
}

template <class Value>
std::string varints(std::span<const Value> values) {
  std::string content;
  for (const Value value : values) append_varint(content, static_cast<uint64_t>(value));
  return content;
}

}  // namespace

void ProtobufWriter::varint(int field, uint64_t value) {
  append_tag(encoded_, field, WireType::kVarint);
  append_varint(encoded_, value);
}

void ProtobufWriter::fixed32(int field, uint32_t value) {
  append_tag(encoded_, field, WireType::kFixed32);
  append_little_endian(encoded_, value);
}

void ProtobufWriter::fixed64(int field, uint64_t value) {
  append_tag(encoded_, field, WireType::kFixed64);
  append_little_endian(encoded_, value);
}

void ProtobufWriter::float32(int field, float value) { fixed32(field, std::bit_cast<uint32_t>(value)); }

void ProtobufWriter::float64(int field, double value) { fixed64(field, std::bit_cast<uint64_t>(value)); }

void ProtobufWriter::bytes(int field, std::string_view value) {
  begin_bytes(field, value.size());
  encoded_ += value;
}

void ProtobufWriter::begin_bytes(int field, uint64_t size) {
  append_tag(encoded_, field, WireType::kLengthDelimited);
  append_varint(encoded_, size);
}

void ProtobufWriter::packed_varints(int field, std::span<const uint64_t> values) {
  bytes(field, varints(values));
}

void ProtobufWriter::packed_signed_varints(int field, std::span<const int64_t> values) {
  bytes(field, varints(values));
}

void ProtobufWriter::packed_floats(int field, std::span<const float> values) {
  bytes(field, little_endian<uint32_t>(values));
}

void ProtobufWriter::packed_doubles(int field, std::span<const double> values) {
  bytes(field, little_endian<uint64_t>(values));
}

}  // namespace bernoulli
