// Lists of layers inside a layer, as a configuration has them.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/describe.h"
#include "config/faults.h"
#include "config/json_schema.h"
#include "config/load.h"
#include "core/error.h"
#include "layers/layer_kind.h"
#include "layers/model_plan.h"

namespace bernoulli::config {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string with_layers(const std::string& layers) {
  return "data: {train: t.csv, validation: v.csv}\ntask: {kind: binary, positive: pos}\n"
         "training: {epochs: 1}\nmodel:\n  layers:\n" +
         layers;
}

constexpr const char* kTextCnn =
    "    - embedding: 8\n"
    "    - parallel:\n"
    "        - [{conv1d: {channels: 3, kernel_size: 3}}, {dropout: 0.1}, max_pool]\n"
    "        - [{conv1d: {channels: 3, kernel_size: 4}}, max_pool]\n"
    "    - linear: 1\n";

LoadedConfig load_layers(const std::string& layers, const std::vector<Override>& overrides = {}) {
  return load_config_text(with_layers(layers), "c.yaml", layers::layer_schemas(), overrides);
}

std::string faults_of(const std::string& layers, const std::vector<Override>& overrides = {}) {
  try {
    load_layers(layers, overrides);
  } catch (const UsageError& error) {
    return fmt::format("{}", fmt::join(lines_of(error), "\n"));
  }
  return "no fault";
}

TEST(Branches, AreListsOfLayersWithTheirPlaces) {
  const KindConfig parallel = load_layers(kTextCnn).run.model.layers.at(1);
  EXPECT_EQ(parallel.args, (Json{{"join", "concat"}}));
  ASSERT_EQ(parallel.branches.size(), 2u);
  ASSERT_EQ(parallel.branches[0].size(), 3u);
  EXPECT_EQ(parallel.branches[0][1].kind, "dropout");
  EXPECT_EQ(parallel.branches[0][1].args, (Json{{"rate", 0.1}}));
  EXPECT_EQ(parallel.branches[0][1].where, "c.yaml:8:54");
  EXPECT_EQ(parallel.branches[1][0].args["kernel_size"], 4);
}

TEST(Branches, MayEndAModelWhoseLabelsAreStillUnknown) {
  const auto features = [](const std::string& layers) {
    const RunConfig run = load_layers("    - embedding: 8\n    - mean_pool\n" + layers).run;
    return layers::output_features(run.model, run.text, 10);
  };
  EXPECT_EQ(features("    - linear: 8\n    - parallel: {join: sum, branches: [[{linear: 8}], []]}\n"), 8);
  EXPECT_EQ(features("    - parallel: [[{linear: 3}], []]\n"), 11);
  EXPECT_EQ(features("    - parallel: [[{linear: 3}], [{linear: 2}]]\n"), 5);
  EXPECT_EQ(features("    - max_pool\n"), std::nullopt);
}

TEST(Branches, MayBeEmptyAndHoldBranches) {
  const KindConfig parallel =
      load_layers(
          "    - embedding: 8\n"
          "    - parallel: {join: sum, branches: [[], [{parallel: [[relu], [tanh]]}]]}\n"
          "    - mean_pool\n    - linear: 1\n")
          .run.model.layers.at(1);
  EXPECT_TRUE(parallel.branches.at(0).empty());
  EXPECT_EQ(parallel.branches.at(1).at(0).branches.at(1).at(0).kind, "tanh");
}

TEST(Branches, HaveTheirFaultsToldAtOnceAndInPlace) {
  EXPECT_EQ(
      faults_of("    - embedding: 8\n"
                "    - parallel:\n"
                "        - [{conv1d: {channels: 3}}, max_pol]\n"
                "        - relu\n"
                "        - [{parallel: [[{dropout: 2}], []]}]\n"
                "        - [{mean_pool: {paddin: include}}]\n"
                "    - linear: 1\n"),
      "c.yaml:8:21: model.layers[1].parallel.branches[0][0].conv1d.kernel_size: is missing (expected an "
      "integer from 1 to 1024)\n"
      "c.yaml:8:37: model.layers[1].parallel.branches[0][1]: unknown kind 'max_pol' (expected embedding, "
      "embedding_bag, dropout, spatial_dropout, word_dropout, conv1d, gru, lstm, mean_pool, max_pool, "
      "sum_pool, attention_pool, linear, relu, tanh, gelu, sigmoid, leaky_relu, silu, layer_norm, "
      "batch_norm or parallel); did you mean 'max_pool'?\n"
      "c.yaml:9:11: model.layers[1].parallel.branches[1]: is 'relu' (expected a list of 0 to 256 steps such "
      "as `- name: {key: value}`)\n"
      "c.yaml:10:35: model.layers[1].parallel.branches[2][0].parallel.branches[0][0].dropout.rate: is '2', "
      "out of range (expected a number of at least 0 and below 1)\n"
      "c.yaml:11:25: model.layers[1].parallel.branches[3][0].mean_pool.paddin: unknown key (expected "
      "padding); did you mean 'padding'?");
  EXPECT_THAT(
      faults_of("    - embedding: 8\n    - parallel: [[mean_pool]]\n    - linear: 1\n"),
      HasSubstr("c.yaml:7:17: model.layers[1].parallel.branches: has 1 items (expected a list of 2 to 64 "));
  EXPECT_THAT(
      faults_of("    - embedding: 8\n    - parallel: [[mean_pool], [{max_pool: {padding: include}}]]\n"
                "    - linear: 1\n"),
      AllOf(HasSubstr("c.yaml:7:"),
            HasSubstr("model.layers[1].parallel.branches[1][0].max_pool.padding: is include, but "
                      "text.sequence_length is not set")));
}

TEST(Branches, AreReachedByOverrides) {
  const auto rate = [](const std::string& path) {
    const LoadedConfig loaded = load_layers(kTextCnn, {path});
    return loaded.run.model.layers.at(1).branches.at(0).at(1).args.at("rate");
  };
  EXPECT_EQ(rate("model.layers[1].parallel[0][1].dropout=.5"), 0.5);
  EXPECT_EQ(rate("model.layers[1].parallel[0][1].dropout.rate=.5"), 0.5);
  EXPECT_EQ(rate("model.layers[1].parallel.branches[0][1].dropout=.5"), 0.5);
  const LoadedConfig loaded =
      load_layers(kTextCnn, {"model.layers[1].parallel.join=sum", "model.layers[1].parallel[1]=[mean_pool]",
                             "model.layers[1].parallel[0][0].conv1d.channels=8"});
  const KindConfig& parallel = loaded.run.model.layers.at(1);
  EXPECT_EQ(parallel.args.at("join"), "sum");
  EXPECT_EQ(parallel.branches.at(1).at(0).kind, "mean_pool");
  EXPECT_EQ(parallel.branches.at(0).at(0).args.at("channels"), 8);
  EXPECT_THAT(faults_of(kTextCnn, {"model.layers[1].parallel[0][1].dropout=.5",
                                   "model.layers[1].parallel=[[mean_pool], [max_pool]]"}),
              HasSubstr("model.layers[1].parallel: takes away what --set "
                        "model.layers[1].parallel[0][1].dropout=.5 sets"));
  EXPECT_THAT(faults_of(kTextCnn, {"model.layers[1].parallel[2][0].dropout=.5"}),
              HasSubstr("model.layers[1].parallel.branches: has no item [2] (it has 2, counted from 0)"));
  EXPECT_THAT(faults_of(kTextCnn, {"model.layers[1].parallel[0][3].dropout=.5"}),
              HasSubstr("model.layers[1].parallel.branches[0]: has no item [3] (it has 3, counted from 0)"));
}

TEST(Branches, SurviveTheResolvedForm) {
  const LoadedConfig loaded = load_layers(kTextCnn);
  EXPECT_EQ(load_config_text(loaded.run.resolved_yaml, "c.yaml", layers::layer_schemas()).resolved,
            loaded.resolved);
  EXPECT_THAT(show_with_origin(loaded),
              HasSubstr("model.layers[1].parallel.branches[0][1].dropout.rate = 0.1"));
}

TEST(Branches, AreDocumentedOnce) {
  const std::string parallel = describe(layers::layer_schemas(), "model.layers.parallel");
  EXPECT_THAT(parallel,
              AllOf(HasSubstr("model.layers.parallel.branches\n"), HasSubstr("kinds as in model.layers\n"),
                    HasSubstr("model.layers.parallel.join\n")));
  EXPECT_EQ(parallel.find("conv1d"), std::string::npos);
  EXPECT_THAT(describe(layers::layer_schemas(), "model.layers[1].parallel.branches[0].conv1d.channels"),
              HasSubstr("numbers out at each position"));
}

TEST(Branches, ReferToTheOneSchemaOfALayer) {
  const Json schema = json_schema(layers::layer_schemas());
  const Json reference{{"$ref", "#/$defs/layer"}};
  EXPECT_EQ(schema["properties"]["model"]["properties"]["layers"]["items"], reference);
  const Json& parallel = schema["$defs"]["layer"]["anyOf"][0]["properties"]["parallel"];
  const Json& branches = parallel["anyOf"][0]["properties"]["branches"];
  EXPECT_EQ(branches["items"]["items"], reference);
  EXPECT_EQ(branches["minItems"], 2);
}

}  // namespace
}  // namespace bernoulli::config
