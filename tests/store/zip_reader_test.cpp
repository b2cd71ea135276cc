#include "store/zip_reader.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "store/stored_zip.h"

namespace bernoulli {
namespace {

using ::testing::HasSubstr;
using testing::low_byte_first;
using testing::stored_zip;
using testing::zip_refusal;

const std::string kZip = stored_zip({{"a", "first"}, {"folder/b", std::string("\0\xff", 2)}, {"empty", ""}});

/// The archive with `bytes` at `at` behind the first `signature`.
std::string with(const std::string& signature, size_t at, const std::string& bytes) {
  std::string file = kZip;
  return file.replace(file.find(signature) + at, bytes.size(), bytes);
}

TEST(ZipReader, GivesEveryStoredEntry) {
  for (const std::string& file :
       {kZip, stored_zip({{"a", "first"}, {"folder/b", std::string("\0\xff", 2)}, {"empty", ""}},
                         "a comment PK")}) {
    const ZipReader zip(file, "x.pt");
    ASSERT_EQ(zip.entries().size(), 3u);
    EXPECT_EQ(zip.content("a"), "first");
    EXPECT_EQ(zip.content("folder/b"), std::string("\0\xff", 2));
    EXPECT_EQ(zip.content("empty"), "");
    EXPECT_EQ(zip.find("b"), nullptr);
    EXPECT_THROW(zip.content("b"), ArtifactError);
  }
  EXPECT_TRUE(ZipReader(stored_zip({}), "x.pt").entries().empty());
}

TEST(ZipReader, RefusesWhatIsNoArchive) {
  for (const std::string& file : {std::string(), std::string("PK\x05\x06"), std::string(100, 'x')})
    EXPECT_EQ(zip_refusal(file), "'x.pt' is no zip archive that can be read here: it has no directory");
}

TEST(ZipReader, ChecksEveryNumberBeforeItIsUsed) {
  const std::string end = "PK\x05\x06", directory = "PK\x01\x02", local = "PK\x03\x04";
  const std::string huge = low_byte_first(0xfffffff0, 4);
  EXPECT_THAT(zip_refusal(with(end, 10, low_byte_first(0xffff, 2))), HasSubstr("claims 65535 entries in "));
  EXPECT_THAT(zip_refusal(with(end, 12, huge)), HasSubstr("its directory lies outside the file"));
  EXPECT_THAT(zip_refusal(with(end, 16, huge)), HasSubstr("its directory lies outside the file"));
  EXPECT_THAT(zip_refusal(with(end, 4, low_byte_first(1, 2))), HasSubstr("several disks"));
  EXPECT_THAT(zip_refusal(with(directory, 28, low_byte_first(0xffff, 2))),
              HasSubstr("directory is cut short"));
  EXPECT_THAT(zip_refusal(with(directory, 20, huge + huge)), HasSubstr("entry 'a' lies outside the file"));
  EXPECT_THAT(zip_refusal(with(directory, 20, low_byte_first(4, 4))),
              HasSubstr("stored entry with two sizes"));
  EXPECT_THAT(zip_refusal(with(directory, 42, huge)), HasSubstr("entry 'a' has no header"));
  EXPECT_THAT(zip_refusal(with(directory, 42, low_byte_first(0xffffffff, 4))), HasSubstr("4 GiB or more"));
  EXPECT_THAT(zip_refusal(with(directory, 8, low_byte_first(1, 2))), HasSubstr("encrypted"));
  EXPECT_THAT(zip_refusal(with(directory, 10, low_byte_first(8, 2))),
              HasSubstr("entry 'a' cannot be unpacked"));
  EXPECT_THAT(zip_refusal(with(directory, 10, low_byte_first(12, 2))),
              HasSubstr("entry 'a' is compressed in a way"));
  EXPECT_THAT(zip_refusal(with(local, 26, low_byte_first(0xffff, 2))),
              HasSubstr("entry 'a' lies outside the file"));
  EXPECT_THAT(zip_refusal(with(local, 30, "z")), HasSubstr("entry 'a' has another name in its header"));
  EXPECT_THAT(zip_refusal(with("first", 0, "F")), HasSubstr("entry 'a' is damaged (CRC-32)"));
}

/// Whatever byte is changed or wherever it is cut: refused, or nothing that is read has changed.
TEST(ZipReader, SurvivesEveryDamagedByteAndEveryCut) {
  const auto expect_safe = [](const std::string& file) {
    if (zip_refusal(file) != "was read") return;
    const ZipReader zip(file, "x.pt");
    for (const ZipReader::Entry& entry : zip.entries()) {
      const std::string_view content = zip.content(entry);
      EXPECT_TRUE(content == "first" || content.empty() || content == std::string_view("\0\xff", 2));
    }
  };
  for (size_t i = 0; i < kZip.size(); ++i) {
    for (const int flip : {1, 0x80, 0xff}) {
      std::string file = kZip;
      file[i] = static_cast<char>(file[i] ^ flip);
      expect_safe(file);
    }
    expect_safe(kZip.substr(0, i));
    expect_safe(kZip.substr(i));
  }
}

}  // namespace
}  // namespace bernoulli
