#include "train/start_from.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "layers/plan_fixture.h"
#include "model/sequential.h"
#include "tensor/safetensors.h"

namespace bernoulli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Json = nlohmann::ordered_json;

constexpr const char* kLayers = "[{embedding: 2}, mean_pool, {linear: 3}, relu, {linear: 1}]";

std::vector<float> floats(const at::Tensor& tensor) {
  const at::Tensor values = tensor.detach().contiguous();
  return {values.const_data_ptr<float>(), values.const_data_ptr<float>() + values.numel()};
}

const Labels kBinary = {TaskConfig::Kind::kBinary, {"bad", "good"}};

/// A model with drawn weights, what makes ids for it, and its labels.
class Model {
 public:
  Model(const std::string& layers, Vectorizer vectorizer, uint64_t seed, Labels labels = kBinary)
      : vectorizer_(std::move(vectorizer)),
        labels_(std::move(labels)),
        plan_(testing::plan(layers, {.num_ids = vectorizer_.num_ids(),
                                     .num_outputs = labels_.num_outputs(),
                                     .initializer = "torch"})),  // its biases are not 0
        seed_(seed) {}
  /// A table of the one's size, and the other's tokens.
  Model(const std::string& layers, const Vectorizer& of_table, uint64_t seed, Vectorizer vectorizer)
      : Model(layers, of_table, seed) {
    vectorizer_ = std::move(vectorizer);
  }

