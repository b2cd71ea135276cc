#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/data_fixture.h"
#include "data/label_reader.h"

namespace bernoulli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Kind;
using testing::message_of;

TaskConfig binary(const std::string& positive, std::vector<std::string> names = {}) {
  TaskConfig task;
  task.positive = positive;
  task.labels = std::move(names);
  return task;
}

TaskConfig multi_label(std::vector<std::string> names = {}) {
  TaskConfig task;
  task.kind = Kind::kMultiLabel;
  task.labels = std::move(names);
  return task;
}

TaskConfig above(double bar) {
  TaskConfig task;
  task.positive_above = bar;
  return task;
}

/// An example a list of labels, at "data:1", "data:2", ...
RawExamples raw(const std::vector<std::vector<std::string>>& labels) {
  RawExamples examples;
  for (const auto& of_example : labels)
    examples.add("text", of_example, std::nullopt, "data:" + std::to_string(examples.size() + 1));
  return examples;
}

RawExamples weighted(const std::vector<std::optional<std::string>>& weights) {
  const std::vector<std::string> labels = {"a"};
  RawExamples examples;
  for (const auto& weight : weights)
    examples.add("text", labels, weight, "data:" + std::to_string(examples.size() + 1));
  return examples;
}

std::string fault(const TaskConfig& task, const RawExamples& train, const RawExamples& examples) {
  return message_of<DataError>([&] { LabelReader(task, train).read(examples); });
}

TEST(Labels, BinaryNamesAreFoundInTheData) {
  const auto train = raw({{"good"}, {"bad"}, {"good"}});
  const LabelReader reader(binary("good"), train);
  EXPECT_THAT(reader.labels().names, ElementsAre("bad", "good"));
  EXPECT_EQ(reader.labels().num_outputs(), 1);
  EXPECT_THAT(reader.labels().output_names(), ElementsAre("good"));
  EXPECT_THAT(reader.read(train).targets, ElementsAre(1, 0, 1));
  EXPECT_THAT(reader.read(train).weights, IsEmpty());
}

TEST(Labels, ALoneClassHasAnOppositeWithAName) {
  EXPECT_THAT(LabelReader(binary("good"), raw({{"good"}})).labels().names, ElementsAre("not good", "good"));
}

TEST(Labels, NumbersAreComparedWithTheBarAndEqualIsNegative) {
  const auto train = raw({{"0"}, {"0.1"}, {"-3"}, {"1e2"}});
  const LabelReader reader(above(0), train);
  EXPECT_THAT(reader.labels().names, ElementsAre("negative", "positive"));
  EXPECT_THAT(reader.read(train).targets, ElementsAre(0, 1, 0, 1));
}

TEST(Labels, MultiLabelNamesAreSortedAndMakeColumns) {
  const auto train = raw({{"sport"}, {}, {"news", "sport"}});
  const LabelReader reader(multi_label(), train);
  EXPECT_THAT(reader.labels().names, ElementsAre("news", "sport"));
  EXPECT_EQ(reader.labels().num_outputs(), 2);
  EXPECT_THAT(reader.labels().output_names(), ElementsAre("news", "sport"));
  EXPECT_THAT(reader.read(train).targets, ElementsAre(0, 1, 0, 0, 1, 1));
  EXPECT_THAT(LabelReader(multi_label({"sport", "news"}), train).read(train).targets,
              ElementsAre(1, 0, 0, 0, 1, 1))
      << "configured names keep their order";
}

TEST(Labels, WeightsAreReadAsNumbers) {
  const auto train = weighted({"1", "0.25", "3e1"});
  EXPECT_THAT(LabelReader(binary("a"), train).read(train).weights, ElementsAre(1, 0.25f, 30));
}

TEST(Labels, OneThatIsRepeatedInAnExampleIsOne) {
  const auto train = raw({{"good", "good"}, {"bad", " bad", "bad"}, {"good"}});
  EXPECT_THAT(LabelReader(binary("good"), train).read(train).targets, ElementsAre(1, 0, 1));
  EXPECT_THAT(LabelReader(multi_label(), train).read(train).targets, ElementsAre(0, 1, 1, 0, 0, 1));
}

