#include "report/comparison.h"

#include <cmath>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/report_fixture.h"

namespace bernoulli::report {
namespace {

using bernoulli::testing::MadeUpRun;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

Json figures(double accuracy, double loss) {
  return {{"num_examples", 4},
          {"threshold", 0.5},
          {"metrics", {{"loss", loss}, {"log_loss", loss}, {"accuracy", accuracy}, {"f1", nullptr}}},
          {"undefined", {{"f1", "no positive"}}}};
}

/// Two runs on the same four examples: the first has two wrong, the second none.
class Comparison : public ::testing::Test {
 protected:
  Comparison() {
    prepare(first_, "first", {3, 2, -1, -2}, figures(0.5, 0.75));
    prepare(second_, "second", {3, -2, 1, -2}, figures(1, 0.875));
  }

  static void prepare(MadeUpRun& run, const std::string& name, std::vector<float> logits, const Json& test) {
    run.answer({1, 0, 1, 0}, std::move(logits)).finish({{"test", test}});
    run.log("train", 1, {{"loss", 0.5}}).log("validation", 1, {{"loss", 0.25}, {"accuracy", 0.75}});
    run.record().name = name;
    run.record().data = {{"labels", {{"names", {"bad", "good"}}}},
                         {"test", {{"examples", 4}, {"fingerprint", "0123"}}},
                         {"also_in_train", Json::object()}};
  }
  /// @param fingerprint  with the weights
  static void weigh(MadeUpRun& run, const std::vector<float>& weights, const std::string& fingerprint) {
    run.report().answers->predictions.weights = weights;
    run.record().data["test"] = {
        {"examples", 4}, {"fingerprint", fingerprint}, {"unweighted_fingerprint", "0123"}};
  }
  std::vector<RunReport> runs() { return {first_.report(), second_.report()}; }
  std::string page(const std::vector<config::Difference>& settings = {}) {
    return comparison_page(runs(), compare_with_first(runs()), settings);
  }

