// Against Keras itself: golden/vectorizer.json, and the review ids that a recorded run of its tutorial
// prints.
#include <algorithm>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "support/reviews.h"
#include "text/text_config.h"
#include "text/vectorizer.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2)
    bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  return bytes;
}

std::vector<std::string> from_hex(const Json& list) {
  std::vector<std::string> result;
  for (const Json& item : list) result.push_back(from_hex(item.get<std::string>()));
  return result;
}

TextConfig config_of(const Json& golden) {
  TextConfig config;
  for (const Json& step : golden.at("standardize"))
    config.standardize.push_back({step.at("kind").get<std::string>(), step, ""});
  config.split = golden.at("split").get<std::string>();
  config.ngrams = golden.at("ngrams").get<std::vector<int64_t>>();
  if (!golden.at("max_tokens").is_null()) config.max_tokens = golden.at("max_tokens").get<int64_t>();
  config.sequence_length = golden.at("sequence_length").get<int64_t>();
  return config;
}

std::vector<int32_t> padded_row(const TokenRows& rows, int64_t row, int64_t length) {
  std::vector<int32_t> padded(rows.row(row).begin(), rows.row(row).end());
  padded.resize(static_cast<size_t>(length), kPaddingId);
  return padded;
}

TEST(Keras, LearnsTheSameVocabularyAndGivesTheSameIds) {
  const Json cases = Json::parse(read_file(fs::path(BERNOULLI_TEST_SOURCE_DIR) / "golden/vectorizer.json"));
  ASSERT_EQ(cases.size(), 11u);
  for (const Json& golden : cases) {
    SCOPED_TRACE(golden.at("name").get<std::string>());
    const TextConfig config = config_of(golden);
    const Vocabulary vocabulary = learn_vocabulary(config, from_hex(golden.at("train")));
    EXPECT_EQ(vocabulary.tokens(), from_hex(golden.at("tokens")));
    const TokenRows rows = Vectorizer(config, vocabulary).transform(from_hex(golden.at("inputs")));
    for (int64_t i = 0; i < rows.size(); ++i) {
      EXPECT_EQ(padded_row(rows, i, *config.sequence_length),
                golden.at("ids").at(static_cast<size_t>(i)).get<std::vector<int32_t>>())
          << "text " << i;
    }
  }
}

/// numpy.random.RandomState(seed).shuffle: Fisher-Yates from the end, with masked rejection of 32-bit draws.
template <typename T>
void legacy_shuffle(std::vector<T>& items, uint32_t seed) {
  std::mt19937 generator(seed);
  for (uint32_t last = static_cast<uint32_t>(items.size()) - 1; last > 0; --last) {
    uint32_t mask = last;
    for (const uint32_t shift : {1u, 2u, 4u, 8u, 16u}) mask |= mask >> shift;
    uint32_t draw;
    do {
      draw = static_cast<uint32_t>(generator()) & mask;
    } while (draw > last);
    std::swap(items[last], items[draw]);
  }
}

TEST(Keras, GivesTheIdsThatItsTutorialPrintsForARealReview) {
  const auto folder = testing::reviews();
  if (!folder) GTEST_SKIP() << testing::kNoReviews;
  std::vector<fs::path> files = testing::review_files(*folder);
  ASSERT_EQ(files.size(), 25000u);
  legacy_shuffle(files, 42);
  EXPECT_EQ(files[0].filename(), "4932_4.txt");
  std::vector<std::string> texts;
  for (size_t i = 0; i < 20000; ++i) texts.push_back(read_file(files[i]));

  TextConfig config = testing::tutorial_config();
  config.max_tokens = 10000;
  config.sequence_length = 250;
  const Vocabulary vocabulary = learn_vocabulary(config, texts, 2);
  EXPECT_EQ(vocabulary.num_ids(), 10000);
  EXPECT_EQ(vocabulary.tokens()[1287 - 2], "silent");
  EXPECT_EQ(vocabulary.tokens()[313 - 2], "night");

  const Vectorizer vectorizer(config, vocabulary);
  std::vector<int32_t> ids;
  vectorizer.append_ids(texts[0], ids);
  const std::vector<int32_t> begins = {1287, 313, 2380, 313, 661, 7,   2,   52, 229,
                                       5,    2,   200,  3,   38,  170, 669, 29, 5492};
  ASSERT_EQ(ids.size(), 250u);
  EXPECT_EQ(std::vector<int32_t>(ids.begin(), ids.begin() + static_cast<int64_t>(begins.size())), begins);
  EXPECT_THAT(std::vector<int32_t>(ids.end() - 2, ids.end()), ::testing::ElementsAre(93, 1));
  EXPECT_EQ(Vocabulary::parse(vocabulary.to_text(), "vocabulary.txt").tokens(), vocabulary.tokens());
}

}  // namespace
}  // namespace bernoulli
