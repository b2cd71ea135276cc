#include "store/native_index.h"

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

const std::string kWeight(24, 'w'), kBias = "bbbb", kTokens = "one\ntwo";

NativeIndex index_of_both() {
  NativeIndex index;
  index.tensors = {describe(RawTensor{"e.weight", Dtype::kF32, {3, 2}, kWeight}),
                   describe(RawTensor{"l.bias", Dtype::kF32, {1}, kBias})};
  index.tokens = describe(kTokens);
  index.odd_tokens = {"a\nb", "\xff"};
  return index;
}

/// What LibTorch would write: numbered tensors, and the text somewhere in a pickle behind its length.
std::string archive(const std::string& weight, const std::string& tokens = kTokens) {
  const auto behind_its_length = [](const std::string& text) {
    std::string bytes(1, 'X');
    bytes += low_byte_first(text.size(), 4);
    bytes += text;
    return bytes;
  };
  std::string pickle = behind_its_length("another");  // as long as kTokens
  pickle += behind_its_length(tokens);
  return stored_zip(
      {{"archive/data/0", kBias}, {"archive/data/1", weight}, {"archive/data.pkl", pickle + "q."}});
}

template <typename Action>
std::string index_refusal(const Action& action) {
  try {
    action();
  } catch (const ArtifactError& error) {
    return error.what();
  }
  return "found";
}

TEST(NativeIndex, SurvivesJson) {
  const NativeIndex index = index_of_both();
  const NativeIndex read = native_index_from_json(nlohmann::ordered_json::parse(to_json(index).dump()));
  ASSERT_EQ(read.tensors.size(), 2u);
  EXPECT_EQ(read.tensors[0].name, "e.weight");
  EXPECT_EQ(read.tensors[0].dtype, Dtype::kF32);
  EXPECT_EQ(read.tensors[0].shape, (std::vector<int64_t>{3, 2}));
  EXPECT_EQ(read.tensors[0].hash, index.tensors[0].hash);
  EXPECT_EQ(read.tokens->size_bytes, kTokens.size());
  EXPECT_EQ(read.tokens->hash, index.tokens->hash);
  EXPECT_EQ(read.odd_tokens, index.odd_tokens);
  EXPECT_FALSE(native_index_from_json(to_json(NativeIndex{})).tokens.has_value());
}

TEST(NativeIndex, FindsTensorsAndTextByTheirContent) {
  const std::string file = archive(kWeight);
  const ZipReader zip(file, "x.pt");
  const std::vector<RawTensor> tensors = find_tensors(zip, index_of_both());
  ASSERT_EQ(tensors.size(), 2u);
  EXPECT_EQ(tensors[0].name, "e.weight");
  EXPECT_EQ(tensors[0].bytes, kWeight);
  EXPECT_EQ(tensors[1].bytes, kBias);
  EXPECT_EQ(find_text(zip, *index_of_both().tokens), kTokens);
}

TEST(NativeIndex, NamesWhatIsNotThere) {
  const std::string file = archive(std::string(24, 'v'), "one\nTWO");
  const ZipReader zip(file, "x.pt");
  EXPECT_THAT(index_refusal([&] { find_tensors(zip, index_of_both()); }),
              HasSubstr("the numbers of 'e.weight'"));
  EXPECT_THAT(index_refusal([&] { find_text(zip, *index_of_both().tokens); }), HasSubstr("its vocabulary"));
}

TEST(NativeIndex, RefusesShapesThatNoFileHasAndUnknownWords) {
  const std::string file = archive(kWeight);
  const ZipReader zip(file, "x.pt");
  for (const std::vector<int64_t>& shape : std::vector<std::vector<int64_t>>{
           {-3, -2}, {int64_t{1} << 62, 8}, {int64_t{1} << 32, int64_t{1} << 32}}) {
    NativeIndex index = index_of_both();
    index.tensors[0].shape = shape;
    EXPECT_THAT(index_refusal([&] { find_tensors(zip, index); }), HasSubstr("the numbers of 'e.weight'"));
  }
  nlohmann::ordered_json json = to_json(index_of_both());
  json["tensors"]["l.bias"]["dtype"] = "F33";
  EXPECT_THAT(index_refusal([&] { native_index_from_json(json); }), HasSubstr("unknown dtype"));
  json = to_json(index_of_both());
  for (const char* odd : {"0g", "0"}) {
    json["tokens"]["odd"] = {odd};
    EXPECT_THAT(index_refusal([&] { native_index_from_json(json); }), HasSubstr("no hexadecimal"));
  }
  json["format"] = 2;
  EXPECT_THAT(index_refusal([&] { native_index_from_json(json); }), HasSubstr("format 2"));
}

}  // namespace
}  // namespace bernoulli
