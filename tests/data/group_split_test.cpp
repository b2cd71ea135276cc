// data.columns.group: how it is read, and splits that keep groups whole.

#include <algorithm>
#include <cmath>
#include <fstream>
#include <memory>
#include <numeric>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/random.h"
#include "core/text_store.h"
#include "data/data_fixture.h"
#include "data/dataset.h"
#include "data/split.h"
#include "data/split_fixture.h"

namespace bernoulli {
namespace {

using testing::all_of;
using testing::counting;
using testing::DataFolder;
using ::testing::ElementsAre;
using testing::fold;
using ::testing::HasSubstr;
using testing::Indices;
using testing::message_of;
using testing::split;

ColumnsConfig by_author() {
  ColumnsConfig columns;
  columns.group = "author";
  return columns;
}

TEST(GroupColumn, IsReadAsItIsWritten) {
  const DataFolder folder;
  EXPECT_THAT(
      folder.read("a.csv", "text,author,label\na,Ann,x\nb,\"Ann\",x\nc, Ann,x\n", by_author()).groups(),
      ElementsAre("Ann", "Ann", " Ann"));
  EXPECT_THAT(folder
                  .read("a.jsonl",
                        "{\"text\": \"a\", \"label\": \"x\", \"author\": \"7\"}\n"
                        "{\"text\": \"b\", \"label\": \"x\", \"author\": 7}\n"
                        "{\"text\": \"c\", \"label\": \"x\", \"author\": 7.5}\n"
                        "{\"text\": \"d\", \"label\": \"x\", \"author\": true}\n",
                        by_author())
                  .groups(),
              ElementsAre("7", "7", "7.5", "true"));
  ColumnsConfig numbers;
  numbers.header = false;
  numbers.text = {"1"};
  numbers.label = "2";
  numbers.group = "3";
  EXPECT_THAT(folder.read("a.tsv", "a\tx\tAnn\nb\tx\tBob\n", numbers).groups(), ElementsAre("Ann", "Bob"));
  EXPECT_THAT(folder.read("a.csv", "text,label\na,x\n").groups(), ElementsAre());
}

TEST(GroupColumn, EmptyAndMissingValuesAreFaultsWithTheirLines) {
  const DataFolder folder;
  const std::string empty =
      "'author' is empty, so nothing tells which examples this one belongs to (data.columns.group expects a "
      "value in each row; one that stands alone takes a value of its own, such as its number)";
  EXPECT_EQ(folder.fault("a.csv", "text,label,author\na,x,Ann\nb,x,\nc,x,Bob\nd,x,\"\"\n", by_author()),
            "a.csv:3: " + empty + "\na.csv:5: " + empty);
  EXPECT_EQ(folder.fault("a.jsonl",
                         "{\"text\": \"b\", \"label\": \"x\", \"author\": null}\n"
                         "{\"text\": \"a\", \"label\": \"x\"}\n"
                         "{\"text\": \"c\", \"label\": \"x\", \"author\": \"\"}\n",
                         by_author()),
            "a.jsonl:1: 'author' is null (expected a group: a string, a number, true or false)\n"
            "a.jsonl:2: no 'author' (data.columns.group)\n"
            "a.jsonl:3: " +
                empty);
  EXPECT_THAT(folder.fault("a.csv", "text,label\na,x\n", by_author()),
              HasSubstr("a.csv:1: no column 'author' for data.columns.group"));
}

/// Examples of groups: of each how many of each class. Binary of two classes; of more, the classes are
/// labels, and the last one stands for examples without a label.
Dataset grouped(const std::vector<std::vector<int64_t>>& counts) {
  Dataset dataset;
  const auto store = std::make_shared<TextStore>();
  const size_t num_classes = counts.front().size();
  dataset.num_labels = num_classes == 2 ? 1 : static_cast<int64_t>(num_classes) - 1;
  for (size_t group = 0; group < counts.size(); ++group) {
    const std::string_view name = store->keep(fmt::format("group {}", group));
    for (size_t label = 0; label < num_classes; ++label) {
      for (int64_t i = 0; i < counts[group][label]; ++i) {
        dataset.texts.push_back(store->keep(fmt::format("text {}", dataset.texts.size())));
        dataset.origins.push_back(dataset.texts.back());
        dataset.groups.push_back(name);
        if (num_classes == 2) {
          dataset.targets.push_back(static_cast<float>(label));
          continue;
        }
        for (size_t target = 0; target + 1 < num_classes; ++target)
          dataset.targets.push_back(target == label ? 1.0f : 0.0f);
      }
    }
  }
  dataset.store = store;
  return dataset;
}

/// Groups of 1 to `most` examples, of both classes.
std::vector<std::vector<int64_t>> some_groups(size_t number, uint64_t most, uint64_t seed) {
  Random random(seed);
  std::vector<std::vector<int64_t>> counts;
  for (size_t i = 0; i < number; ++i) {
    const auto size = static_cast<int64_t>(1 + random.below(most));
    const auto positive = static_cast<int64_t>(random.below(static_cast<uint64_t>(size) + 1));
    counts.push_back({size - positive, positive});
  }
  return counts;
}

std::set<std::string_view> groups_of(const Dataset& dataset, const Indices& some) {
  std::set<std::string_view> groups;
  for (const int64_t i : some) groups.insert(dataset.groups[static_cast<size_t>(i)]);
  return groups;
}

const std::vector<std::string> kMethods{"random", "stratified", "hash"};

TEST(GroupSplit, NoGroupIsOnBothSides) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    const Dataset one = grouped(some_groups(60, 12, seed));
    const Dataset many = grouped({{3, 4, 0, 2},
                                  {1, 1, 1, 1},
                                  {0, 9, 0, 3},
                                  {5, 0, 0, 0},
                                  {0, 0, 2, 8},
                                  {2, 2, 2, 2},
                                  {1, 0, 0, 0},
                                  {4, 0, 4, 4},
                                  {0, 3, 1, 0},
                                  {0, 0, 6, 1}});
    for (const Dataset* dataset : {&one, &many}) {
      for (const std::string& method : kMethods) {
        SCOPED_TRACE(fmt::format("{} of {} labels, seed {}", method, dataset->num_labels, seed));
        if (method == "hash" && dataset == &many) continue;  // ten groups are too few for chance
        const SplitIndices parts =
            split_indices(*dataset, split(method, 0.2, seed), split(method, 0.3, seed));
        EXPECT_EQ(all_of(parts), counting(dataset->size()));
        EXPECT_EQ(groups_of(*dataset, parts.train).size() + groups_of(*dataset, parts.validation).size() +
                      groups_of(*dataset, parts.test).size(),
                  groups_of(*dataset, counting(dataset->size())).size());
        EXPECT_TRUE(std::ranges::is_sorted(parts.train) && std::ranges::is_sorted(parts.validation));
      }
    }
  }
}

