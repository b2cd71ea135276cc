#include "data/split.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/random.h"
#include "core/text_store.h"
#include "data/data_fixture.h"
#include "data/split_fixture.h"
#include "support/reviews.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;
using testing::all_of;
using testing::counting;
using ::testing::ElementsAre;
using testing::fold;
using ::testing::HasSubstr;
using testing::Indices;
using testing::message_of;
using testing::split;

/// Texts "text i" with these sets of labels.
Dataset labelled(const std::vector<std::vector<int64_t>>& rows, int64_t num_labels) {
  Dataset dataset;
  const auto store = std::make_shared<TextStore>();
  dataset.num_labels = num_labels;
  dataset.targets.resize(rows.size() * static_cast<size_t>(num_labels));
  for (size_t i = 0; i < rows.size(); ++i) {
    dataset.texts.push_back(store->keep("text " + std::to_string(i)));
    dataset.origins.push_back(store->keep("here:" + std::to_string(i)));
    for (const int64_t label : rows[i])
      dataset.targets[i * static_cast<size_t>(num_labels) + static_cast<size_t>(label)] = 1;
  }
  dataset.store = store;
  return dataset;
}

/// Label i has a chance of 1 / (i + 2) in each of `count` rows: rare and frequent ones, and hardly a set
/// twice.
Dataset rare_and_frequent(int64_t count, int64_t num_labels, uint64_t seed) {
  Random random(seed);
  std::vector<std::vector<int64_t>> rows(static_cast<size_t>(count));
  for (std::vector<int64_t>& row : rows) {
    for (int64_t label = 0; label < num_labels; ++label) {
      if (random.uniform() < 1 / static_cast<double>(label + 2)) row.push_back(label);
    }
  }
  return labelled(rows, num_labels);
}

int64_t count_of(const Dataset& dataset, int64_t label, const Indices& part) {
  return std::count_if(part.begin(), part.end(), [&](int64_t i) {
    return dataset.targets[static_cast<size_t>(i * dataset.num_labels + label)] == 1.0f;
  });
}

/// `count` texts "text i", every third of them positive.
Dataset examples(int64_t count) {
  Dataset dataset;
  const auto store = std::make_shared<TextStore>();
  for (int64_t i = 0; i < count; ++i) {
    dataset.texts.push_back(store->keep("text " + std::to_string(i)));
    dataset.targets.push_back(i % 3 == 0 ? 1.0f : 0.0f);
    dataset.origins.push_back(store->keep("here:" + std::to_string(i)));
  }
  dataset.store = store;
  return dataset;
}

int64_t positives(const Dataset& dataset, const Indices& part) {
  return std::count_if(part.begin(), part.end(),
                       [&](int64_t i) { return dataset.targets[static_cast<size_t>(i)] == 1.0f; });
}

TEST(Split, PutsEveryExampleInExactlyOnePart) {
  const Dataset dataset = examples(201);
  for (const char* test : {"random", "stratified", "hash"}) {
    for (const char* validation : {"random", "stratified", "hash", "keras"}) {
      SCOPED_TRACE(std::string(validation) + " and " + test);
      const SplitIndices parts = split_indices(dataset, split(validation, 0.2), split(test, 0.1));
      EXPECT_EQ(all_of(parts), counting(201));
    }
  }
}

TEST(Split, TakesSharesOfTheWholeSetRounded) {
  const SplitIndices parts = split_indices(examples(205), split("random", 0.1), split("stratified", 0.2));
  EXPECT_EQ(parts.test.size(), 41u);
  EXPECT_EQ(parts.validation.size(), 21u);
  EXPECT_EQ(parts.train.size(), 143u);
}

TEST(Split, KeepsTheOrderOfTheData) {
  for (const char* method : {"random", "stratified", "hash"}) {
    const SplitIndices parts = split_indices(examples(100), split(method, 0.3), std::nullopt);
    EXPECT_TRUE(std::is_sorted(parts.train.begin(), parts.train.end())) << method;
    EXPECT_TRUE(std::is_sorted(parts.validation.begin(), parts.validation.end())) << method;
  }
}

