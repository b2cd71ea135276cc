#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace bernoulli {

/// The fields of a protobuf message in memory, one after the other (ProtobufWriter's counterpart). Every
/// length is checked before it is followed; nothing is copied.
class ProtobufReader {
 public:
  explicit ProtobufReader(std::string_view message) : rest_(message) {}

  /// Goes to the next field; false behind the last. @throws ArtifactError for bytes that are no message
  bool next();
  int field() const { return field_; }

  // The field's value. @throws ArtifactError where it is of another wire type
  uint64_t varint() const;
  float float32() const;
  std::string_view bytes() const;
  /// Appends the value of a repeated int64 field, whether it is written in one piece or number by number.
  void append_to(std::vector<int64_t>& values) const;

 private:
  uint64_t take_varint();
  std::string_view take(uint64_t size);

  std::string_view rest_;
  int field_ = 0;
  uint32_t wire_type_ = 0;
  uint64_t varint_ = 0;
  std::string_view bytes_;  ///< of a field that is no varint
};

}  // namespace bernoulli