TEST(Labels, RefusesWeightsThatAreNoneOrOutOfRange) {
  const auto train = weighted({"1", "0", "-1", "nan", "inf", "x", "", std::nullopt, "1e300", "1e-60"});
  EXPECT_EQ(fault(binary("a"), train, train),
            "data:2: weight '0' (expected a number from 1e-09 to 1e+09)\n"
            "data:3: weight '-1' (expected a number from 1e-09 to 1e+09)\n"
            "data:4: weight 'nan' (expected a number from 1e-09 to 1e+09)\n"
            "data:5: weight 'inf' (expected a number from 1e-09 to 1e+09)\n"
            "data:6: weight 'x' (expected a number from 1e-09 to 1e+09)\n"
            "data:7: weight '' (expected a number from 1e-09 to 1e+09)\n"
            "data:8: weight '' (expected a number from 1e-09 to 1e+09)\n"
            "data:9: weight '1e300' (expected a number from 1e-09 to 1e+09)\n"
            "data:10: weight '1e-60' (expected a number from 1e-09 to 1e+09)");
}

TEST(Labels, RefusesABinaryTaskWithoutItsPositiveLabelOrWithThree) {
  EXPECT_EQ(fault(binary("god"), raw({{"good"}, {"bad"}}), raw({})),
            "task.positive is 'god', and no training example has that label (found: 'bad', 'good')");
  EXPECT_THAT(fault(binary("a"), raw({{"a"}, {"b"}, {"c"}}), raw({})),
              HasSubstr("a binary task has two labels; besides 'a' the training data hold 'b', 'c'"));
}

TEST(Labels, RefusesExamplesWhoseLabelsDoNotFit) {
  EXPECT_EQ(fault(binary("good"), raw({{"good"}, {"bad"}}), raw({{"goood"}, {}, {"good", "bad"}})),
            "data:1: unknown label 'goood' (expected one of 'bad', 'good'); did you mean 'good'?\n"
            "data:2: 0 labels (a binary task has one an example)\n"
            "data:3: 2 labels (a binary task has one an example)");
  EXPECT_EQ(fault(above(0), raw({}), raw({{"high"}, {"nan"}})),
            "data:1: label 'high' is not a number (task.positive_above compares numbers)\n"
            "data:2: label 'nan' is not a number (task.positive_above compares numbers)");
  EXPECT_EQ(fault(multi_label({"news", "sport"}), raw({}), raw({{"news", "xyz"}})),
            "data:1: unknown label 'xyz' (expected one of 'news', 'sport')");
  EXPECT_EQ(
      fault(multi_label(), raw({{"news"}}), raw({{"news", "sport"}})),
      "data:1: unknown label 'sport' (expected one of 'news'); the training data do not hold it: name all "
      "labels in task.labels");
  EXPECT_THAT(fault(multi_label(), raw({{}, {}}), raw({})), HasSubstr("no training example has a label"));
}

TEST(Labels, WhiteSpaceAroundThemIsNotPartOfThem) {
  const auto train = raw({{" pos"}, {"neg  "}, {"pos\t"}, {"neg"}});
  const LabelReader reader(binary("pos"), train);
  EXPECT_THAT(reader.labels().names, ElementsAre("neg", "pos"));
  EXPECT_THAT(reader.read(train).targets, ElementsAre(1, 0, 1, 0));
  const auto numbers = raw({{" 0.5"}, {"-1 "}});
  EXPECT_THAT(LabelReader(above(0), numbers).read(numbers).targets, ElementsAre(1, 0));
  const auto several = raw({{" news"}, {"news", "art "}, {"art"}});
  const LabelReader found(multi_label(), several);
  EXPECT_THAT(found.labels().names, ElementsAre("news", "art")) << "at the places of ' news' and 'art'";
  EXPECT_THAT(found.read(several).targets, ElementsAre(1, 0, 1, 1, 0, 1));
  TaskConfig frequent = multi_label();
  frequent.min_count = 2;
  const LabelReader counted(frequent, raw({{"a"}, {" a"}, {"b", "b "}, {"c"}}));
  EXPECT_THAT(counted.labels().names, ElementsAre("a"));
  EXPECT_THAT(counted.left_out(), ElementsAre(::testing::Pair("b", 1), ::testing::Pair("c", 1)));
  EXPECT_EQ(fault(binary("pos"), train, raw({{"  "}, {" xyz"}})),
            "data:1: the label is empty\ndata:2: unknown label 'xyz' (expected one of 'neg', 'pos')");
  EXPECT_EQ(fault(multi_label({"news"}), raw({}), raw({{" xyz"}})),
            "data:1: unknown label 'xyz' (expected one of 'news')");
  EXPECT_THAT(fault(binary("a"), raw({{"a"}, {" a"}, {"b"}, {"b "}, {"c"}}), raw({})),
              HasSubstr("data:5: a binary task has two labels; besides 'a' the training data hold 'b', 'c'"));
  EXPECT_THAT(fault(multi_label(), raw({{"a"}, {"\xe9 "}}), raw({})), HasSubstr("data:2: the label '"));
}