  Json start_from(const Model& earlier, bool draws_unmatched = false) {
    const Sequential trained(earlier.plan_, earlier.seed_, c10::kCPU);
    NamedTensors tensors = trained.parameters();
    for (const auto& buffer : trained.buffers()) tensors.push_back(buffer);
    const HostTensors hosts(tensors);
    return bernoulli::start_from(
        {"runs/a", draws_unmatched},
        {"'runs/a'", hosts.raw(), earlier.vectorizer_, earlier.labels_, earlier.plan_}, vectorizer_, labels_,
        plan_);
  }
  void start_from_prior(const std::vector<float>& log_odds) { layers::start_from_prior(plan_, log_odds); }
  std::string fault_of(const Model& earlier, bool draws_unmatched = false) {
    try {
      start_from(earlier, draws_unmatched);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "";
  }
  std::vector<float> tensor(const std::string& name) const {
    const Sequential model(plan_, seed_, c10::kCPU);
    for (const NamedTensors& tensors : {model.parameters(), model.buffers()})
      for (const auto& [key, values] : tensors)
        if (key == name) return floats(values);
    ADD_FAILURE() << name;
    return {};
  }
  /// Of `size` numbers.
  std::vector<float> row(const std::string& name, int64_t row, int64_t size) const {
    const std::vector<float> numbers = tensor(name);
    return {numbers.begin() + size * row, numbers.begin() + size * (row + 1)};
  }
  std::vector<float> row(int64_t id) const { return row("embedding_0.weight", id, 2); }

 private:
  Vectorizer vectorizer_;
  Labels labels_;
  layers::ModelPlan plan_;
  uint64_t seed_;
};

Vectorizer of_tokens(const std::vector<std::string>& tokens) { return {TextConfig{}, Vocabulary(tokens)}; }

Vectorizer hashed(int64_t buckets, std::vector<int64_t> ngrams = {1}) {
  TextConfig text;
  text.hash_buckets = buckets;
  text.ngrams = std::move(ngrams);
  return Vectorizer(text);
}

TEST(StartFrom, TakesTensorsByNameAndRowsByToken) {
  const Model earlier(kLayers, of_tokens({"bad", "good", "film"}), 1);
  Model later(kLayers, of_tokens({"good", "new", "bad"}), 2);
  const std::vector<float> drawn = later.row(3);
  const Json record = later.start_from(earlier);
  for (const char* name : {"linear_2.weight", "linear_2.bias", "linear_4.weight", "linear_4.bias"})
    EXPECT_EQ(later.tensor(name), earlier.tensor(name)) << name;
  EXPECT_EQ(later.row(0), earlier.row(0)) << "padding";
  EXPECT_EQ(later.row(1), earlier.row(1)) << "unknown tokens";
  EXPECT_EQ(later.row(2), earlier.row(3)) << "good";
  EXPECT_EQ(later.row(3), drawn) << "new";
  EXPECT_EQ(later.row(4), earlier.row(2)) << "bad";
  EXPECT_EQ(record["path"], "runs/a");
  EXPECT_EQ(record["rows"], 5);
  EXPECT_EQ(record["rows_found"], 4);
  EXPECT_THAT(record["tensors"].get<std::vector<std::string>>(),
              ElementsAre("embedding_0.weight", "linear_2.weight", "linear_2.bias", "linear_4.weight",
                          "linear_4.bias"));
  EXPECT_THAT(record["drawn"], IsEmpty());
  EXPECT_THAT(record["unused"], IsEmpty());
  EXPECT_EQ(Model(kLayers, of_tokens({"x"}), 5).start_from(earlier)["fingerprint"], record["fingerprint"]);
}

TEST(StartFrom, LeavesTheLogOddsOfLabelsThatItDoesNotHave) {
  const auto labels = [](std::vector<std::string> names) {
    return Labels{TaskConfig::Kind::kMultiLabel, std::move(names)};
  };
  const Model earlier("[{embedding: 2}, mean_pool, {linear: 2}]", of_tokens({"a"}), 1, labels({"x", "y"}));
  Model later("[{embedding: 2}, mean_pool, {linear: {units: 3, bias_initializer: prior}}]", of_tokens({"a"}),
              2, labels({"new", "y", "x"}));
  later.start_from_prior({-2, -3, -4});
  later.start_from(earlier, true);
  const std::vector<float> there = earlier.tensor("linear_2.bias");
  EXPECT_EQ(later.tensor("linear_2.bias"), (std::vector<float>{-2, there[1], there[0]}));
}

TEST(StartFrom, TakesRunningStatisticsAndBranchesToo) {
  constexpr const char* layers =
      "[{embedding: 2}, {parallel: [[{conv1d: {channels: 3, kernel_size: 2}}, max_pool], [mean_pool]]}, "
      "batch_norm, {linear: 1}]";
  const Model earlier(layers, of_tokens({"a"}), 1);
  Model later(layers, of_tokens({"a"}), 2);
  EXPECT_THAT(later.start_from(earlier)["drawn"], IsEmpty());
  for (const char* name : {"embedding_0.weight", "conv1d_1_0_0.weight", "conv1d_1_0_0.bias",
                           "batch_norm_2.running_var", "linear_3.weight"})
    EXPECT_EQ(later.tensor(name), earlier.tensor(name)) << name;
}

TEST(StartFrom, TellsAllThatDoesNotMatchOrStartsItAsEver) {
  const Model earlier(kLayers, of_tokens({"a"}), 1);
  constexpr const char* layers =
      "[{embedding: 2}, max_pool, {linear: 4}, tanh, {linear: {units: 1, bias: false}}, "
      "{linear: 1}]";
  Model later(layers, of_tokens({"a"}), 2);
  EXPECT_EQ(
      later.fault_of(earlier),
      "model.start_from: the weights of 'runs/a' are not those of this model (model.start_from.unmatched: "
      "draw starts what does not match as without this key):\n"
      "  linear_2.weight: has shape [3, 2] there and [4, 2] here\n"
      "  linear_2.bias: has shape [3] there and [4] here\n"
      "  linear_4.weight: has shape [1, 3] there and [1, 4] here\n"
      "  linear_5.weight: is not there\n"
      "  linear_5.bias: is not there\n"
      "  linear_4.bias: is there alone");
  const std::vector<float> drawn = later.tensor("linear_4.weight");
  const Json record = later.start_from(earlier, true);
  EXPECT_EQ(later.tensor("linear_4.weight"), drawn);
  EXPECT_EQ(later.row(2), earlier.row(2));
  EXPECT_THAT(record["tensors"].get<std::vector<std::string>>(), ElementsAre("embedding_0.weight"));
  EXPECT_EQ(record["drawn"].size(), 5u);
  EXPECT_EQ(record["drawn"][3], "linear_5.weight: is not there");
  EXPECT_THAT(record["unused"].get<std::vector<std::string>>(), ElementsAre("linear_4.bias"));
}

TEST(StartFrom, RefusesWeightsOfWhichNoneFits) {
  const Model earlier("[{embedding: 2}, mean_pool, {linear: 1}]", of_tokens({"a"}), 1);
  Model later("[{embedding: 3}, mean_pool, tanh, {linear: 1}]", of_tokens({"a"}), 2);
  EXPECT_EQ(later.fault_of(earlier, true),
            "model.start_from: the weights of 'runs/a' are not those of this model, and none of them fits:\n"
            "  embedding_0.weight: has shape [3, 2] there and [3, 3] here\n"
            "  linear_3.weight: is not there\n"
            "  linear_3.bias: is not there\n"
            "  linear_2.bias: is there alone\n"
            "  linear_2.weight: is there alone");
}

TEST(StartFrom, RefusesATableWithoutARowForEachToken) {
  const Model earlier("[{embedding: 2}, mean_pool, {linear: 1}]", of_tokens({"a", "b"}), 1);
  const Model damaged("[{embedding: 2}, mean_pool, {linear: 1}]", of_tokens({"a"}), 1, of_tokens({"a", "b"}));
  Model later("[{embedding: 2}, mean_pool, {linear: 1}]", of_tokens({"b"}), 2);
  later.start_from(earlier);
  try {
    later.start_from(damaged);
    FAIL() << "taken";
  } catch (const ArtifactError& error) {
    EXPECT_STREQ(error.what(),
                 "'runs/a': tensor 'embedding_0.weight' has 3 rows, expected 4, one for each token");
  }
}

TEST(StartFrom, TakesHashedRowsWhereTheyAreOfTheSameTokens) {
  const Model earlier(kLayers, hashed(4), 1);
  Model later(kLayers, hashed(4), 2);
  EXPECT_EQ(later.start_from(earlier)["rows_found"], 5);
  EXPECT_EQ(later.tensor("embedding_0.weight"), earlier.tensor("embedding_0.weight"));
  for (Vectorizer other : {hashed(5), hashed(4, {1, 2})})
    EXPECT_THAT(
        Model(kLayers, other, 2).fault_of(earlier),
        HasSubstr("embedding_0.weight: its rows are hashed otherwise there (text.standardize, split, "));
  EXPECT_THAT(Model(kLayers, of_tokens({"a"}), 2).fault_of(earlier),
              HasSubstr("embedding_0.weight: its rows are hashed there and tokens of a vocabulary here"));
}

Labels multi_label(std::vector<std::string> names) {
  return {TaskConfig::Kind::kMultiLabel, std::move(names)};
}

Model of_labels(const std::string& layers, std::vector<std::string> names, uint64_t seed) {
  return {layers, of_tokens({"x"}), seed, multi_label(std::move(names))};
}

Model of_two(const std::string& layers, std::vector<std::string> names, uint64_t seed) {
  return {layers, of_tokens({"x"}), seed, {TaskConfig::Kind::kBinary, std::move(names)}};
}

std::vector<float> negative(std::vector<float> numbers) {
  for (float& number : numbers) number = -number;
  return numbers;
}

TEST(StartFrom, TakesLabelsByNameWhateverTheirOrder) {
  constexpr const char* layers = "[{embedding: 2}, mean_pool, {linear: 3}]";
  const Model earlier = of_labels(layers, {"pos", "horror", "comedy"}, 1);
  Model later = of_labels(layers, {"comedy", "horror", "pos"}, 2);
  ::testing::internal::CaptureStderr();
  const Json record = later.start_from(earlier);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              HasSubstr("labels that start from 'runs/a', by name: 'comedy', 'horror', 'pos'; drawn: none; "
                        "not used: none"));
  for (const int64_t label : {0, 1, 2}) {
    EXPECT_EQ(later.row("linear_2.weight", label, 2), earlier.row("linear_2.weight", 2 - label, 2)) << label;
    EXPECT_EQ(later.row("linear_2.bias", label, 1), earlier.row("linear_2.bias", 2 - label, 1)) << label;
  }
  EXPECT_EQ(record["labels"]["matched"], "by name");
}

