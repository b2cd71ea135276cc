#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/protobuf_reader.h"
#include "core/protobuf_writer.h"

namespace bernoulli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string bytes_of(std::initializer_list<int> bytes) {
  std::string text;
  for (const int byte : bytes) text += static_cast<char>(byte);
  return text;
}

/// The examples of protobuf.dev, "Encoding": 150 in field 1, "testing" in field 2, that message in field 3,
/// and the packed list 3, 270, 86942 in field 6.
TEST(ProtobufWriter, EncodesAsTheFormatsOwnExamples) {
  ProtobufWriter number, text, outer, list;
  number.varint(1, 150);
  EXPECT_EQ(number.message(), bytes_of({0x08, 0x96, 0x01}));
  text.bytes(2, "testing");
  EXPECT_EQ(text.message(), bytes_of({0x12, 0x07}) + "testing");
  outer.bytes(3, number.message());
  EXPECT_EQ(outer.message(), bytes_of({0x1a, 0x03, 0x08, 0x96, 0x01}));
  list.packed(6, std::vector<int64_t>{3, 270, 86942});
  EXPECT_EQ(list.message(), bytes_of({0x32, 0x06, 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05}));
}

TEST(ProtobufWriter, WritesFloatsLowByteFirstAndNegativeNumbersInTenBytes) {
  ProtobufWriter writer;
  writer.number(1, 1.0f);
  writer.number(2, -2.0);
  EXPECT_EQ(writer.message(), bytes_of({0x0d, 0, 0, 0x80, 0x3f, 0x11, 0, 0, 0, 0, 0, 0, 0, 0xc0}));
  ProtobufWriter negative;
  negative.varint(1, static_cast<uint64_t>(int64_t{-1}));
  EXPECT_EQ(negative.message(), bytes_of({0x08}) + std::string(9, '\xff') + '\x01');
}

TEST(ProtobufReader, ReadsWhatTheWriterWrote) {
  ProtobufWriter writer;
  writer.varint(1, UINT64_MAX);
  writer.number(2, 0.1f);
  writer.begin_bytes(300, 3);
  writer.append("abc");
  writer.packed(4, std::vector<int64_t>{-1, 0, 1});
  writer.number(5, 0.5);
  ProtobufReader reader(writer.message());
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.varint(), UINT64_MAX);
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.float32(), 0.1f);
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.field(), 300u);
  EXPECT_EQ(reader.bytes(), "abc");
  ASSERT_TRUE(reader.next());
  std::vector<int64_t> values = {7};
  reader.append_to(values);
  EXPECT_THAT(values, ElementsAre(7, -1, 0, 1));
  ASSERT_TRUE(reader.next());  // a double, which is passed over
  EXPECT_FALSE(reader.next());
}

TEST(ProtobufReader, TakesARepeatedFieldNumberByNumberToo) {
  ProtobufWriter writer;
  writer.varint(4, 5);
  writer.varint(4, 6);
  std::vector<int64_t> values;
  for (ProtobufReader reader(writer.message()); reader.next();) reader.append_to(values);
  EXPECT_THAT(values, ElementsAre(5, 6));
}

std::string refusal(const std::string& message) {
  try {
    for (ProtobufReader reader(message); reader.next();) {
    }
  } catch (const ArtifactError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(ProtobufReader, RefusesBytesThatAreNoMessage) {
  EXPECT_THAT(refusal(bytes_of({0x12, 0x07, 't'})), HasSubstr("ends within field 2: 1 of 7 bytes"));
  EXPECT_THAT(refusal(bytes_of({0x0d, 0, 0})), HasSubstr("ends within field 1: 2 of 4 bytes"));
  EXPECT_THAT(refusal(bytes_of({0x08, 0x96})), HasSubstr("ends within field 1: 0 of 1 bytes"));
  EXPECT_THAT(refusal(bytes_of({0x0b})), HasSubstr("no type of today"));
  EXPECT_THAT(refusal(bytes_of({0x00})), HasSubstr("an impossible field"));
  EXPECT_THAT(refusal(bytes_of({0x08}) + std::string(10, '\xff')), HasSubstr("more than 64 bits"));
  EXPECT_THAT(refusal(bytes_of({0x12}) + std::string(9, '\xff') + '\x01'), HasSubstr("ends within field 2"));
}

TEST(ProtobufReader, RefusesAFieldOfAnotherType) {
  ProtobufWriter writer;
  writer.varint(1, 1);
  ProtobufReader reader(writer.message());
  ASSERT_TRUE(reader.next());
  EXPECT_THROW(reader.bytes(), ArtifactError);
  EXPECT_THROW(reader.float32(), ArtifactError);
}

}  // namespace
}  // namespace bernoulli