/// As `init` once wrote them, and as data.json of runs of then has them.
TEST(Labels, NamesThatAreWrittenWithWhiteSpaceMeanWhatTheyMeant) {
  const auto train = raw({{" neg"}, {" pos"}});
  const TaskConfig task = binary(" pos", {" neg", " pos"});
  const LabelReader reader(task, train);
  EXPECT_THAT(reader.labels().names, ElementsAre(" neg", " pos"));
  EXPECT_THAT(reader.read(train).targets, ElementsAre(0, 1));
  EXPECT_THAT(reader.read(raw({{"pos"}, {"neg "}})).targets, ElementsAre(1, 0)) << "data that were cleaned";
  EXPECT_THAT(LabelReader(task, reader.labels()).read(train).targets, ElementsAre(0, 1));
  const LabelReader found(binary(" pos"), train);
  EXPECT_THAT(found.labels().names, ElementsAre(" neg", " pos"));
  EXPECT_THAT(found.read(train).targets, ElementsAre(0, 1));
  const TaskConfig several = multi_label({" a", "a", "b "});
  EXPECT_THAT(LabelReader(several, train).read(raw({{" a"}, {"a"}, {"b"}, {"a "}})).targets,
              ElementsAre(1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0))
      << "of names that differ in white space only, the one that is written so";
}

TEST(Labels, RareOnesOfThoseFoundInTheDataAreLeftOut) {
  TaskConfig task = multi_label();
  task.min_count = 2;
  const LabelReader reader(
      task, raw({{"sport", "news"}, {"news"}, {"odd"}, {"sport", "rare"}, {"twice", "twice"}}));
  EXPECT_THAT(reader.labels().names, ElementsAre("news", "sport"));
  EXPECT_THAT(reader.left_out(), ElementsAre(::testing::Pair("odd", 1), ::testing::Pair("rare", 1),
                                             ::testing::Pair("twice", 1)));
  EXPECT_THAT(reader.read(raw({{"news", "rare"}, {"odd"}, {"unheard", "sport"}, {}})).targets,
              ElementsAre(1, 0, 0, 0, 0, 1, 0, 0))
      << "an example that loses its labels stays, and so it is with labels that training lacks";
  EXPECT_THAT(LabelReader(task, reader.labels()).read(raw({{"odd", "sport"}})).targets, ElementsAre(0, 1))
      << "where the labels are those of a run";
  task.min_count = 3;
  EXPECT_THAT(
      fault(task, raw({{"a"}, {"b"}}), raw({})),
      HasSubstr("no label has the 3 training examples that task.min_count asks for (2 labels have fewer)"));
}

TEST(Labels, TargetsThatTakeMoreThanThereIsAreRefusedAtOnce) {
  const uint64_t gib = uint64_t{1} << 30;
  EXPECT_NO_THROW(check_targets_fit(1 << 18, 1 << 10, 1, gib));
  EXPECT_NO_THROW(check_targets_fit(size_t{1} << 40, 1 << 10, 2, std::nullopt));
  EXPECT_EQ(
      message_of<IoError>([&] { check_targets_fit(1 << 18, 1 << 10, 2, gib); }),
      "the targets of 262144 texts with 1024 labels each take 2.0 GiB (twice, while they are split), and "
      "there are 1.0 GiB of memory left; use fewer texts or labels, or a machine with more memory");
}

TEST(DataFaults, AreExplainedWhereTheyAreShown) {
  DataFaults faults;
  int explained = 0;
  for (int i = 0; i < 50; ++i)
    faults.add("data:" + std::to_string(i + 1), [&] { return "fault " + std::to_string(++explained); });
  EXPECT_THAT(message_of<DataError>([&] { faults.throw_if_any(); }),
              ::testing::EndsWith("data:20: fault 20\nand 30 more"));
  EXPECT_EQ(explained, 20);
}

TEST(Labels, AreSplitAtTheSeparatorWithoutWhiteSpace) {
  EXPECT_THAT(split_labels(" a ;b c;; d", ";"), ElementsAre("a", "b c", "d"));
  EXPECT_THAT(split_labels("a, b", ", "), ElementsAre("a", "b"));
  EXPECT_THAT(split_labels("  ", ","), IsEmpty());
}

}  // namespace
}  // namespace bernoulli
