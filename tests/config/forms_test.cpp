// Keys that take one of several forms, and maps whose keys are free names.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config_fixture.h"
#include "config/describe.h"

namespace bernoulli::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kLabels = "task: {kind: multi_label, labels: [toxic, insult, a.b]}\n";

std::string with_loss(const std::string& loss) {
  return std::string(kData) + kLabels + kModel + kTraining + "loss: " + loss + "\n";
}

std::string of_data(const std::string& data) {
  return std::string(kTask) + kModel + kTraining + "data: " + data + "\n";
}

std::vector<std::string> weights_of(const RunConfig& run) {
  std::vector<std::string> weights;
  for (const LabelNumber& weight : run.loss.pos_weight_of)
    weights.push_back(weight.label + "=" + std::to_string(weight.number).substr(0, 3));
  return weights;
}

TEST(FreeNames, AreReadInTheirOrderWithTheirPlaces) {
  const RunConfig run = load_text(with_loss("{pos_weight: {a.b: 3, toxic: 0.5}}")).run;
  EXPECT_THAT(weights_of(run), ElementsAre("a.b=3.0", "toxic=0.5"));
  EXPECT_EQ(run.loss.pos_weight_of[1].where, "c.yaml:5:29");
  EXPECT_THAT(run.loss.pos_weight, IsEmpty());
  EXPECT_FALSE(run.loss.pos_weight_auto);
}

TEST(FreeNames, TheOtherFormsStayWhatTheyWere) {
  EXPECT_THAT(load_text(with_loss("{pos_weight: 3}")).run.loss.pos_weight, ElementsAre(3));
  EXPECT_THAT(load_text(with_loss("{pos_weight: [1, 2, 3]}")).run.loss.pos_weight, ElementsAre(1, 2, 3));
  EXPECT_TRUE(load_text(with_loss("{pos_weight: auto}")).run.loss.pos_weight_auto);
}

TEST(FreeNames, FaultsHaveTheirPlaceAndSayWhatWasMeant) {
  EXPECT_EQ(faults_of(with_loss("{pos_weight: {toxik: 3, insult: 0, a.b: [1]}}")),
            "c.yaml:5:21: loss.pos_weight.toxik: there is no such label (expected some of toxic, insult, "
            "a.b); did you mean 'toxic'?\n"
            "c.yaml:5:39: loss.pos_weight.insult: is '0', out of range (expected a number above 0 and at "
            "most 1000000000)\n"
            "c.yaml:5:47: loss.pos_weight.a.b: is a list (expected a number above 0 and at most 1000000000)");
  EXPECT_EQ(faults_of(with_loss("{pos_weight: {toxik: 3}}")),
            "c.yaml:5:21: loss.pos_weight.toxik: there is no such label (expected some of toxic, insult, "
            "a.b); did you "
            "mean 'toxic'?");
  EXPECT_EQ(faults_of(with_loss("{pos_weight: {}}")),
            "c.yaml:5:20: loss.pos_weight: has 0 names (expected a map of at least 1 labels, each with a "
            "number above 0 and at most 1000000000)");
  EXPECT_THAT(faults_of(with_loss("{pos_weight: many}")),
              HasSubstr("loss.pos_weight: is 'many' (expected a list of numbers above 0 and at most "
                        "1000000000 or auto, or a map "
                        "of at least 1 labels, each with a number above 0 and at most 1000000000)"));
  EXPECT_THAT(faults_of(minimal() + "loss: {pos_weight: {pos: 3}}"),
              HasSubstr("loss.pos_weight.pos: is the weight of a label, but task.kind is binary"));
}

std::string with_threshold(const std::string& threshold) {
  return std::string(kData) + kLabels + kModel + kTraining + "metrics: {threshold: " + threshold + "}\n";
}