TEST(Split, IsAFunctionOfItsSeed) {
  const Dataset dataset = examples(300);
  for (const char* method : {"random", "stratified", "hash", "keras"}) {
    const auto held_out = [&](uint64_t seed) {
      return split_indices(dataset, split(method, 0.2, seed), std::nullopt).validation;
    };
    EXPECT_EQ(held_out(7), held_out(7)) << method;
    EXPECT_NE(held_out(7), held_out(8)) << method;
  }
}

TEST(Split, FoldsAreThePartsOfWhatTheTestPartLeaves) {
  const Dataset one = examples(203), many = rare_and_frequent(203, 4, 5);
  for (const Dataset* dataset : {&one, &many}) {
    for (const char* method : {"random", "stratified", "hash"}) {
      SCOPED_TRACE(std::string(method) + " of " + std::to_string(dataset->num_labels));
      Indices all, test;
      for (int64_t number = 1; number <= 5; ++number) {
        const SplitIndices parts = split_indices(*dataset, fold(method, number, 5), split("random", 0.1));
        EXPECT_EQ(all_of(parts), counting(203));
        EXPECT_TRUE(number == 1 || parts.test == test) << "one test part for all folds";
        test = parts.test;
        EXPECT_NEAR(static_cast<double>(parts.validation.size()), 183 / 5.0,
                    std::string(method) == "hash" ? 15 : 1);
        all.insert(all.end(), parts.validation.begin(), parts.validation.end());
      }
      all.insert(all.end(), test.begin(), test.end());
      std::sort(all.begin(), all.end());
      EXPECT_EQ(all, counting(203)) << "each example is in one fold";
    }
  }
}

TEST(Split, StratifiedFoldsHaveTheSharesOfTheClasses) {
  const Dataset dataset = examples(300);  // 100 positives
  for (int64_t number = 1; number <= 10; ++number) {
    const SplitIndices parts = split_indices(dataset, fold("stratified", number, 10), std::nullopt);
    EXPECT_EQ(parts.validation.size(), 30u) << number;
    EXPECT_EQ(positives(dataset, parts.validation), 10) << number;
  }
}

TEST(Split, StratifiedKeepsTheBalanceToTheExample) {
  const Dataset dataset = examples(300);  // 100 positives
  const SplitIndices parts = split_indices(dataset, split("stratified", 0.2), split("stratified", 0.1));
  EXPECT_EQ(parts.test.size(), 30u);
  EXPECT_EQ(positives(dataset, parts.test), 10);
  EXPECT_EQ(parts.validation.size(), 60u);
  EXPECT_EQ(positives(dataset, parts.validation), 20);
}

// golden/split.json and the script beside it, which writes the algorithm down as its source does.
TEST(Split, StratifiedByLabelsIsThatOfThePaper) {
  std::ifstream file(BERNOULLI_TEST_SOURCE_DIR "/golden/split.json");
  const nlohmann::json golden = nlohmann::json::parse(file)["cases"];
  ASSERT_EQ(golden.size(), 8u);
  for (size_t i = 0; i < golden.size(); ++i) {
    SCOPED_TRACE(i);
    const nlohmann::json& one = golden[i];
    const auto part = [&](const char* name) -> std::optional<SplitConfig> {
      if (!one["fractions"].contains(name)) return std::nullopt;
      return split("stratified", one["fractions"][name], one["seed"]);
    };
    const Dataset dataset =
        labelled(one["rows"].get<std::vector<std::vector<int64_t>>>(), one["num_labels"].get<int64_t>());
    const SplitIndices parts = split_indices(dataset, part("validation"), part("test"));
    EXPECT_EQ(parts.validation, one["parts"]["validation"].get<Indices>());
    EXPECT_EQ(parts.test, one["parts"].value("test", Indices()));
  }
}