TEST(StartFrom, DrawsNewLabelsAndLeavesOutThoseThatAreGone) {
  const Model earlier = of_labels("[{embedding: 2}, mean_pool, {linear: 3}]", {"a", "b", "c"}, 1);
  constexpr const char* layers = "[{embedding: 2}, mean_pool, {linear: 4}]";
  Model later = of_labels(layers, {"c", "new", "a", "other"}, 2);
  const Model drawn = later;
  ::testing::internal::CaptureStderr();
  const Json record = later.start_from(earlier);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              HasSubstr("by name: 'c', 'a'; drawn: 'new', 'other'; not used: 'b'"));
  const std::vector<std::pair<std::string, int64_t>> tensors = {{"linear_2.weight", 2}, {"linear_2.bias", 1}};
  for (const auto& [name, size] : tensors) {
    EXPECT_EQ(later.row(name, 0, size), earlier.row(name, 2, size)) << name;
    EXPECT_EQ(later.row(name, 1, size), drawn.row(name, 1, size)) << name;
    EXPECT_EQ(later.row(name, 2, size), earlier.row(name, 0, size)) << name;
    EXPECT_EQ(later.row(name, 3, size), drawn.row(name, 3, size)) << name;
  }
  EXPECT_EQ(record["labels"], Json({{"matched", "by name"},
                                    {"taken", {"c", "a"}},
                                    {"drawn", {"new", "other"}},
                                    {"unused", Json::array({"b"})}}));
  EXPECT_THAT(record["drawn"], IsEmpty()) << "tensors";
}

