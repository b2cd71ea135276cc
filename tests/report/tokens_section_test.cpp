#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/report_fixture.h"
#include "report/run_page.h"
#include "report/sections.h"

namespace bernoulli {
namespace {

using report::Json;
using ::testing::HasSubstr;
using ::testing::Not;

DecidingTokens two_tokens() {
  DecidingTokens tokens;
  tokens.from_texts = true;
  tokens.labels = {
      {.largest = {{"fine", 2.5, 1234}, {"a film", 0.00123456, 3}}, .smallest = {{"dull", -3, 4}}}};
  return tokens;
}

TEST(TokensSection, IsEmptyForOtherModels) {
  testing::MadeUpRun run;
  EXPECT_EQ(report::tokens_section(run.report()), "");
  EXPECT_THAT(report::run_page(run.report()), Not(HasSubstr("Tokens that decide")));
}

TEST(TokensSection, SetsTheLargestAndTheSmallestScoresSideBySide) {
  testing::MadeUpRun run;
  run.answer({1, 0}, {1, -1});
  run.report().tokens = two_tokens();
  const std::string section = report::tokens_section(run.report());
  EXPECT_THAT(section, HasSubstr("<h3>good</h3>"));
  EXPECT_THAT(section, HasSubstr("<th class=\"l\">largest</th><th>score</th><th>texts</th>"
                                 "<th class=\"l\">smallest</th><th>score</th><th>texts</th>"));
  EXPECT_THAT(section,
              HasSubstr("<tr><td class=\"l\"><code dir=\"auto\">fine</code></td><td>+2.5</td><td>1,234</td>"
                        "<td class=\"l\"><code dir=\"auto\">dull</code></td><td>-3</td><td>4</td></tr>"));
  EXPECT_THAT(section, HasSubstr("a film</code></td><td>+0.001235</td><td>3</td>"
                                 "<td class=\"l\"></td><td></td><td></td></tr>"));
  EXPECT_THAT(section, HasSubstr("that at least 3 of the test texts have"));
  EXPECT_THAT(section, HasSubstr("In a text a score counts each time that its token occurs."));
  EXPECT_THAT(section, Not(HasSubstr("undivided")));
  EXPECT_THAT(section, Not(HasSubstr("bucket")));
  EXPECT_THAT(section, Not(HasSubstr("left out")));
  const std::string page = report::run_page(run.report());
  EXPECT_LT(page.find("<h2>Worst errors</h2>"), page.find("<h2>Tokens that decide</h2>"));
  EXPECT_LT(page.find("<h2>Tokens that decide</h2>"), page.find("<h2>All metrics</h2>"));
}

TEST(TokensSection, SaysWhatAScoreIs) {
  testing::MadeUpRun run;
  DecidingTokens tokens = two_tokens();
  tokens.divided = tokens.hashed = true;
  tokens.left_out = 12345;
  run.report().tokens = tokens;
  const std::string section = report::tokens_section(run.report());
  EXPECT_THAT(section, HasSubstr("divided by the number of tokens of the text; here it stands undivided."));
  EXPECT_THAT(section, HasSubstr("Tokens that share a hash bucket share its score."));
  EXPECT_THAT(section, HasSubstr("12,345 buckets were left out"));

  tokens = two_tokens();
  tokens.from_texts = false;
  run.report().tokens = tokens;
  const std::string of_vocabulary = report::tokens_section(run.report());
  EXPECT_THAT(of_vocabulary, HasSubstr("scores of the vocabulary: no texts were read."));
  EXPECT_THAT(of_vocabulary,
              HasSubstr("<th class=\"l\">largest</th><th>score</th><th class=\"l\">smallest</th>"
                        "<th>score</th></tr>"));
  EXPECT_THAT(of_vocabulary, HasSubstr("fine</code></td><td>+2.5</td><td class=\"l\">"));
}

TEST(TokensSection, IsSafeFromWhatStandsInTokens) {
  testing::MadeUpRun run({"bad", "<b>good"});
  DecidingTokens tokens;
  tokens.labels = {{.largest = {{"<script>&\"'", 5, 3},
                                {"\n\t\x01\xff", 4, 3},
                                {" ", 3, 3},
                                {" a ", 2, 3},
                                {std::string(39, 'x') + "\u00e9" + std::string(1'000'000, 'y'), 1, 3}},
                    .smallest = {{"", -1, 3}}}};
  run.report().tokens = tokens;
  const std::string section = report::tokens_section(run.report());
  EXPECT_THAT(section, HasSubstr("<h3>&lt;b&gt;good</h3>"));
  EXPECT_THAT(section, HasSubstr(">&lt;script&gt;&amp;&quot;&#39;</code>"));
  EXPECT_THAT(section, HasSubstr(">\\x0a\\x09\\x01\\xff</code>"));
  EXPECT_THAT(section, HasSubstr(">\\x20</code>"));
  EXPECT_THAT(section, HasSubstr(">\\x20a\\x20</code>"));
  EXPECT_THAT(section, HasSubstr(std::string(39, 'x') + "\u00e9…</code>"));
  EXPECT_LT(section.size(), 3'000u);
  for (const char* raw : {"<script", "<b>", "\xff", "\x01"}) EXPECT_THAT(section, Not(HasSubstr(raw)));
}

TEST(TokensSection, FoldsLabelsAndNamesThoseThatAreLeftOut) {
  std::vector<std::string> labels;
  for (int i = 0; i < 120; ++i) labels.push_back("<tag" + std::to_string(i) + ">");
  testing::MadeUpRun run(labels, TaskConfig::Kind::kMultiLabel);
  DecidingTokens tokens;
  tokens.labels.assign(12, two_tokens().labels.front());
  tokens.labels[1] = {};
  run.report().tokens = tokens;
  const std::string section = report::tokens_section(run.report());
  EXPECT_THAT(section, HasSubstr("its logit of the label less that of an empty text"));
  EXPECT_THAT(section, HasSubstr("<details open><summary>&lt;tag0&gt;</summary>"));
  EXPECT_THAT(section, HasSubstr("<summary>&lt;tag1&gt;</summary><p>None.</p>"));
  EXPECT_THAT(section, HasSubstr("<details><summary>&lt;tag11&gt;</summary>"));
  EXPECT_THAT(section, HasSubstr("<summary>Left out: the other 108 labels</summary><p>&lt;tag12&gt;, "));
  EXPECT_THAT(section, HasSubstr("&lt;tag111&gt; and 8 more</p>"));
  EXPECT_THAT(section, Not(HasSubstr("tag112")));
}

TEST(TokensSection, HasTheSameAsJson) {
  testing::MadeUpRun run;
  DecidingTokens tokens = two_tokens();
  tokens.labels[0].smallest.push_back({"bad", -1, 7});
  run.report().tokens = tokens;
  EXPECT_EQ(
      report::tokens_json(run.report()).dump(),
      R"({"good":[{"token":"fine","score":2.5,"texts":1234},{"token":"a film","score":0.00123456,"texts":3},)"
      R"({"token":"bad","score":-1.0,"texts":7},{"token":"dull","score":-3.0,"texts":4}]})");
  run.report().tokens->from_texts = false;
  run.report().tokens->labels[0].largest.clear();
  run.report().tokens->labels[0].smallest = {{"dull", -std::numeric_limits<double>::infinity(), 0}};
  EXPECT_EQ(report::tokens_json(run.report()).dump(),
            R"({"good":[{"token":"dull","score":null,"texts":null}]})");
}

}  // namespace
}  // namespace bernoulli
