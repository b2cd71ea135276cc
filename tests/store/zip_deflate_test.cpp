#include "store/zip_deflate.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "store/stored_zip.h"
#include "store/zip_reader.h"

namespace bernoulli {
namespace {

using ::testing::HasSubstr;
using testing::low_byte_first;
using testing::stored_zip;
using testing::zip_refusal;

const std::string kLong(10000, 'x');

std::string deflated_zip() {
  return deflate_zip(
      stored_zip({{"archive/data.pkl", kLong}, {"archive/data/0", kLong}, {"archive/version", "3"}}));
}

TEST(DeflateZip, KeepsEveryEntryAndDeflatesWhatIsNoTensor) {
  const std::string file = deflated_zip();
  const ZipReader zip(file, "x.pt");
  ASSERT_EQ(zip.entries().size(), 3u);
  EXPECT_EQ(zip.content("archive/data.pkl"), kLong);
  EXPECT_EQ(zip.content("archive/data.pkl").data(), zip.content("archive/data.pkl").data())
      << "unpacked once";
  EXPECT_EQ(zip.content("archive/data/0"), kLong);
  EXPECT_EQ(zip.content("archive/version"), "3");
  EXPECT_TRUE(zip.entries()[0].deflated);
  EXPECT_TRUE(zip.entries()[1].stored);
  EXPECT_TRUE(zip.entries()[2].stored) << "it would become larger";
  EXPECT_EQ((zip.content("archive/data/0").data() - file.data()) % 64, 0);
  EXPECT_LT(file.size(), kLong.size() + 1000);
  EXPECT_EQ(deflate_zip(file), file) << "what is deflated stays";
}

TEST(DeflateZip, DamageAndBombsAreRefused) {
  const std::string file = deflated_zip(), directory = "PK\x01\x02";
  const auto with = [&](size_t at, const std::string& bytes) {
    std::string changed = file;
    return changed.replace(changed.find(directory) + at, bytes.size(), bytes);
  };
  EXPECT_THAT(zip_refusal(with(24, low_byte_first(9999, 4))),
              HasSubstr("entry 'archive/data.pkl' cannot be unpacked"));
  EXPECT_THAT(zip_refusal(with(24, low_byte_first(10001, 4))), HasSubstr("cannot be unpacked"));
  EXPECT_THAT(zip_refusal(with(24, low_byte_first(0xfffffff0, 4))), HasSubstr("claims 4294967280 bytes of "));
  EXPECT_THAT(zip_refusal(with(24, low_byte_first(50'000'000, 4))), HasSubstr("claims 50000000 bytes of "))
      << "more than deflated bytes can hold";
  EXPECT_THAT(zip_refusal(with(16, low_byte_first(1, 4))), HasSubstr("damaged (CRC-32)"));
  for (size_t i = 0; i < 200; ++i) {
    std::string changed = file;
    changed[i] = static_cast<char>(changed[i] ^ 0x10);
    const std::string finding = zip_refusal(changed);
    EXPECT_THAT(finding, ::testing::AnyOf(HasSubstr("x.pt"), "was read"));
  }
}

}  // namespace
}  // namespace bernoulli