TEST(StartFrom, OneOfTwoClassesMayBecomeALabel) {
  const Model earlier = of_two("[{embedding: 2}, mean_pool, {linear: 1}]", {"rest", "toxic"}, 1);
  Model later = of_labels("[{embedding: 2}, mean_pool, {linear: 2}]", {"spam", "toxic"}, 2);
  const Json record = later.start_from(earlier);
  EXPECT_EQ(later.row("linear_2.weight", 1, 2), earlier.tensor("linear_2.weight"));
  EXPECT_THAT(record["labels"]["taken"].get<std::vector<std::string>>(), ElementsAre("toxic"));
}

TEST(StartFrom, RefusesALastLayerOfOtherLabelsOnly) {
  constexpr const char* layers = "[{embedding: 2}, mean_pool, {linear: 2}]";
  const Model earlier = of_labels(layers, {"a", "b"}, 1);
  Model later = of_labels(layers, {"c", "d"}, 2);
  EXPECT_EQ(later.fault_of(earlier),
            "model.start_from: the weights of 'runs/a' are not those of this model "
            "(model.start_from.unmatched: draw starts what does not match as without this key):\n"
            "  linear_2.weight: none of its rows there is of a label that this model has\n"
            "  linear_2.bias: none of its rows there is of a label that this model has");
  const std::vector<float> drawn = later.tensor("linear_2.weight");
  const Json record = later.start_from(earlier, true);
  EXPECT_EQ(later.tensor("linear_2.weight"), drawn);
  EXPECT_THAT(record["labels"]["taken"], IsEmpty());
  EXPECT_EQ(record["labels"]["unused"], Json({"a", "b"}));
}

TEST(StartFrom, FindsTheRowsOfLabelsInBranchesWindowsAndNorms) {
  constexpr const char* layers =
      "[{embedding: 2}, {parallel: {join: sum, branches: [[{conv1d: {channels: 2, kernel_size: 3}}, "
      "max_pool], [mean_pool, {linear: 2}]]}}, batch_norm, {dropout: 0.5}]";
  const Model earlier = of_labels(layers, {"a", "b"}, 1);
  Model later = of_labels(layers, {"b", "new"}, 2);
  const Model drawn = later;
  later.start_from(earlier);
  const std::vector<std::pair<std::string, int64_t>> tensors = {
      {"conv1d_1_0_0.weight", 6}, {"conv1d_1_0_0.bias", 1}, {"linear_1_1_1.weight", 2},
      {"linear_1_1_1.bias", 1},   {"batch_norm_2.bias", 1}, {"batch_norm_2.running_var", 1}};
  for (const auto& [name, size] : tensors) {
    EXPECT_EQ(later.row(name, 0, size), earlier.row(name, 1, size)) << name;
    EXPECT_EQ(later.row(name, 1, size), drawn.row(name, 1, size)) << name;
  }
}

