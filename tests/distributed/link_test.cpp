#include "distributed/link.h"

#include <array>
#include <sys/socket.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/little_endian.h"
#include "support/message_of.h"

namespace bernoulli {
namespace {

using ::testing::HasSubstr;
using testing::message_of;

/// What is said of a process that sends `bytes` where data of any length are expected, and ends.
std::string fault_of_bytes(const std::string& bytes, std::string& data) {
  std::array<int, 2> ends{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()), 0);
  Link link(FileDescriptor{ends[0]}, "process 1");
  {
    const FileDescriptor other(ends[1]);
    EXPECT_EQ(::send(other.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  }
  link.expect(data);
  return message_of<DistributedError>([&] { link.receive_some(); });
}

std::string frame_of(uint64_t length, const std::string& payload) {
  std::string frame = "d";
  append_little_endian(frame, length);
  return frame + payload;
}

TEST(Link, RefusesALengthThatNoDataHave) {
  for (const uint64_t length : {~uint64_t{0}, (uint64_t{1} << 40) + 1}) {
    std::string data;
    EXPECT_THAT(fault_of_bytes(frame_of(length, ""), data), HasSubstr("it sends what is no frame")) << length;
  }
}

TEST(Link, TakesNoMemoryForALengthThatIsOnlySaid) {
  std::string data = "before";
  EXPECT_THAT(fault_of_bytes(frame_of(uint64_t{1} << 40, "begin"), data), HasSubstr("ended without a word"));
  EXPECT_LE(data.size(), size_t{1} << 20);
  EXPECT_EQ(data.substr(0, 5), "begin");
}

}  // namespace
}  // namespace bernoulli
