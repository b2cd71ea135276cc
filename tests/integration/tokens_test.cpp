// "Tokens that decide" of the page of a run, against `predict --explain`.

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/end_to_end_fixture.h"

namespace bernoulli::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

class TokensThatDecide : public EndToEnd {
 protected:
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  void train(const std::string& text_keys, const std::string& pool) const {
    folder_.write("config.yaml", R"(
data:
  train: {path: data.csv}
  validation: {from: train, fraction: 0.2, method: stratified, seed: 3}
  test: {from: train, fraction: 0.2, method: stratified, seed: 3}
task: {kind: binary, positive: good}
text: {)" + text_keys + R"(}
model:
  layers: [{embedding: 8}, )" + pool +
                                     R"(, {linear: 1}]
optimizer: {adam: {lr: 0.05}}
training: {epochs: 4, batch_size: 8, seed: 5}
metrics: {temperature: min_log_loss}
)");
    const ProgramResult trained = run(train_words("run"));
    ASSERT_EQ(trained.exit_code, 0) << trained.err;
  }
  Json report() const {
    const ProgramResult made = run({"report", path("run"), "--output", path("again.html"), "--json"});
    EXPECT_EQ(made.exit_code, 0) << made.err;
    return Json::parse(made.out)["runs"][0];
  }
  /// What --explain says of a text that is the token: its share, times the number of tokens of the text, of
  /// which an n-gram is the last.
  double score_of(const std::string& token, bool is_mean) const {
    const std::string text = token == "[UNK]" ? "unheard" : token;
    const ProgramResult answer = run({"predict", path("run"), "--text", text, "--explain"});
    EXPECT_EQ(answer.exit_code, 0) << answer.err;
    const Json tokens = Json::parse(answer.out)["tokens"];
    EXPECT_EQ(tokens.back()[0], token == "[UNK]" ? "[UNK: unheard]" : token);
    return tokens.back()[1].get<double>() * (is_mean ? static_cast<double>(tokens.size()) : 1.0);
  }
  std::string section(const std::string& page) const {
    const std::string html = folder_.read(page);
    const size_t begin = html.find("<h2>Tokens that decide</h2>");
    EXPECT_NE(begin, std::string::npos) << page;
    return begin == std::string::npos ? "" : html.substr(begin, html.find("<h2>All metrics</h2>") - begin);
  }
};

TEST_F(TokensThatDecide, HaveTheScoresOfTextsOfOneToken) {
  const struct {
    const char *text, *pool;
    bool is_mean, is_hashed;
  } cases[] = {{"vocabulary: {}, ngrams: 2", "mean_pool", true, false},
               {"hashing: 12, ngrams: 2", "sum_pool", false, true}};
  for (const auto& one : cases) {
    SCOPED_TRACE(one.text);
    fs::remove_all(folder_ / "run");
    train(one.text, one.pool);
    const Json tokens = report()["tokens"]["good"];
    ASSERT_GE(tokens.size(), 7u);
    std::vector<std::string> names;
    for (size_t i = 0; i < tokens.size(); ++i) {
      const auto& name = names.emplace_back(tokens[i]["token"].get<std::string>());
      const auto score = tokens[i]["score"].get<double>();
      EXPECT_DOUBLE_EQ(score, score_of(name, one.is_mean)) << name;
      if (i > 0) {
        EXPECT_LE(score, tokens[i - 1]["score"].get<double>());
      }
      EXPECT_GE(tokens[i]["texts"].get<int>(), 3);
      if (name == "film") {
        EXPECT_EQ(tokens[i]["texts"], 20);
      }
      if (name == "fine" || name == "dull" || name == "dull flat") {
        EXPECT_EQ(tokens[i]["texts"], 10);
      }
    }
    for (const char* name : {"film", "fine", "dull", "dull flat"}) EXPECT_THAT(names, Contains(name));
    // Numbers, of which every text has its own, are unknown where there is a vocabulary.
    if (one.is_hashed) {
      EXPECT_THAT(names, Not(Contains("[UNK]")));
    } else {
      EXPECT_THAT(names, Contains("[UNK]"));
    }
    const std::string page = section("run/report.html");
    EXPECT_EQ(section("again.html"), page);
    EXPECT_THAT(page, HasSubstr("<h3>good</h3>"));
    EXPECT_EQ(page.find("share a hash bucket") != std::string::npos, one.is_hashed);
    EXPECT_EQ(page.find("undivided") != std::string::npos, one.is_mean);
  }
}

TEST_F(TokensThatDecide, AreThoseOfTheVocabularyWhereTheDataAreGone) {
  train("vocabulary: {}", "mean_pool");
  fs::rename(folder_ / "data.csv", folder_ / "elsewhere.csv");
  const Json json = report();
  EXPECT_TRUE(json.contains("no_answers_because"));
  const Json& tokens = json["tokens"]["good"];
  EXPECT_EQ(tokens.size(), 30u) << "the vocabulary has numbers, too";
  for (const Json& token : tokens) {
    EXPECT_TRUE(token["texts"].is_null());
    EXPECT_NE(token["token"], "[UNK]");
  }
  const std::string first = tokens[0]["token"];
  EXPECT_DOUBLE_EQ(tokens[0]["score"].get<double>(), score_of(first, true));
  EXPECT_THAT(section("again.html"), HasSubstr("no texts were read"));
}

TEST_F(TokensThatDecide, AreNoneOfAModelWithHiddenLayers) {
  train("vocabulary: {}", "mean_pool, {linear: 4}, relu");
  EXPECT_FALSE(report().contains("tokens"));
  for (const char* page : {"run/report.html", "again.html"})
    EXPECT_THAT(folder_.read(page), Not(HasSubstr("Tokens that decide")));
}

}  // namespace
}  // namespace bernoulli::testing