TEST(StartFrom, TakesALabelSideBySideFromTheSameBranchOnly) {
  constexpr const char* layers =
      "[{embedding: 2}, {parallel: [[mean_pool, {linear: 2}], [max_pool, {linear: 1}]]}]";
  const Model earlier = of_labels(layers, {"a", "b", "c"}, 1);
  Model later = of_labels(layers, {"b", "c", "a"}, 2);
  EXPECT_THAT(later.fault_of(earlier),
              HasSubstr("linear_1_1_1.weight: none of its rows there is of a label that this model has"));
  const std::vector<float> drawn = later.row("linear_1_0_1.weight", 1, 2);
  const Json record = later.start_from(earlier, true);
  EXPECT_EQ(later.row("linear_1_0_1.weight", 0, 2), earlier.row("linear_1_0_1.weight", 1, 2));
  EXPECT_EQ(later.row("linear_1_0_1.weight", 1, 2), drawn);
  EXPECT_THAT(record["labels"]["taken"].get<std::vector<std::string>>(), ElementsAre("b"));
}

TEST(StartFrom, NegatesALogitWhoseClassesAreTheOtherWayRound) {
  const Model earlier = of_two(kLayers, {"bad", "good"}, 1);
  Model later = of_two(kLayers, {"good", "bad"}, 2);
  ::testing::internal::CaptureStderr();
  const Json record = later.start_from(earlier);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              HasSubstr("the labels of 'runs/a' are bad, good, these the other way round: its logit starts "
                        "negated"));
  for (const char* name : {"linear_4.weight", "linear_4.bias"})
    EXPECT_EQ(later.tensor(name), negative(earlier.tensor(name))) << name;
  for (const char* name : {"linear_2.weight", "linear_2.bias"})
    EXPECT_EQ(later.tensor(name), earlier.tensor(name)) << name;
  EXPECT_EQ(record["labels"]["matched"], "negated");
}

TEST(StartFrom, TakesLabelsByPlaceWithAWarningWhereNothingElseCanBeTold) {
  const auto taken = [](const Model& earlier, Model later, const char* tensor) {
    ::testing::internal::CaptureStderr();
    EXPECT_EQ(later.start_from(earlier)["labels"], Json({{"matched", "by place"}}));
    EXPECT_EQ(later.tensor(tensor), earlier.tensor(tensor));
    return ::testing::internal::GetCapturedStderr();
  };
  EXPECT_THAT(
      taken(of_two(kLayers, {"bad", "good"}, 1), of_two(kLayers, {"dull", "fine"}, 2), "linear_4.weight"),
      HasSubstr("the weights of 'runs/a' were trained for the labels bad, good, and these are dull, fine"));
  // The largest of negated numbers is not the largest one negated.
  constexpr const char* windows = "[{embedding: 2}, {conv1d: {channels: 1, kernel_size: 2}}, max_pool]";
  EXPECT_THAT(
      taken(of_two(windows, {"bad", "good"}, 1), of_two(windows, {"good", "bad"}, 2), "conv1d_1.weight"),
      HasSubstr("were trained for the labels bad, good, and these are good, bad"));
  constexpr const char* columns = "[{embedding: 2}, mean_pool]";
  EXPECT_THAT(
      taken(of_labels(columns, {"a", "b"}, 1), of_labels(columns, {"b", "a"}, 2), "embedding_0.weight"),
      HasSubstr("were trained for the labels a, b, and these are b, a"));
}

}  // namespace
}  // namespace bernoulli
