#include "sweep/axis.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace bernoulli::sweep {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::vector<std::string> values_of(const std::string& word) {
  return parse_axes({word}, {}, false).at(0).values;
}

std::string refusal(const std::vector<std::string>& words, const std::vector<std::string>& overrides = {},
                    bool random = false) {
  try {
    parse_axes(words, overrides, random);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Axis, EndsItsKeyAtTheFirstEqualsSign) {
  const Axis axis = parse_axes({"model.layers[2].linear.units=16,32"}, {}, false).at(0);
  EXPECT_EQ(axis.key, "model.layers[2].linear.units");
  EXPECT_THAT(axis.values, ElementsAre("16", "32"));
  EXPECT_EQ(axis.text(), "model.layers[2].linear.units=16,32");
  EXPECT_THAT(values_of("text.split=a=b,c"), ElementsAre("a=b", "c"));
}

TEST(Axis, SplitsAtCommasOutsideBracketsAndQuotes) {
  EXPECT_THAT(values_of("k=[1, 2],{a: [3, 4], b: 5}, 6"), ElementsAre("[1, 2]", "{a: [3, 4], b: 5}", "6"));
  EXPECT_THAT(values_of(R"(k="a,b",'c,''d,',e)"), ElementsAre(R"("a,b")", "'c,''d,'", "e"));
  EXPECT_THAT(values_of(R"(k="a\",b",c)"), ElementsAre(R"("a\",b")", "c"));
  EXPECT_THAT(values_of("k={a: ',]'},b"), ElementsAre("{a: ',]'}", "b"));
}

TEST(Axis, TakesAQuoteInsideAWordAsALetter) {
  EXPECT_THAT(values_of("k=don't,can't"), ElementsAre("don't", "can't"));
}

TEST(Axis, RefusesWhatHasNoValue) {
  EXPECT_THAT(refusal({"k="}), StartsWith("k=: a value is empty"));
  EXPECT_THAT(refusal({"k=1,,2"}), HasSubstr("a value is empty"));
  EXPECT_THAT(refusal({"k=1,"}), HasSubstr("a value is empty"));
  EXPECT_THAT(refusal({"=1,2"}), HasSubstr("has no key before its '='"));
}

TEST(Axis, RefusesBracketsAndQuotesThatDoNotMatch) {
  for (const char* word : {"k=[1,2", "k=1],2", "k=[1},2", "k='a,b", "k=\"a\\\",b"})
    EXPECT_THAT(refusal({word}), HasSubstr("brackets or quotes do not match")) << word;
}

TEST(Axis, RefusesAValueGivenTwice) { EXPECT_THAT(refusal({"k=1,2,1"}), HasSubstr("1 is given twice")); }

TEST(Axis, RefusesKeysThatOverwriteOneAnother) {
  EXPECT_THAT(refusal({"a.b=1,2", "a.b=3"}), HasSubstr("a.b=3: the key a.b has an axis already"));
  EXPECT_THAT(refusal({"a.b=1,2", "a={b: 3}"}), HasSubstr("it and the axis a.b=1,2 set the same keys"));
  EXPECT_THAT(refusal({"a.b=1,2", "a.b[0].c=3"}), HasSubstr("set the same keys"));
  EXPECT_THAT(refusal({"a.b=1,2"}, {"a.b=3"}), HasSubstr("it would overwrite --set a.b=3"));
  EXPECT_THAT(refusal({"a={b: 1},{b: 2}"}, {"a.b=3"}), HasSubstr("it would overwrite --set a.b=3"));
  EXPECT_EQ(refusal({"a.b=1,2", "a.bc=3"}, {"a={c: 1}"}), "accepted");
}

TEST(Axis, TellsEveryFaultOfEveryWord) {
  EXPECT_THAT(refusal({"a=", "b=[1", "c=1,2"}),
              AllOf(HasSubstr("a=: a value is empty"), HasSubstr("\nb=[1: its brackets or quotes")));
}

TEST(Axis, IsARangeForDrawsOnly) {
  const Axis axis = parse_axes({"lr=log:1e-4..1e-1"}, {}, true).at(0);
  ASSERT_TRUE(axis.range);
  EXPECT_EQ(axis.range->low, 1e-4);
  EXPECT_EQ(axis.range->high, 1e-1);
  EXPECT_TRUE(axis.range->logarithmic);
  EXPECT_FALSE(axis.range->whole);
  EXPECT_TRUE(parse_axes({"n=-3..12"}, {}, true).at(0).range->whole);
  EXPECT_FALSE(parse_axes({"n=1..2.5"}, {}, true).at(0).range->whole);
  EXPECT_FALSE(parse_axes({"path=../a,../b"}, {}, true).at(0).range);
  EXPECT_THAT(refusal({"n=1..5"}), HasSubstr("1..5 is a range, of which only --random N draws"));
  EXPECT_THAT(refusal({"n=7,1..5"}, {}, true), HasSubstr("the range 1..5 stands among other values"));
  EXPECT_THAT(refusal({"n=5..5"}, {}, true), HasSubstr("the range 5..5 is empty"));
  EXPECT_THAT(refusal({"n=log:0..5"}, {}, true), HasSubstr("has no logarithm"));
}

TEST(Range, DrawsWholeNumbersWithBothEndsAndEachAsOften) {
  const Range range = *parse_range("3..6");
  std::vector<int> counts(7);
  Random random(1);
  for (int i = 0; i < 40'000; ++i) ++counts.at(static_cast<size_t>(std::stoi(range.draw(random))));
  for (int value = 3; value <= 6; ++value)
    EXPECT_NEAR(counts[static_cast<size_t>(value)], 10'000, 400) << value;  // 4.6 standard deviations
}

TEST(Range, DrawsNumbersInsideWithAtMostSixDigits) {
  Random random(1);
  const Range range = *parse_range("0.25..0.75");
  double sum = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::string text = range.draw(random);
    EXPECT_LE(text.size(), std::string("0.123456").size());
    const double value = std::stod(text);
    EXPECT_GE(value, 0.25);
    EXPECT_LE(value, 0.75);
    sum += value;
  }
  EXPECT_NEAR(sum / 10'000, 0.5, 0.006);  // 4 standard deviations of the mean, 0.5 / sqrt(12 * 10000)
}

TEST(Range, DrawsEveryDecadeOfALogarithmicOneAsOften) {
  Random random(1);
  const Range range = *parse_range("log:1e-4..1e-1");
  int below = 0, above = 0;
  for (int i = 0; i < 30'000; ++i) {
    const double value = std::stod(range.draw(random));
    EXPECT_GE(value, 1e-4);
    EXPECT_LE(value, 1e-1);
    below += value < 1e-3 ? 1 : 0;
    above += value > 1e-2 ? 1 : 0;
  }
  EXPECT_NEAR(below, 10'000, 350);
  EXPECT_NEAR(above, 10'000, 350);
  std::set<std::string> whole;
  for (int i = 0; i < 1000; ++i) whole.insert(parse_range("log:1..4")->draw(random));
  EXPECT_THAT(whole, ElementsAre("1", "2", "3", "4"));
}

TEST(Range, StaysInsideWhereSixDigitsWouldLeaveIt) {
  Random random(1);
  const Range range = *parse_range("1.00000001..1.00000002");
  for (int i = 0; i < 100; ++i) {
    const double value = std::stod(range.draw(random));
    EXPECT_GE(value, 1.00000001);
    EXPECT_LE(value, 1.00000002);
  }
}

}  // namespace
}  // namespace bernoulli::sweep
