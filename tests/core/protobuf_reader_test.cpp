#include "core/protobuf_reader.h"

#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
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

TEST(ProtobufReader, ReadsWhatTheWriterWrote) {
  ProtobufWriter writer;
  writer.varint(1, UINT64_MAX);
  writer.float32(2, 0.1f);
  writer.begin_bytes(300, 3);
  writer.append("abc");
  writer.packed(4, std::vector<int64_t>{-1, 0, 1});
  writer.float64(5, 0.5);
  ProtobufReader reader(writer.encoded());
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
  for (ProtobufReader reader(writer.encoded()); reader.next();) reader.append_to(values);
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
  ProtobufReader reader(writer.encoded());
  ASSERT_TRUE(reader.next());
  EXPECT_THROW(reader.bytes(), ArtifactError);
  EXPECT_THROW(reader.float32(), ArtifactError);
}

}  // namespace
}  // namespace bernoulli