TEST(FreeNames, ThresholdsAreOneNumberOneALabelOrByName) {
  const auto threshold = [](const std::string& written) {
    return load_text(with_threshold(written)).run.metrics.threshold;
  };
  const ThresholdConfig by_name = threshold("{fixed: {value: {a.b: 0.3, toxic: 0.4}}}");
  ASSERT_EQ(by_name.value_of.size(), 2u);
  EXPECT_EQ(by_name.value_of[0].label, "a.b");
  EXPECT_EQ(by_name.value_of[0].number, 0.3);
  EXPECT_EQ(by_name.value_of[1].where, "c.yaml:5:49");
  for (const char* list :
       {"[0.1, 0.2, 0.3]", "{fixed: [0.1, 0.2, 0.3]}", "{fixed: {value: [0.1, 0.2, 0.3]}}"})
    EXPECT_THAT(threshold(list).values, ElementsAre(0.1, 0.2, 0.3)) << list;
  for (const char* number : {"0.3", "{fixed: 0.3}", "{fixed: {value: 0.3}}"}) {
    EXPECT_EQ(threshold(number).value, 0.3) << number;
    EXPECT_THAT(threshold(number).values, IsEmpty()) << number;
    EXPECT_TRUE(threshold(number).value_of.empty()) << number;
  }
  const ThresholdConfig fitted =
      load_text(with_threshold("{max_f_beta: {min_positives: 3}}, f_beta: 0.5")).run.metrics.threshold;
  EXPECT_EQ(fitted.method, ThresholdConfig::Method::kMaxFBeta);
  EXPECT_EQ(fitted.min_positives, 3);
  EXPECT_EQ(fitted.beta, 0.5);
}

TEST(FreeNames, FaultsOfThresholdsHaveTheirPlace) {
  EXPECT_EQ(
      faults_of(with_threshold("{fixed: {value: {toxik: 0.3, insult: 1}}}")),
      "c.yaml:5:39: metrics.threshold.fixed.value.toxik: there is no such label (expected some of toxic, "
      "insult, a.b); did you mean 'toxic'?\n"
      "c.yaml:5:59: metrics.threshold.fixed.value.insult: is '1', out of range (expected a number above 0 "
      "and below 1)");
  EXPECT_EQ(
      faults_of(with_threshold("[0.3, 0.4]")),
      "c.yaml:5:22: metrics.threshold.fixed.value: has 2 numbers, but the task has 3 outputs (expected one "
      "number, or one a label)");
  EXPECT_THAT(
      faults_of(with_threshold("{toxic: 0.3}")),
      HasSubstr("metrics.threshold: unknown kind 'toxic' (expected fixed, highest, max_f1, max_f_beta, "));
  EXPECT_THAT(
      faults_of(minimal() + "metrics: {threshold: {fixed: {value: {pos: 0.3}}}}"),
      HasSubstr("metrics.threshold.fixed.value.pos: is the threshold of a label, but task.kind is binary "
                "(expected one number for metrics.threshold.fixed.value)"));
  EXPECT_THAT(faults_of(minimal() + "metrics: {threshold: {max_f_beta: {min_positives: 2}}}"),
              HasSubstr("metrics.threshold.max_f_beta.min_positives: is of several labels"));
}

class FreeNamesInFiles : public ConfigFiles {};

TEST_F(FreeNamesInFiles, MergeNameByNameAndReplaceAnotherForm) {
  const auto base = write("base.yaml", with_loss("{pos_weight: {toxic: 2, insult: 3}}"));
  EXPECT_THAT(weights_of(load({base}, {"loss.pos_weight.insult=7"}).run),
              ElementsAre("toxic=2.0", "insult=7.0"));
  EXPECT_THAT(load({base}, {"loss.pos_weight=4"}).run.loss.pos_weight, ElementsAre(4));
  EXPECT_THAT(
      weights_of(
          load({write("c.yaml", with_loss("{pos_weight: auto}"))}, {"loss.pos_weight={toxic: 2}"}).run),
      ElementsAre("toxic=2.0"));
}