  MadeUpRun first_, second_;
};

TEST_F(Comparison, TestsTheSameExamples) {
  const auto comparisons = compare_with_first(runs());
  ASSERT_EQ(comparisons.size(), 1u);
  EXPECT_EQ(comparisons[0].result->only_second_right, 2);
  EXPECT_EQ(comparisons[0].result->mcnemar_p, 0.5);
  EXPECT_THAT(statement(first_.report(), second_.report(), comparisons[0]),
              HasSubstr("second against first, 4 test examples: right +0.5000 (McNemar p = 0.5; 2 only here, "
                        "0 only there); "
                        "f1 +0.5000 ("));
  const Json json = to_json(comparisons[0]);
  EXPECT_EQ(json["only_this_right"], 2);
  EXPECT_EQ(json["differences"]["f1"]["difference"], 0.5);
  EXPECT_THAT(
      page(),
      HasSubstr("<td class=\"l\">second</td><td>4</td><td>2</td><td>0</td><td>+0.5000</td><td>0.5</td>"));
}

TEST_F(Comparison, CallsNoIntervalOfFewAnswersMoreThanChance) {
  for (const size_t pairs : {10u, 25u}) {
    std::vector<float> targets, wrong, right;
    for (size_t i = 0; i < pairs; ++i) {
      targets.insert(targets.end(), {1, 0});
      wrong.insert(wrong.end(), {i % 2 == 0 ? 2.0f : -2.0f, i % 2 == 0 ? -2.0f : 2.0f});
      right.insert(right.end(), {2, -2});
    }
    first_.answer(targets, wrong);
    second_.answer(targets, right);
    if (pairs == 10) {
      EXPECT_THAT(page(), HasSubstr("With 10 answers of the rarer kind the intervals are too narrow"));
      EXPECT_THAT(page(), Not(HasSubstr("<b>+")));
    } else {
      EXPECT_THAT(page(), Not(HasSubstr("are too narrow")));
      EXPECT_THAT(page(), HasSubstr("<b>+0."));
    }
  }
}

TEST_F(Comparison, DoesNotTestAnswersThatAreNotNumbers) {
  prepare(second_, "second", {3, std::nanf(""), 1, -2}, figures(1, 0.875));
  const auto comparisons = compare_with_first(runs());
  EXPECT_FALSE(comparisons[0].result);
  EXPECT_THAT(statement(first_.report(), second_.report(), comparisons[0]),
              HasSubstr("not tested, for in the answers of second 1 of 4 logits are not a number"));
}

TEST_F(Comparison, DoesNotTestOtherExamples) {
  second_.record().data["test"]["fingerprint"] = "4567";
  const auto comparisons = compare_with_first(runs());
  EXPECT_FALSE(comparisons[0].result);
  EXPECT_THAT(
      page(),
      HasSubstr("second is not tested against first, for they were not evaluated on the same examples"));
  EXPECT_THAT(page(), HasSubstr("The runs do not have the same examples here"));
  EXPECT_THAT(page(), Not(HasSubstr("★")));
  EXPECT_THAT(to_json(comparisons[0])["not_compared_because"], HasSubstr("other fingerprints"));
}

TEST_F(Comparison, SaysThatTheAccuracyOfWeightedExamplesIsUnweighted) {
  EXPECT_THAT(page(), Not(HasSubstr("unweighted")));
  const std::vector<float> weights = {1, 2, 3, 4};
  weigh(first_, weights, "0123");
  weigh(second_, weights, "0123");
  const auto comparisons = compare_with_first(runs());
  EXPECT_THAT(statement(first_.report(), second_.report(), comparisons[0]),
              AllOf(HasSubstr("right +0.5000 unweighted (McNemar"), Not(HasSubstr("counts once here"))));
  EXPECT_EQ(to_json(comparisons[0])["weights_differ"], false);
  // Weighted, the first has one positive of weight 1 right, one of 3 wrong, one negative of 2 wrong.
  EXPECT_NEAR(*comparisons[0].result->differences[0].difference, 1 - 2.0 / 7, 1e-12);
  EXPECT_THAT(page(), AllOf(HasSubstr("<th>accuracy, unweighted</th>"),
                            HasSubstr("count each example once whatever its weight"),
                            HasSubstr("f1 and roc_auc are weighted.</p>"), HasSubstr("★")));
}

TEST_F(Comparison, TestsTheSameExamplesOfOtherWeightsWithoutThem) {
  MadeUpRun third;
  prepare(third, "third", {3, -2, 1, -2}, figures(1, 0.875));
  const std::vector<float> some = {1, 2, 3, 4}, others = {4, 3, 2, 1};
  weigh(first_, some, "89ab");
  weigh(second_, others, "cdef");
  weigh(third, some, "89ab");
  std::vector<RunReport> all = {first_.report(), second_.report(), third.report()};
  const auto comparisons = compare_with_first(all);
  EXPECT_TRUE(comparisons[0].weights_differ);
  EXPECT_EQ(comparisons[0].result->only_second_right, 2);
  EXPECT_EQ(comparisons[0].result->differences[0].difference, 0.5) << "as without weights";
  EXPECT_FALSE(comparisons[1].weights_differ);
  EXPECT_NEAR(*comparisons[1].result->differences[0].difference, 1 - 2.0 / 7, 1e-12);
  EXPECT_THAT(
      statement(all[0], all[1], comparisons[0]),
      EndsWith("; the weights of the examples are not the same in both, and each example counts once here"));
  EXPECT_EQ(to_json(comparisons[0])["weights_differ"], true);
  const std::string text = comparison_page(all, comparisons, {});
  EXPECT_THAT(text, HasSubstr("count no weight either for second, whose weights are not those of first."));
  EXPECT_THAT(text, HasSubstr("The runs weigh the same examples differently here"));
  EXPECT_THAT(text, Not(HasSubstr("★")));
  // A run without weights beside one with them; its fingerprint is that of the examples alone.
  all = {second_.report(), third.report()};
  all[0].answers->predictions.weights = {};
  all[0].record.data["test"] = {{"examples", 4}, {"fingerprint", "0123"}};
  EXPECT_TRUE(compare_with_first(all)[0].weights_differ);
  // That of an earlier version tells nothing but itself.
  all[1].record.data["test"].erase("unweighted_fingerprint");
  EXPECT_THAT(compare_with_first(all)[0].not_compared_because, HasSubstr("not evaluated on the same"));
}

TEST_F(Comparison, DoesNotTestOtherLabelsOrMissingAnswers) {
  second_.record().data["labels"]["names"] = {"bad", "best"};
  EXPECT_EQ(compare_with_first(runs())[0].not_compared_because, "their labels are not the same");
  second_.report().answers.reset();
  second_.report().no_answers_because = "the data are <gone>";
  EXPECT_EQ(compare_with_first(runs())[0].not_compared_because,
            "there are no answers of second (the data are <gone>)");
  EXPECT_THAT(page(), HasSubstr("(the data are &lt;gone&gt;)"));
  EXPECT_THAT(statement(first_.report(), second_.report(), compare_with_first(runs())[0]),
              HasSubstr("second against first: not tested, for there are no answers"));
}

TEST_F(Comparison, MarksTheBestOfEachMetric) {
  EXPECT_THAT(page(), HasSubstr("<code>log_loss</code></td><td><b>★ 0.7500</b></td><td>0.8750</td>"));
  EXPECT_THAT(page(), HasSubstr("<code>loss</code></td><td>0.7500</td><td>0.8750</td>"));  // of two trainings
  EXPECT_THAT(page(), HasSubstr("<code>accuracy</code></td><td>0.5000</td><td><b>★ 1.0000</b></td>"));
  EXPECT_THAT(page(), HasSubstr("<code>f1</code></td><td>–</td><td>–</td>"));
}

TEST_F(Comparison, FoldsValidationAwayBesideATest) {
  second_.record().summary["validation"] = figures(0.25, 1);
  EXPECT_THAT(page(), HasSubstr("<details><summary>Metrics on the validation data</summary>"));
  first_.record().summary.erase("test");
  second_.record().summary.erase("test");
  first_.report().answers.reset();
  second_.report().answers.reset();
  EXPECT_THAT(page(), HasSubstr("<h2>Metrics on the validation data</h2>"));
}

TEST_F(Comparison, ListsSettingsThatDiffer) {
  EXPECT_THAT(page(), HasSubstr("None: the configurations are the same."));
  EXPECT_THAT(page({{"loss.<mode>", {"a", Json()}}}),
              HasSubstr("<code>loss.&lt;mode&gt;</code></td><td class=\"l\">a</td><td class=\"l\">–</td>"));
}

TEST_F(Comparison, DrawsEachRunInItsOwnLine) {
  const std::string text = page();
  EXPECT_THAT(text, HasSubstr(">validation loss</text>"));
  EXPECT_THAT(text, HasSubstr(">first (test)</text>"));
  EXPECT_THAT(text, HasSubstr("class=\"line s2\""));
  EXPECT_THAT(text, Not(HasSubstr("Of the first")));
}

TEST_F(Comparison, DrawsNoMoreRunsThanCanBeToldApart) {
  std::vector<RunReport> many(8, first_.report());
  for (size_t i = 0; i < many.size(); ++i) many[i].record.name = "run" + std::to_string(i);
  const std::string text = comparison_page(many, compare_with_first(many), {});
  EXPECT_THAT(text, HasSubstr("Of the first 6 runs."));
  EXPECT_THAT(text, HasSubstr(">run5 (test)</text>"));
  EXPECT_THAT(text, Not(HasSubstr(">run6 (test)</text>")));
}

TEST_F(Comparison, MarksAnUnfinishedRun) {
  second_.record().summary = nullptr;
  EXPECT_THAT(page(), HasSubstr("The training of second is not finished"));
}

}  // namespace
}  // namespace bernoulli::report
