#include "train/start_from.h"

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

/// A model with drawn weights, and what makes ids for it.
class Model {
 public:
  Model(const std::string& layers, Vectorizer vectorizer, uint64_t seed)
      : vectorizer_(std::move(vectorizer)),
        plan_(testing::plan(layers, {.num_ids = vectorizer_.num_ids()})),
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
    return bernoulli::start_from({"runs/a", draws_unmatched}, {"'runs/a'", hosts.raw(), earlier.vectorizer_},
                                 vectorizer_, plan_);
  }
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
  std::vector<float> row(int64_t id) const {
    const std::vector<float> table = tensor("embedding_0.weight");
    return {table.begin() + 2 * id, table.begin() + 2 * id + 2};
  }

 private:
  Vectorizer vectorizer_;
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

}  // namespace
}  // namespace bernoulli
