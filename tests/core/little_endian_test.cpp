#include "core/little_endian.h"

#include <cstdint>

#include <gtest/gtest.h>

namespace bernoulli {
namespace {

TEST(LittleEndian, AppendsAndReadsTheLowestByteFirst) {
  std::string bytes;
  append_little_endian(bytes, uint16_t{0xfe01});
  append_little_endian(bytes, uint64_t{0x8000'0000'0000'00ff});
  EXPECT_EQ(bytes, std::string("\x01\xfe\xff\0\0\0\0\0\0\x80", 10));
  EXPECT_EQ(read_little_endian<uint16_t>(bytes), 0xfe01);
  EXPECT_EQ(read_little_endian<uint32_t>(bytes), 0x00fffe01u);
  EXPECT_EQ(read_little_endian<uint64_t>(std::string_view(bytes).substr(2)), 0x8000'0000'0000'00ffu);
}

}  // namespace
}  // namespace bernoulli