TEST(Split, StratifiedByLabelsTakesTheSizeAndEveryExampleOnce) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Dataset dataset = rare_and_frequent(431, 25, seed);
    const SplitIndices parts =
        split_indices(dataset, split("stratified", 0.15, seed), split("stratified", 0.1, seed));
    const SplitIndices random =
        split_indices(dataset, split("random", 0.15, seed), split("random", 0.1, seed));
    EXPECT_EQ(parts.validation.size(), random.validation.size());
    EXPECT_EQ(parts.test.size(), random.test.size());
    EXPECT_EQ(all_of(parts), counting(431));
    const SplitIndices again =
        split_indices(dataset, split("stratified", 0.15, seed), split("stratified", 0.1, seed));
    EXPECT_EQ(again.validation, parts.validation);
    EXPECT_NE(split_indices(dataset, split("stratified", 0.15, seed + 1), std::nullopt).validation,
              split_indices(dataset, split("stratified", 0.15, seed), std::nullopt).validation);
  }
}

/// Labels that never meet do not disturb each other: each gets its share, rounded up or down.
TEST(Split, StratifiedRoundsTheShareOfEachOfSeparateLabels) {
  for (const int64_t examples_a_label : {7, 14, 16, 99}) {
    for (const double fraction : {0.1, 0.15, 0.165, 0.5, 0.8}) {
      std::vector<std::vector<int64_t>> rows;
      for (int64_t i = 0; i < 20 * examples_a_label; ++i) rows.push_back({i % 20});
      const Dataset dataset = labelled(rows, 20);
      const Indices part = split_indices(dataset, split("stratified", fraction), std::nullopt).validation;
      EXPECT_EQ(static_cast<int64_t>(part.size()), std::llround(fraction * static_cast<double>(rows.size())));
      for (int64_t label = 0; label < 20; ++label) {
        EXPECT_LT(std::abs(static_cast<double>(count_of(dataset, label, part)) -
                           fraction * static_cast<double>(examples_a_label)),
                  1)
            << examples_a_label << " " << fraction << " " << label;
      }
    }
  }
}

/// A label that its own turn finds short of nothing by more than 1/2 ends within 1/2 of its share. So does
/// each that meets others in fewer of its examples than either part is due, as long as examples without a
/// label make up the size. The share is of the part's whole number, which moves it by up to 1/2 an example
/// for all.
TEST(Split, StratifiedIsWithinAnExampleWhereLabelsSeldomMeet) {
  for (uint64_t seed = 0; seed < 30; ++seed) {
    Random random(seed);
    std::vector<std::vector<int64_t>> rows(200);
    for (int64_t label = 0; label < 20; ++label) {
      const auto alone = static_cast<int64_t>(8 + random.below(60));
      for (int64_t i = 0; i < alone; ++i) rows.push_back({label});
      if (label % 2 == 1) rows.push_back({label - 1, label});
    }
    const Dataset dataset = labelled(rows, 20);
    const Indices part = split_indices(dataset, split("stratified", 0.15, seed), std::nullopt).validation;
    for (int64_t label = 0; label < 20; ++label) {
      const auto share = 0.15 * static_cast<double>(count_of(dataset, label, counting(dataset.size())));
      EXPECT_NEAR(static_cast<double>(count_of(dataset, label, part)), share, 0.51 + 0.5 / 10) << seed;
    }
  }
}

/// Where nearly every example has several labels nothing is guaranteed. What it is for holds: the fewer
/// examples a label has, the sooner it is dealt out, so that none that is due one goes without.
TEST(Split, StratifiedLeavesNoRareLabelOutWhereHardlyASetRepeats) {
  double distance = 0, random_distance = 0;
  int64_t without = 0, random_without = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Dataset dataset = rare_and_frequent(600, 40, seed);
    const Indices part = split_indices(dataset, split("stratified", 0.15, seed), std::nullopt).validation;
    const Indices random = split_indices(dataset, split("random", 0.15, seed), std::nullopt).validation;
    for (int64_t label = 0; label < 40; ++label) {
      const double share = 0.15 * static_cast<double>(count_of(dataset, label, counting(600)));
      const auto got = count_of(dataset, label, part), drawn = count_of(dataset, label, random);
      distance += std::pow(static_cast<double>(got) - share, 2);
      random_distance += std::pow(static_cast<double>(drawn) - share, 2);
      if (share < 3) {
        EXPECT_NEAR(static_cast<double>(got), share, 1) << seed << " " << label;
      }
      if (share < 1) continue;
      without += got == 0;
      random_without += drawn == 0;
    }
  }
  EXPECT_EQ(without, 0);
  EXPECT_GT(random_without, 0);
  EXPECT_LT(distance, random_distance / 3);
}

