#include "infer/deciding_tokens.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.h"
#include "core/random.h"
#include "layers/layer_kind.h"
#include "text/token_rows.h"

namespace bernoulli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Scores = std::vector<std::vector<double>>;  ///< by id, then by label

/// A linear model of which a test says what it adds to a logit for an id.
struct ScoredIds {
  RunConfig config;
  Scores scores;
  layers::ModelPlan plan;

  ScoredIds(const std::string& text_keys, Scores by_id, const std::string& pool = "mean_pool",
            const std::string& head = "")
      : config(config::load_config_text(
                   "data: {train: {path: t.csv}}\ntask: {kind: multi_label, labels: [a, b]}\ntext: {" +
                       text_keys + "}\nmodel: {layers: [{embedding: 2}, " + pool + ", " + head +
                       "{linear: " + std::to_string(by_id.front().size()) +
                       "}]}\noptimizer: {sgd: {lr: 1}}\ntraining: {epochs: 1, monitor: loss}\n",
                   "test.yaml", layers::layer_schemas())
                   .run),
        scores(std::move(by_id)),
        plan(layers::plan_model(config.model, config.text, config.loss.mode,
                                static_cast<int64_t>(scores.size()),
                                static_cast<int64_t>(scores.front().size()))) {}

  std::optional<DecidingTokens> decide(const Vectorizer& vectorizer, const StringRows* texts) const {
    return deciding_tokens(plan, vectorizer, texts, [&](std::span<const int32_t> ids, std::span<float> out) {
      std::fill(out.begin(), out.end(), 0.5f);
      for (const int32_t id : ids) {
        for (size_t label = 0; label < out.size(); ++label)
          out[label] += static_cast<float>(scores[static_cast<size_t>(id)][label]);
      }
    });
  }
};

/// "token score texts", so that a failure can be read.
std::vector<std::string> lines(const std::vector<TokenScore>& tokens) {
  std::vector<std::string> out;
  for (const TokenScore& token : tokens)
    out.push_back(token.token + " " + std::to_string(token.score) + " " + std::to_string(token.texts));
  return out;
}

TEST(DecidingTokens, AreThoseOfThreeTextsByScore) {
  // Of the ids 0 (padding), 1 (unknown), then the words.
  const ScoredIds model("vocabulary: {}", {{9}, {-1}, {2}, {-3}, {1}, {8}});
  const Vectorizer vectorizer(model.config.text, Vocabulary({"good", "bad", "so", "rare"}));
  const StringRows texts(std::vector<std::string>{"good so", "Good good bad", "so good bad", "bad so what",
                                                  "rare what", "rare what", ""});
  const auto tokens = model.decide(vectorizer, &texts);
  ASSERT_TRUE(tokens);
  EXPECT_TRUE(tokens->from_texts);
  EXPECT_TRUE(tokens->divided);
  EXPECT_FALSE(tokens->hashed);
  EXPECT_EQ(tokens->left_out, 0);
  ASSERT_EQ(tokens->labels.size(), 1u);
  EXPECT_THAT(lines(tokens->labels[0].largest), ElementsAre("good 2.000000 3", "so 1.000000 3"));
  EXPECT_THAT(lines(tokens->labels[0].smallest), ElementsAre("bad -3.000000 3", "[UNK] -1.000000 3"));
}

TEST(DecidingTokens, OfTheVocabularyWhereThereAreNoTexts) {
  const ScoredIds model("vocabulary: {}", {{9}, {-9}, {0.5}, {-0.25}}, "sum_pool");
  const Vectorizer vectorizer(model.config.text, Vocabulary({"good", "bad"}));
  const auto tokens = model.decide(vectorizer, nullptr);
  ASSERT_TRUE(tokens);
  EXPECT_FALSE(tokens->from_texts);
  EXPECT_FALSE(tokens->divided);
  EXPECT_THAT(lines(tokens->labels[0].largest), ElementsAre("good 0.500000 0"));
  EXPECT_THAT(lines(tokens->labels[0].smallest), ElementsAre("bad -0.250000 0"));
}

