#include "core/protobuf_reader.h"

#include <bit>

#include <fmt/format.h>

#include "core/error.h"
#include "core/little_endian.h"

namespace bernoulli {
namespace {

constexpr uint32_t kVarintType = 0;
constexpr uint32_t kEightBytesType = 1;
constexpr uint32_t kBytesType = 2;
constexpr uint32_t kFourBytesType = 5;

[[noreturn]] void refuse_field(uint32_t field) {
  throw ArtifactError(fmt::format("field {} of a protobuf message is of another type than expected", field));
}

}  // namespace

std::string_view ProtobufReader::take(uint64_t size) {
  if (size > rest_.size())
    throw ArtifactError(
        fmt::format("a protobuf message ends within field {}: {} of {} bytes", field_, rest_.size(), size));
  const std::string_view taken = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return taken;
}

uint64_t ProtobufReader::take_varint() {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const auto byte = static_cast<uint8_t>(take(1).front());
    value |= uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return value;
  }
  throw ArtifactError("a protobuf message has a number of more than 64 bits");
}

bool ProtobufReader::next() {
  if (rest_.empty()) return false;
  const uint64_t key = take_varint();
  if (key >> 3 == 0 || key >> 3 > 0x1fffffff)
    throw ArtifactError("a protobuf message has an impossible field");
  field_ = static_cast<uint32_t>(key >> 3);
  wire_type_ = static_cast<uint32_t>(key & 7);
  if (wire_type_ == kVarintType) {
    varint_ = take_varint();
  } else if (wire_type_ == kEightBytesType || wire_type_ == kFourBytesType) {
    bytes_ = take(wire_type_ == kEightBytesType ? 8 : 4);
  } else if (wire_type_ == kBytesType) {
    bytes_ = take(take_varint());
  } else {
    throw ArtifactError(fmt::format("field {} of a protobuf message has no type of today", field_));
  }
  return true;
}

uint64_t ProtobufReader::varint() const {
  if (wire_type_ != kVarintType) refuse_field(field_);
  return varint_;
}

float ProtobufReader::float32() const {
  if (wire_type_ != kFourBytesType) refuse_field(field_);
  return std::bit_cast<float>(read_little_endian<uint32_t>(bytes_));
}

std::string_view ProtobufReader::bytes() const {
  if (wire_type_ != kBytesType) refuse_field(field_);
  return bytes_;
}

void ProtobufReader::append_to(std::vector<int64_t>& values) const {
  if (wire_type_ == kVarintType) {
    values.push_back(static_cast<int64_t>(varint_));
    return;
  }
  for (ProtobufReader list(bytes()); !list.rest_.empty();)
    values.push_back(static_cast<int64_t>(list.take_varint()));
}

}  // namespace bernoulli
