#include "text/hashing.h"

#include <vector>

#include <gtest/gtest.h>

#include "core/random.h"

namespace bernoulli {
namespace {

TEST(Buckets, AreThoseOfTheRemainder) {
  Random random(4);
  std::vector<uint32_t> hashes = {0, 1, 2, 4294967294u, 4294967295u, 2147483646u, 2147483647u};
  for (int i = 0; i < 1000; ++i) hashes.push_back(static_cast<uint32_t>(random.below(uint64_t{1} << 32)));
  std::vector<uint32_t> sizes = {1, 2, 3, 1000, 65536, 1000003, 2147483645u, 2147483646u};
  for (int i = 0; i < 1000; ++i) sizes.push_back(1 + static_cast<uint32_t>(random.below(2147483646)));
  for (const uint32_t size : sizes) {
    const Buckets buckets(size);
    for (const uint32_t hash : hashes)
      ASSERT_EQ(buckets.id(hash), static_cast<int32_t>(1 + hash % size)) << hash << " mod " << size;
  }
}

}  // namespace
}  // namespace bernoulli
