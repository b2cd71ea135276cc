#include "core/protobuf_writer.h"

#include <array>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace bernoulli {
namespace {

/// Bytes as they stand in the documentation of the format.
std::string hex(const std::string& bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += {kDigits[byte / 16], kDigits[byte % 16], ' '};
  }
  if (!text.empty()) text.pop_back();
  return text;
}

template <class Put>
std::string encoded(const Put& put) {
  ProtobufWriter writer;
  put(writer);
  return hex(writer.encoded());
}

TEST(ProtobufWriter, WritesTheExamplesOfTheFormatsDocumentation) {
  EXPECT_EQ(encoded([](auto& w) { w.varint(1, 150); }), "08 96 01");
  EXPECT_EQ(encoded([](auto& w) { w.bytes(2, "testing"); }), "12 07 74 65 73 74 69 6e 67");
  EXPECT_EQ(encoded([](auto& w) {
              ProtobufWriter inner;
              inner.varint(1, 150);
              w.message(3, inner);
            }),
            "1a 03 08 96 01");
  const std::vector<uint64_t> values = {3, 270, 86942};
  EXPECT_EQ(encoded([&](auto& w) { w.packed_varints(6, values); }), "32 06 03 8e 02 9e a7 05");
  EXPECT_EQ(encoded([](auto& w) { w.signed_varint(1, -2); }), "08 fe ff ff ff ff ff ff ff ff 01");
}

TEST(ProtobufWriter, WritesFixedWidthsLowestByteFirst) {
  EXPECT_EQ(encoded([](auto& w) { w.fixed32(1, 0x01020304); }), "0d 04 03 02 01");
  EXPECT_EQ(encoded([](auto& w) { w.fixed64(1, 0x0102030405060708); }), "09 08 07 06 05 04 03 02 01");
  EXPECT_EQ(encoded([](auto& w) { w.float32(2, 1.0f); }), "15 00 00 80 3f");
  EXPECT_EQ(encoded([](auto& w) { w.float64(2, -2.0); }), "11 00 00 00 00 00 00 00 c0");
}

TEST(ProtobufWriter, PacksListsUnderOneTag) {
  const std::array<float, 2> floats = {1.0f, -2.0f};
  const std::array<double, 1> doubles = {1.0};
  const std::array<int64_t, 2> integers = {1, -1};
  EXPECT_EQ(encoded([&](auto& w) { w.packed_floats(4, floats); }), "22 08 00 00 80 3f 00 00 00 c0");
  EXPECT_EQ(encoded([&](auto& w) { w.packed_doubles(10, doubles); }), "52 08 00 00 00 00 00 00 f0 3f");
  EXPECT_EQ(encoded([&](auto& w) { w.packed_signed_varints(8, integers); }),
            "42 0b 01 ff ff ff ff ff ff ff ff ff 01");
}

TEST(ProtobufWriter, WritesZerosAndTheLargestNumbers) {
  EXPECT_EQ(encoded([](auto& w) { w.varint(1, 0); }), "08 00");
  EXPECT_EQ(encoded([](auto& w) { w.varint(1, 127); }), "08 7f");
  EXPECT_EQ(encoded([](auto& w) { w.varint(1, 128); }), "08 80 01");
  EXPECT_EQ(encoded([](auto& w) { w.varint(1, std::numeric_limits<uint64_t>::max()); }),
            "08 ff ff ff ff ff ff ff ff ff 01");
  EXPECT_EQ(encoded([](auto& w) { w.bytes(1, ""); }), "0a 00");
  EXPECT_EQ(encoded([](auto& w) { w.varint(16, 1); }), "80 01 01")
      << "a field above 15 has a tag of two bytes";
}

TEST(ProtobufWriter, GivesFieldsInTheOrderOfTheCalls) {
  ProtobufWriter writer;
  writer.varint(2, 1);
  writer.varint(1, 2);
  writer.varint(1, 3);
  EXPECT_EQ(hex(writer.take()), "10 01 08 02 08 03");
}

}  // namespace
}  // namespace bernoulli