TEST(GroupSplit, EachGroupIsInOneFold) {
  const Dataset dataset = grouped(some_groups(50, 9, 3));
  for (const std::string& method : kMethods) {
    SCOPED_TRACE(method);
    std::multiset<std::string_view> found;
    Indices all;
    for (int64_t number = 1; number <= 5; ++number) {
      const SplitIndices parts = split_indices(dataset, fold(method, number, 5), split("random", 0.2));
      for (const std::string_view group : groups_of(dataset, parts.validation)) found.insert(group);
      all.insert(all.end(), parts.validation.begin(), parts.validation.end());
      if (number == 5) all.insert(all.end(), parts.test.begin(), parts.test.end());
    }
    std::ranges::sort(all);
    EXPECT_EQ(all, counting(dataset.size()));
    EXPECT_EQ(found.size(), std::set<std::string_view>(found.begin(), found.end()).size());
  }
}

TEST(GroupSplit, DependsOnSeedAndGroupsAndNotOnTheOrderOfTheData) {
  const Dataset dataset = grouped(some_groups(80, 3, 4));
  Indices order = counting(dataset.size());
  std::ranges::shuffle(order, std::mt19937(5));
  const Dataset shuffled = dataset.take(order);
  for (const std::string& method : kMethods) {
    const auto held_out = [&](const Dataset& of, uint64_t seed) {
      return groups_of(of, split_indices(of, split(method, 0.2, seed), std::nullopt).validation);
    };
    EXPECT_EQ(held_out(dataset, 7), held_out(dataset, 7)) << method;
    EXPECT_EQ(held_out(dataset, 7), held_out(shuffled, 7)) << method;
    EXPECT_NE(held_out(dataset, 7), held_out(dataset, 8)) << method;
  }
}

