#include "infer/self_test.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace bernoulli {
namespace {

using ::testing::Contains;

TEST(SelfTest, SurvivesJsonWithAnyBytesAndEveryBitOfItsNumbers) {
  const SelfTest original{{"plain", "caf\u00E9", std::string("\0", 1), "\xFF\xC3"},
                          {0.1f, 1e-38f, 0.99999994f, 0.5f}};
  const SelfTest read = self_test_from_json(nlohmann::ordered_json::parse(to_json(original).dump()), "m.pt");
  EXPECT_EQ(read.texts, original.texts);
  EXPECT_EQ(read.probabilities, original.probabilities);
}

TEST(SelfTest, RefusesDamagedBytes) {
  for (const std::string hex : {"zz", "0", "ff0", "FF", "0 ", "+1"}) {
    const nlohmann::ordered_json json = {{"texts", {"plain", {{"hex", hex}}}},
                                         {"probabilities", {{0.5}, {0.5}}}};
    try {
      self_test_from_json(json, "m.pt");
      FAIL() << hex;
    } catch (const ArtifactError& error) {
      EXPECT_EQ(std::string(error.what()),
                "the self-test of 'm.pt' is damaged: '" + hex + "' are no hexadecimal digits of bytes");
    }
  }
}

TEST(SelfTest, HasOneRowOfProbabilitiesAText) {
  EXPECT_EQ(to_json(SelfTest{{"a", "b"}, {0.25f, 0.5f, 0.75f, 1}}).dump(),
            R"({"texts":["a","b"],"probabilities":[[0.25,0.5],[0.75,1.0]]})");
}

TEST(SelfTest, AsksForEmptyTextsBrokenBytesAndWordsOfTheVocabulary) {
  const std::vector<std::string> texts = self_test_texts(Vectorizer({}, Vocabulary({"only"})));
  EXPECT_THAT(texts, Contains(""));
  EXPECT_THAT(texts, Contains("only "));
  EXPECT_EQ(texts, self_test_texts(Vectorizer({}, Vocabulary({"only"}))));
  TextConfig hashing;
  hashing.hash_buckets = 10;
  EXPECT_GE(self_test_texts(Vectorizer(hashing)).size(), 10u);
  EXPECT_GE(self_test_texts(Vectorizer({}, Vocabulary())).size(), 10u);
}

TEST(SelfTest, AsksForMoreWordsThanARowHolds) {
  TextConfig config;
  config.sequence_length = 700;
  const Vectorizer vectorizer(config, Vocabulary({"good", "bad"}));
  std::vector<std::string> texts = self_test_texts(vectorizer);
  EXPECT_TRUE(std::ranges::any_of(
      texts, [](const std::string& text) { return std::ranges::count(text, ' ') > 700; }));
}

TEST(SelfTest, ForgivesWhatTheOrderOfASumMayDoAndNoMore) {
  const std::string long_text(1 << 12, 'x');  // 2^12 terms: 2^-12
  const SelfTest test{{"short", long_text}, {0.5f, 0.5f}};
  const auto fault = [&](float first, float second) {
    return self_test_fault(test, std::vector<float>{first, second});
  };
  EXPECT_EQ(fault(0.500001f, 0.5002f), "");
  EXPECT_EQ(fault(0.500002f, 0.5f), "text 0 has probability 0.500002, the file was written with 0.5");
  EXPECT_EQ(fault(0.5f, 0.4997f), "text 1 has probability 0.4997, the file was written with 0.5");
  EXPECT_NE(fault(std::nanf(""), 0.5f), "");
  EXPECT_NE(self_test_fault(test, std::vector<float>{0.5f}), "");
  EXPECT_GT(self_test_tolerance("short", 1e-3), 1e-3) << "where float32 loses digits of the logits";
}

TEST(SelfTest, TakesTheTolerancesOfTheFile) {
  const SelfTest test{{"a", "b"}, {0.5f, 0.5f}, {1e-3, 1e-6}};
  const SelfTest read = self_test_from_json(to_json(test), "m.pt");
  EXPECT_EQ(read.tolerances, test.tolerances);
  EXPECT_EQ(self_test_fault(read, std::vector<float>{0.5009f, 0.5f}), "");
  EXPECT_NE(self_test_fault(read, std::vector<float>{0.5011f, 0.5f}), "");
  EXPECT_NE(self_test_fault(read, std::vector<float>{0.5f, 0.5009f}), "");
  nlohmann::ordered_json short_of_one = to_json(test);
  short_of_one["tolerances"] = {1e-3};
  EXPECT_THROW(self_test_from_json(short_of_one, "m.pt"), ArtifactError);
}

}  // namespace
}  // namespace bernoulli