TEST(Split, StratifiedCountsExamplesWithoutALabelAndNoWeights) {
  std::vector<std::vector<int64_t>> rows(80);  // 40 with none, 20 with the first label, 20 with both
  for (size_t i = 0; i < 80; ++i) {
    if (i % 4 >= 2) rows[i].push_back(0);
    if (i % 4 == 3) rows[i].push_back(1);
  }
  Dataset dataset = labelled(rows, 2);
  const SplitIndices parts = split_indices(dataset, split("stratified", 0.25), std::nullopt);
  int none = 0, first = 0, both = 0;
  for (const int64_t i : parts.validation) (i % 4 < 2 ? none : i % 4 == 2 ? first : both) += 1;
  EXPECT_EQ(none, 10);
  EXPECT_EQ(first, 5);
  EXPECT_EQ(both, 5);
  for (size_t i = 0; i < 80; ++i) dataset.weights.push_back(static_cast<float>(1 + i % 7));
  EXPECT_EQ(split_indices(dataset, split("stratified", 0.25), std::nullopt).validation, parts.validation);
  const Dataset unlabelled = labelled(std::vector<std::vector<int64_t>>(20), 3);
  EXPECT_EQ(split_indices(unlabelled, split("stratified", 0.25), std::nullopt).validation.size(), 5u);
}

TEST(Split, HashPutsEqualTextsOnOneSide) {
  Dataset dataset = examples(400);
  for (size_t i = 0; i < 200; ++i) dataset.texts[i + 200] = dataset.texts[i];
  const SplitIndices parts = split_indices(dataset, split("hash", 0.3), split("hash", 0.2));
  const auto texts = [&](const Indices& part) {
    std::set<std::string_view> found;
    for (const int64_t i : part) found.insert(dataset.texts[static_cast<size_t>(i)]);
    return found;
  };
  EXPECT_EQ(texts(parts.train).size() + texts(parts.validation).size() + texts(parts.test).size(), 200u);
}

TEST(Split, HashKeepsATextWhereItIsWhenOthersAreAdded) {
  const SplitIndices few = split_indices(examples(100), split("hash", 0.3), split("hash", 0.2));
  const SplitIndices many = split_indices(examples(1000), split("hash", 0.3), split("hash", 0.2));
  const auto below_100 = [](Indices part) {
    std::erase_if(part, [](int64_t i) { return i >= 100; });
    return part;
  };
  EXPECT_EQ(below_100(many.test), few.test);
  EXPECT_EQ(below_100(many.validation), few.validation);
}

TEST(Split, HashGivesAboutTheSharesOfTheWhole) {
  const SplitIndices parts = split_indices(examples(10000), split("hash", 0.3), split("hash", 0.2));
  EXPECT_NEAR(static_cast<double>(parts.test.size()), 2000, 200);  // five standard deviations: 40 each
  EXPECT_NEAR(static_cast<double>(parts.validation.size()), 3000, 230);
}

// numpy.random.RandomState(42).shuffle(list(range(10))), a list that many documents print.
TEST(Split, KerasOrderIsThatOfNumpysLegacyShuffle) {
  EXPECT_THAT(keras_order(10, 42), ElementsAre(8, 1, 5, 0, 7, 2, 9, 4, 3, 6));
  EXPECT_THAT(keras_order(1, 42), ElementsAre(0));
  EXPECT_TRUE(keras_order(0, 42).empty());
}

TEST(Split, KerasHoldsOutTheEndOfItsOrderAndRoundsDown) {
  const SplitIndices parts = split_indices(examples(10), split("keras", 0.29, 42), std::nullopt);
  EXPECT_THAT(parts.train, ElementsAre(8, 1, 5, 0, 7, 2, 9, 4));
  EXPECT_THAT(parts.validation, ElementsAre(3, 6));
}