TEST(GroupSplit, HashKeepsAGroupWhereItIsWhenOthersAreAdded) {
  auto counts = some_groups(200, 4, 6);
  const Dataset many = grouped(counts);
  counts.resize(100);
  const Dataset few = grouped(counts);
  const auto held_out = [](const Dataset& of) {
    return groups_of(of, split_indices(of, split("hash", 0.3), std::nullopt).validation);
  };
  const std::set<std::string_view> of_many = held_out(many), of_few = held_out(few);
  EXPECT_TRUE(std::ranges::includes(of_many, of_few));
  EXPECT_GT(of_few.size(), 10u);
}

/// The last groups fill up what is missing, so that no part is off by more than one of them.
TEST(GroupSplit, ComesAsNearToTheSizeAsSmallGroupsAllow) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Dataset dataset = grouped(some_groups(150, 6, seed));
    for (const char* method : {"random", "stratified"}) {
      const SplitIndices parts = split_indices(dataset, split(method, 0.2, seed), split(method, 0.1, seed));
      EXPECT_NEAR(static_cast<double>(parts.test.size()), 0.1 * static_cast<double>(dataset.size()), 6);
      EXPECT_NEAR(static_cast<double>(parts.validation.size()), 0.2 * static_cast<double>(dataset.size()), 6);
    }
  }
}

nlohmann::json golden() {
  std::ifstream file(BERNOULLI_TEST_SOURCE_DIR "/golden/group_split.json");
  return nlohmann::json::parse(file);
}

/// golden/make_group_split.py writes the sum of group_split.h down in fractions.
TEST(GroupSplit, StratifiedTakesThePartThatLeavesTheSumSmallest) {
  const nlohmann::json cases = golden()["exact"];
  ASSERT_EQ(cases.size(), 6u);
  for (const nlohmann::json& one : cases) {
    const Dataset dataset = grouped(one["counts"].get<std::vector<std::vector<int64_t>>>());
    const auto expected = [&](int64_t number) {
      std::set<std::string> groups;
      for (size_t group = 0; group < one["parts"].size(); ++group) {
        if (one["parts"][group] == number) groups.insert(fmt::format("group {}", group));
      }
      return groups;
    };
    const auto got = [&](const SplitConfig& config) {
      const auto groups = groups_of(dataset, split_indices(dataset, config, std::nullopt).validation);
      return std::set<std::string>(groups.begin(), groups.end());
    };
    if (one.contains("wanted")) {
      EXPECT_EQ(got(split("stratified", one["wanted"].get<double>() / static_cast<double>(dataset.size()))),
                expected(0));
      continue;
    }
    for (int64_t number = 1; number <= one["folds"]; ++number)
      EXPECT_EQ(got(fold("stratified", number, one["folds"])), expected(number - 1)) << one["counts"];
  }
}

/// Root of the mean square over folds and classes of (share of the class in the fold - 1 / folds) * folds.
double distance(const Dataset& dataset, int64_t folds) {
  double totals[2] = {};
  for (const float target : dataset.targets) ++totals[target == 1];
  double sum = 0;
  for (int64_t number = 1; number <= folds; ++number) {
    double counts[2] = {};
    for (const int64_t i : split_indices(dataset, fold("stratified", number, folds), std::nullopt).validation)
      ++counts[dataset.targets[static_cast<size_t>(i)] == 1];
    for (const int label : {0, 1})
      sum += std::pow(counts[label] / totals[label] * static_cast<double>(folds) - 1, 2);
  }
  return std::sqrt(sum / static_cast<double>(2 * folds));
}

