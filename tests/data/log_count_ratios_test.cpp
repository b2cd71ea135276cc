// scikit-learn's figures: golden/naive_bayes.json and the script beside it.

#include "data/log_count_ratios.h"

#include <algorithm>
#include <cmath>
#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace bernoulli {
namespace {

using Json = nlohmann::json;

EncodedDataset data_of(const std::vector<std::vector<int32_t>>& texts, std::vector<float> targets,
                       int64_t num_labels, std::vector<float> weights = {}) {
  EncodedDataset data;
  TokenRows rows;
  for (const std::vector<int32_t>& text : texts) {
    rows.ids.insert(rows.ids.end(), text.begin(), text.end());
    rows.end_row();
  }
  data.rows = std::move(rows);
  data.targets = std::move(targets);
  data.weights = std::move(weights);
  data.num_labels = num_labels;
  return data;
}

TEST(LogCountRatios, AreThoseOfScikitLearnsMultinomialNaiveBayes) {
  std::ifstream file(BERNOULLI_TEST_SOURCE_DIR "/golden/naive_bayes.json");
  const Json golden = Json::parse(file)["cases"];
  ASSERT_EQ(golden.size(), 3u);
  for (const Json& one : golden) {
    std::vector<float> targets;
    for (const Json& row : one["targets"])
      for (const Json& target : row) targets.push_back(target.get<float>());
    const auto labels = static_cast<int64_t>(one["log_odds"].size());
    auto texts = one["texts"].get<std::vector<std::vector<int32_t>>>();
    if (!one["length"].is_null()) {  // as Vectorizer cuts them
      for (auto& text : texts) text.resize(std::min(text.size(), one["length"].get<size_t>()));
    }
    const EncodedDataset data = data_of(texts, targets, labels, one["weights"]);
    const LogCountRatios got = log_count_ratios(data, one["num_ids"], one["alpha"]);
    ASSERT_EQ(got.ratios.size(), one["num_ids"].get<size_t>() * static_cast<size_t>(labels));
    size_t at = 0;
    for (const Json& row : one["ratios"])
      for (const Json& ratio : row) EXPECT_NEAR(got.ratios[at++], ratio.get<double>(), 1e-6);
    for (size_t label = 0; label < got.log_odds.size(); ++label)
      EXPECT_NEAR(got.log_odds[label], one["log_odds"][label].get<double>(), 1e-6);
  }
}

TEST(LogCountRatios, CountATokenOnceATextAndNothingForPadding) {
  // Id 1 is in the text with the label, thrice; id 2 in the other: p = (2, 1, 1), q = (1, 2, 1).
  const LogCountRatios got = log_count_ratios(data_of({{1, 1, 1}, {2}}, {1, 0}, 1), 4, 1.0);
  const float log2 = std::log(2.0f);
  EXPECT_EQ(got.ratios, (std::vector<float>{0, log2, -log2, 0}));
  EXPECT_EQ(got.log_odds, std::vector<float>{0});
}

TEST(LogCountRatios, StayFiniteForALabelThatNoTextOrEveryTextHas) {
  const LogCountRatios got = log_count_ratios(data_of({{1}, {1, 2}}, {0, 1, 0, 1}, 2), 3, 0.5);
  for (const float ratio : got.ratios) EXPECT_TRUE(std::isfinite(ratio)) << ratio;
  EXPECT_FLOAT_EQ(got.log_odds[0], -std::log(5.0f));
  EXPECT_FLOAT_EQ(got.log_odds[1], std::log(5.0f));
}

}  // namespace
}  // namespace bernoulli