TEST(Split, KerasOrderOfTheTrainingPartSurvivesATestPart) {
  const SplitIndices parts = split_indices(examples(10), split("keras", 0.2, 42), split("random", 0.2));
  Indices expected = {8, 1, 5, 0, 7, 2, 9, 4};
  std::erase_if(expected, [&](int64_t i) { return std::count(parts.test.begin(), parts.test.end(), i) > 0; });
  EXPECT_EQ(parts.test.size(), 2u);
  EXPECT_EQ(parts.train, expected);
  EXPECT_THAT(parts.validation, ElementsAre(3, 6));
}

TEST(Split, ASmallerShareIsPartOfALargerOne) {
  std::vector<int64_t> all(200), smaller;
  std::iota(all.begin(), all.end(), int64_t{0});
  for (const double fraction : {0.001, 0.1, 0.25, 0.5, 1.0}) {
    const std::vector<int64_t> larger = drawn_share(all, fraction, 42);
    EXPECT_EQ(larger.size(), std::max<size_t>(1, static_cast<size_t>(fraction * 200)));
    EXPECT_TRUE(std::ranges::includes(larger, smaller)) << fraction;
    smaller = larger;
  }
  EXPECT_EQ(smaller.front(), 0);
  EXPECT_EQ(smaller.back(), 199);
  EXPECT_NE(drawn_share(all, 0.5, 42), drawn_share(all, 0.5, 43));
  EXPECT_EQ(drawn_share({7, 3, 5}, 1, 42), (std::vector<int64_t>{7, 3, 5})) << "their order stays";
}

TEST(Split, RefusesToLeaveAPartEmpty) {
  EXPECT_EQ(message_of<DataError>([] { split_indices(examples(3), split("random", 0.1), std::nullopt); }),
            "the split leaves no validation example (more data, or another fraction)");
  EXPECT_THAT(message_of<DataError>([] { split_indices(examples(3), std::nullopt, split("random", 0.1)); }),
              HasSubstr("no test example"));
  EXPECT_THAT(message_of<DataError>([] { split_indices(examples(3), split("random", 0.9), std::nullopt); }),
              HasSubstr("no training example"));
}

/// As in a configuration that was changed by hand after the training.
TEST(Split, RefusesAPartByColumnOfDataWithoutTheColumn) {
  EXPECT_THAT(message_of<DataError>([] { split_indices(examples(3), split("column", 0), std::nullopt); }),
              HasSubstr("data.validation.method is column, but no column says which rows these are"));
}

// Recorded Keras run of its text-classification tutorial.
TEST(Split, KerasGivesTheTutorialsPartsOfTheReviews) {
  const auto reviews = bernoulli::testing::reviews();
  if (!reviews) GTEST_SKIP() << bernoulli::testing::kNoReviews;
  const bernoulli::testing::TemporaryFolder two_classes;  // Keras is shown the folder without unsup/
  for (const char* name : {"neg", "pos"})
    fs::create_directory_symlink(fs::absolute(*reviews / name), two_classes / name);
  DataConfig config;
  config.train.paths = {two_classes.path().string()};
  config.validation.split = split("keras", 0.2, 42);
  TaskConfig task;
  task.positive = "pos";
  const DataSplits splits = load_data(config, task);
  EXPECT_THAT(splits.labels.names, ElementsAre("neg", "pos"));
  EXPECT_EQ(splits.train.size(), 20000);
  EXPECT_EQ(splits.validation->size(), 5000);
  EXPECT_TRUE(splits.train.origins[0].ends_with("neg/4932_4.txt")) << splits.train.origins[0];
  EXPECT_EQ(std::count(splits.train.targets.begin(), splits.train.targets.end(), 1.0f), 9962);
  EXPECT_EQ(std::count(splits.validation->targets.begin(), splits.validation->targets.end(), 1.0f), 2538);
}

}  // namespace
}  // namespace bernoulli