TEST(GroupSplit, StratifiedFoldsAreBetterBalancedThanThoseOfScikitLearn) {
  const nlohmann::json cases = golden()["compared"];
  ASSERT_EQ(cases.size(), 30u);
  double ours = 0, theirs = 0;
  int better = 0;
  for (const nlohmann::json& one : cases) {
    const double got =
        distance(grouped(one["counts"].get<std::vector<std::vector<int64_t>>>()), one["folds"]);
    const double other = one["scikit_learn"];
    better += got <= other + 1e-9;
    ours += got / 30;
    theirs += other / 30;
  }
  EXPECT_GE(better, 29);
  EXPECT_NEAR(ours, 0.173, 0.0005);
  EXPECT_NEAR(theirs, 0.206, 0.0005);
}

TEST(GroupSplit, SaysWhereThereAreTooFewGroups) {
  const Dataset three = grouped({{5, 5}, {5, 5}, {5, 5}});
  for (const char* method : {"random", "stratified"})
    EXPECT_EQ(
        message_of<DataError>([&] { split_indices(three, fold(method, 1, 4), std::nullopt); }),
        "data.validation.folds is 4, but by data.columns.group there are 3 groups to make them of (expected "
        "at most as many folds)");
  const Dataset one = grouped({{5, 5}});
  EXPECT_EQ(
      message_of<DataError>([&] { split_indices(one, split("stratified", 0.2), std::nullopt); }),
      "the split leaves no validation example (more groups by data.columns.group, smaller ones, or another "
      "fraction)");
}

class GroupedFiles : public ::testing::Test {
 protected:
  GroupedFiles() {
    folder_.write("all.csv",
                  "text,label,author\na,good,Ann\nb,bad,Bob\nc,bad,Ann\nd,good,Cid\ne,good,Dan\nf,bad,Dan\n");
    data_.root = folder_.path().string();
    data_.train.paths = {"all.csv"};
    data_.columns = by_author();
    task_.positive = "good";
  }
  DataFolder folder_;
  DataConfig data_;
  TaskConfig task_;
};

TEST_F(GroupedFiles, PartsKeepTheirGroupsTogether) {
  data_.validation.split = split("stratified", 0.4);
  const DataSplits splits = load_data(data_, task_);
  ASSERT_TRUE(splits.validation);
  EXPECT_EQ(splits.train.groups.size(), splits.train.texts.size());
  for (const std::string_view group : splits.validation->groups)
    EXPECT_EQ(std::ranges::find(splits.train.groups, group), splits.train.groups.end());
}

TEST_F(GroupedFiles, FilesOfTheUsersOwnHaveTheColumnToo) {
  folder_.write("val.csv", "text,label,author\nx,good,Eve\n");
  data_.validation.source = SourceConfig{{"val.csv"}, "auto", false};
  const DataSplits splits = load_data(data_, task_);
  EXPECT_THAT(splits.train.groups, ElementsAre("Ann", "Bob", "Ann", "Cid", "Dan", "Dan"));
  EXPECT_THAT(splits.validation->groups, ElementsAre("Eve"));
  folder_.write("val.csv", "text,label\nx,good\n");
  EXPECT_THAT(message_of<DataError>([&] { load_data(data_, task_); }),
              HasSubstr("no column 'author' for data.columns.group"));
  EXPECT_EQ(
      load_dataset({{(folder_.path() / "val.csv").string()}}, data_.columns, task_, splits.labels).size(), 1)
      << "what evaluate --data names needs none";
}

TEST_F(GroupedFiles, SeveralFilesShareTheirGroupsAndAnotherFormatIsAFault) {
  folder_.write("more.jsonl", "{\"text\": \"g\", \"label\": \"bad\", \"author\": \"Ann\"}\n");
  data_.train.paths = {"all.csv", "more.jsonl"};
  EXPECT_THAT(load_data(data_, task_).train.groups,
              ElementsAre("Ann", "Bob", "Ann", "Cid", "Dan", "Dan", "Ann"));
  folder_.write("more.txt", "__label__good h\n");
  data_.train.paths = {"all.csv", "more.txt"};
  EXPECT_EQ(folder_.relative(message_of<DataError>([&] { load_data(data_, task_); })),
            "'more.txt' has no columns, and data.columns.group names one");
}

}  // namespace
}  // namespace bernoulli