TEST(DecidingTokens, BreakTiesInByteOrderAndStandInOneList) {
  std::vector<std::string> words;
  Scores scores = {{0}, {0}};
  for (int i = 0; i < 40; ++i) {
    words.push_back("w" + std::to_string(99 - i));  // w99 to w60
    scores.push_back({1});
  }
  const ScoredIds model("vocabulary: {}", scores);
  const auto tokens = model.decide(Vectorizer(model.config.text, Vocabulary(words)), nullptr);
  ASSERT_EQ(tokens->labels[0].largest.size(), 15u);
  ASSERT_EQ(tokens->labels[0].smallest.size(), 15u);
  for (int i = 0; i < 15; ++i) {
    EXPECT_EQ(tokens->labels[0].largest[static_cast<size_t>(i)].token, "w" + std::to_string(60 + i));
    EXPECT_EQ(tokens->labels[0].smallest[static_cast<size_t>(i)].token, "w" + std::to_string(75 + i));
  }
}

TEST(DecidingTokens, FewOfThemAreAllShown) {
  const struct {
    size_t size, positive, largest;
  } cases[] = {{4, 1, 1}, {4, 4, 4}, {20, 2, 5}, {20, 18, 15}, {29, 0, 14}};
  for (const auto& [size, positive, largest] : cases) {
    std::vector<std::string> words;
    Scores scores = {{0}, {0}};
    for (size_t i = 0; i < size; ++i) {
      words.push_back("w" + std::to_string(i));
      scores.push_back({i < positive ? 1.0 : -1.0});
    }
    const ScoredIds model("vocabulary: {}", scores);
    const auto tokens = model.decide(Vectorizer(model.config.text, Vocabulary(words)), nullptr);
    EXPECT_EQ(tokens->labels[0].largest.size(), largest) << size << " " << positive;
    EXPECT_EQ(tokens->labels[0].smallest.size(), size - largest) << size << " " << positive;
  }
}

TEST(DecidingTokens, OfBucketsAreNamedByTheTexts) {
  const ScoredIds model("hashing: 1, ngrams: 2", {{0}, {1.5}});
  const Vectorizer vectorizer(model.config.text);
  const StringRows texts(std::vector<std::string>{"b a", "b a b", "a rare", "b a"});
  const auto tokens = model.decide(vectorizer, &texts);
  EXPECT_TRUE(tokens->hashed);
  EXPECT_THAT(lines(tokens->labels[0].largest),
              ElementsAre("a 1.500000 4", "b 1.500000 3", "b a 1.500000 3"));
  EXPECT_THAT(tokens->labels[0].smallest, IsEmpty());
}

/// The same from the tokens of all texts, without a shortcut.
LabelTokens slowly(const Vectorizer& vectorizer, const std::vector<std::string>& texts, const Scores& scores,
                   size_t label) {
  std::map<std::string, TokenScore> all;
  for (const std::string& text : texts) {
    std::vector<int32_t> ids;
    vectorizer.append_ids(text, ids);
    const std::vector<std::string> names = vectorizer.tokens(text);
    std::set<std::string> seen;
    for (size_t i = 0; i < ids.size(); ++i) {
      if (!seen.insert(names[i]).second) continue;
      TokenScore& token = all[names[i]];
      token.token = names[i];
      token.score = scores[static_cast<size_t>(ids[i])][label];
      ++token.texts;
    }
  }
  std::vector<TokenScore> kept;
  for (const auto& [name, token] : all) {
    if (token.texts >= 3) kept.push_back(token);
  }
  LabelTokens tokens;
  std::ranges::stable_sort(kept, std::greater(), &TokenScore::score);
  tokens.largest.assign(kept.begin(), kept.begin() + 15);
  kept.erase(kept.begin(), kept.begin() + 15);
  std::ranges::sort(kept, [](const TokenScore& a, const TokenScore& b) {
    return a.score != b.score ? a.score < b.score : a.token < b.token;
  });
  tokens.smallest.assign(kept.begin(), kept.begin() + 15);
  return tokens;
}

