#include "store/raw_tensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/little_endian.h"
#include "support/message_of.h"

namespace bernoulli {
namespace {

using ::testing::HasSubstr;

std::string file_of(const std::string& header) {
  std::string bytes;
  append_little_endian(bytes, uint64_t{header.size()});
  return bytes + header;
}

std::string fault_of(const std::string& header) {
  return testing::message_of<ArtifactError>([&] { read_raw_tensors(file_of(header), "a.pt"); });
}

/// Open at its end.
std::string header_of(int num_entries) {
  std::string header = R"({"__metadata__":{"k":"v"})";
  for (int i = 0; i < num_entries; ++i) header += ",\"" + std::to_string(i) + "\":{}";
  return header;
}

/// By a look at all that came before, an entry of these would cost so much that the suite runs out of its
/// time.
TEST(RawTensorsHeader, MayHaveAnyNumberOfEntries) {
  EXPECT_THAT(fault_of(header_of(400'000) + "}"), HasSubstr("has no checksum"));
  const std::string header = header_of(40'000);
  EXPECT_THAT(fault_of(header + ",\"7\":{}}"), HasSubstr("its header has \"7\" twice"));
  EXPECT_THAT(fault_of(header), HasSubstr("its header is not a JSON object"));
}

}  // namespace
}  // namespace bernoulli