TEST_F(FreeNamesInFiles, ThresholdsMergeNameByNameAndReplaceAnotherForm) {
  const auto base = write("base.yaml", with_threshold("{fixed: {value: {toxic: 0.2, insult: 0.3}}}"));
  const auto threshold = [&](const std::string& setting) {
    return load({base}, {"metrics.threshold" + setting}).run.metrics.threshold;
  };
  const ThresholdConfig merged = threshold(".fixed.value.insult=0.7");
  ASSERT_EQ(merged.value_of.size(), 2u);
  EXPECT_EQ(merged.value_of[0].number, 0.2);
  EXPECT_EQ(merged.value_of[1].number, 0.7);
  EXPECT_EQ(threshold("=0.4").value, 0.4);
  EXPECT_TRUE(threshold("=0.4").value_of.empty());
  EXPECT_THAT(threshold("=[0.1, 0.2, 0.3]").values, ElementsAre(0.1, 0.2, 0.3));
  EXPECT_THAT(load({write("list.yaml", with_threshold("[0.1, 0.2, 0.3]"))}, {"metrics.threshold[1]=0.5"})
                  .run.metrics.threshold.values,
              ElementsAre(0.1, 0.5, 0.3));
}

TEST_F(FreeNamesInFiles, AListIsReachedItemByItem) {
  const auto base = write("base.yaml", of_data("{train: [a.csv, b.csv]}"));
  EXPECT_THAT(load({base}, {"data.train.path[1]=c.csv"}).run.data.train.paths, ElementsAre("a.csv", "c.csv"));
  EXPECT_THAT(load({base}, {"data.train=c.csv"}).run.data.train.paths, ElementsAre("c.csv"));
  EXPECT_THAT(faults({base}, {"data.train.path[2]=c.csv"}), HasSubstr("data.train.path: has no item [2]"));
}

TEST_F(FreeNamesInFiles, AWordTakesAwayTheKeysThatHangOnIt) {
  const auto base =
      write("base.yaml", of_data("{train: t.csv, validation: {from: train, folds: 5, fold: 2, seed: 3}, "
                                 "test: {from: train, fraction: 0.2}}"));
  const RunConfig run =
      load({base}, {"data.columns.split=part", "data.validation.method=column", "data.test.method=column"})
          .run;
  EXPECT_EQ(run.data.validation.split->method, "column");
  EXPECT_EQ(run.data.validation.split->folds, 0);
  EXPECT_EQ(run.data.test.split->fraction, 0);
  EXPECT_EQ(load({base}, {"data.validation=v.csv"}).run.data.validation.source->paths.front(), "v.csv");
}

TEST(Forms, FaultsSayAllOfThem) {
  EXPECT_EQ(faults_of(of_data("{train: {path: {a: b}}}")),
            "c.yaml:4:22: data.train.path: is a map (expected a text that is not empty, or a list of at "
            "least 1 texts)");
  EXPECT_THAT(faults_of(of_data("{train: [a.csv, '']}")),
              HasSubstr("data.train.path[1]: is '', 0 bytes long"));
  EXPECT_THAT(
      faults_of(of_data("{train: [a.csv, b.csv, a.csv]}")),
      HasSubstr("c.yaml:4:15: data.train.path[2]: 'a.csv' stands in the list twice (each file once)"));
  EXPECT_THAT(
      faults_of(of_data("{train: t.csv, test: {from: train, method: column, fraction: 0.2}, columns: {split: "
                        "part}}")),
      HasSubstr("data.test.fraction: has a meaning only where 'method' is random, stratified or hash"));
  EXPECT_THAT(faults_of(of_data("{train: t.csv, test: {path: a.csv, fraction: 0.2}}")),
              HasSubstr("data.test.fraction: has no meaning without 'from'"));
}

TEST(Forms, AreDescribed) {
  EXPECT_THAT(
      describe(some_layers(), "loss.pos_weight"),
      HasSubstr(
          "a list of numbers above 0 and at most 1000000000 or auto, or one without brackets, or a map of at "
          "least 1 labels, each with a number above 0 and at most 1000000000; default []"));
  EXPECT_THAT(describe(some_layers(), "metrics.threshold"),
              HasSubstr("a number, a list of numbers, fixed, highest, max_f1, max_f_beta, "));
  EXPECT_THAT(describe(some_layers(), "data.columns.text"),
              HasSubstr("a text that is not empty, or a list of at least 1 texts; default text"));
}

}  // namespace
}  // namespace bernoulli::config