TEST(DecidingTokens, OfManyBucketsAreThoseOfAllTokensSorted) {
  constexpr size_t kWords = 400;
  Random random(5);
  std::vector<std::string> texts;
  for (int text = 0; text < 500; ++text) {
    std::string& words = texts.emplace_back();
    for (int word = 0; word < 20; ++word) {
      const double draw = random.uniform();  // some words are in every text, most in few
      words += "w" + std::to_string(static_cast<size_t>(draw * draw * draw * kWords)) + " ";
    }
  }
  const struct {
    const char* keys;
    size_t num_ids;
    size_t least_without_names;
  } cases[] = {{"hashing: 3000, ngrams: 2", 3001, 200},
               {"hashing: 700, ngrams: [1, 3], sequence_length: 30", 701, 0}};
  for (const auto& [keys, num_ids, least_without_names] : cases) {
    const Vectorizer vectorizer(ScoredIds(keys, Scores(num_ids, {0, 0})).config.text);
    // Scores with ties. Those of buckets that three texts have, but none of their tokens has, are beyond all
    // others: the first buckets that are looked into have nothing to show.
    std::map<int32_t, std::set<size_t>> texts_of_bucket;
    std::map<int32_t, std::map<std::string, std::set<size_t>>> texts_of_token;
    for (size_t text = 0; text < texts.size(); ++text) {
      std::vector<int32_t> ids;
      vectorizer.append_ids(texts[text], ids);
      const std::vector<std::string> names = vectorizer.tokens(texts[text]);
      for (size_t i = 0; i < ids.size(); ++i) {
        texts_of_bucket[ids[i]].insert(text);
        texts_of_token[ids[i]][names[i]].insert(text);
      }
    }
    Scores scores(num_ids, {0, 0});
    size_t without_names = 0;
    for (const auto& [bucket, owners] : texts_of_bucket) {
      const bool is_named = std::ranges::any_of(texts_of_token[bucket],
                                                [](const auto& token) { return token.second.size() >= 3; });
      const double least = owners.size() >= 3 && !is_named ? 1000 : 0;
      without_names += least > 0 ? 1 : 0;
      for (double& score : scores[static_cast<size_t>(bucket)]) {
        score = least + 1 + static_cast<double>(random.below(100));
        if (random.below(2) == 0) score = -score;
      }
    }
    EXPECT_GE(without_names, least_without_names) << "the case is not tried";
    const ScoredIds model(keys, scores);
    const StringRows rows(texts);
    const auto tokens = model.decide(vectorizer, &rows);
    ASSERT_EQ(tokens->labels.size(), 2u);
    for (size_t label = 0; label < 2; ++label) {
      const LabelTokens expected = slowly(vectorizer, texts, scores, label);
      EXPECT_EQ(lines(tokens->labels[label].largest), lines(expected.largest)) << keys << label;
      EXPECT_EQ(lines(tokens->labels[label].smallest), lines(expected.smallest)) << keys << label;
    }
  }
}

TEST(DecidingTokens, OfTheFirstTwelveLabels) {
  const ScoredIds model("vocabulary: {}", Scores(3, std::vector<double>(14, 1)));
  const auto tokens = model.decide(Vectorizer(model.config.text, Vocabulary({"good"})), nullptr);
  EXPECT_EQ(tokens->labels.size(), 12u);
}

TEST(DecidingTokens, AreNoneOfOtherModelsAndOfBucketsWithoutTexts) {
  const ScoredIds hidden("vocabulary: {}", {{0}, {0}, {0}}, "mean_pool", "{linear: 3}, tanh, ");
  EXPECT_FALSE(is_linear_in_tokens(hidden.plan));
  const StringRows texts(std::vector<std::string>{"good", "good", "good"});
  EXPECT_FALSE(hidden.decide(Vectorizer(hidden.config.text, Vocabulary({"good"})), &texts));
  const ScoredIds hashed("hashing: 2", {{0}, {0}, {0}});
  EXPECT_TRUE(is_linear_in_tokens(hashed.plan));
  EXPECT_FALSE(hashed.decide(Vectorizer(hashed.config.text), nullptr));
}

TEST(DecidingTokens, WithoutANumberAreLeftOut) {
  const double nothing = std::numeric_limits<double>::quiet_NaN();
  const ScoredIds model("vocabulary: {}", {{0}, {0}, {nothing}, {1}});
  const auto tokens = model.decide(Vectorizer(model.config.text, Vocabulary({"lost", "good"})), nullptr);
  EXPECT_THAT(lines(tokens->labels[0].largest), ElementsAre("good 1.000000 0"));
  EXPECT_THAT(tokens->labels[0].smallest, IsEmpty());
}

TEST(DecidingTokens, AreNoneWhereNoTokenIsInThreeTexts) {
  const ScoredIds model("vocabulary: {}", {{0}, {0}, {1}});
  const StringRows texts(std::vector<std::string>{"good", "good"});
  const auto tokens = model.decide(Vectorizer(model.config.text, Vocabulary({"good"})), &texts);
  ASSERT_EQ(tokens->labels.size(), 1u);
  EXPECT_THAT(tokens->labels[0].largest, IsEmpty());
  EXPECT_THAT(tokens->labels[0].smallest, IsEmpty());
}

}  // namespace
}  // namespace bernoulli
