#include "config/differences.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config_fixture.h"
#include "config/key_path.h"
#include "config/schema.h"

namespace bernoulli::config {
namespace {

using Json = nlohmann::ordered_json;

TEST(Differences, NameTheKeyAndEveryValue) {
  const std::vector<Difference> found =
      differences({Json::parse(R"({"a": {"b": 1, "c": [1, 2]}, "d": "x"})"),
                   Json::parse(R"({"a": {"b": 1, "c": [1, 3]}, "d": "x"})"),
                   Json::parse(R"({"a": {"b": 2, "c": [1, 2]}, "d": "x"})")});
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].key, "a.b");
  EXPECT_EQ(found[0].values, (std::vector<Json>{1, 1, 2}));
  EXPECT_EQ(found[1].key, "a.c");
  EXPECT_EQ(found[1].values[1], Json::parse("[1, 3]"));
}

TEST(Differences, AreNullWhereAKeyIsMissing) {
  const std::vector<Difference> found = differences(
      {Json::parse(R"({"a": {"b": 1}})"), Json::parse(R"({"a": {"c": 2}})"), Json::parse(R"({"a": 3})")});
  ASSERT_EQ(found.size(), 1u);  // not all of them are sections
  EXPECT_EQ(found[0].key, "a");
  const std::vector<Difference> inside =
      differences({Json::parse(R"({"a": {"b": 1}})"), Json::parse(R"({"a": {"c": 2}})")});
  ASSERT_EQ(inside.size(), 2u);
  EXPECT_EQ(inside[0].key, "a.b");
  EXPECT_TRUE(inside[0].values[1].is_null());
  EXPECT_EQ(inside[1].key, "a.c");
}

TEST(Differences, OfTheSameAreNone) {
  EXPECT_TRUE(differences({Json::parse(R"({"a": 1})"), Json::parse(R"({"a": 1})")}).empty());
  EXPECT_TRUE(differences({Json::parse(R"({"a": 1})")}).empty());
}

TEST(Differences, AreToldAsALineEachWithTheirPlaces) {
  const std::vector<Difference> found = differences(
      {Json::parse(R"({"a": {"b": 1}, "d": "x"})"), Json::parse(R"({"a": {"b": [2]}, "d": null})")});
  EXPECT_EQ(difference_text(found[0], "in the run"), "a.b: 1 in the run, [2] now");
  EXPECT_EQ(difference_lines(found, "in the checkpoint", "in config.yaml"),
            "\n  a.b: 1 in the checkpoint, [2] in config.yaml"
            "\n  d: \"x\" in the checkpoint, null in config.yaml");
  EXPECT_EQ(difference_lines({}, "in the run"), "");
}

/// Every section and every map in it is there, so that its resolution has every key of the schema but those
/// of kinds that were not chosen.
constexpr const char* kEverySection = R"(
name: all
data:
  train: {path: a.csv, fraction: 0.5, seed: 1}
  validation: {from: train, folds: 5, fold: 2, method: stratified, seed: 3}
  test: b.csv
  columns: {text: [t, u], label_columns: [a, b], split: null, group: g}
task: {kind: multi_label}
text: {standardize: [lowercase, {replace: [c, ""]}], vocabulary: {max_tokens: 100}, ngrams: 2}
model:
  layers: [{embedding: 8}, mean_pool, {parallel: [[{linear: 2}], [{linear: 3}, relu]]}, {linear: 2}]
  start_from: old
loss: {pos_weight: {a: 2, b: 3}}
optimizer: {adamw: {lr: 0.1}, no_decay: ["*.bias"]}
training: {epochs: 3, early_stopping: 2, schedule: {multi_step: {milestones: [1, 2]}}}
metrics: {threshold: {fixed: [0.5, 0.6]}}
stability: {stress: [output_bias]}
)";

Json another(const Json& value) {
  if (value.is_boolean()) return !value.get<bool>();
  if (value.is_number()) return value.get<double>() + 1;
  if (value.is_string()) return value.get<std::string>() + "x";
  return 1;
}

void expect_every_key(const FieldSchema& schema, const Json& value, const std::string& path) {
  for (const FieldSchema& field : schema.fields) {
    if (field.key == "base") continue;  // is not kept
    const std::string below = join_path(path, field.key);
    ASSERT_TRUE(value.contains(field.key)) << below;
    if (field.type != FieldType::kMap) continue;
    ASSERT_TRUE(value[field.key].is_object() || below == "data.columns.split") << below;
    if (value[field.key].is_object()) expect_every_key(field, value[field.key], below);
  }
}

/// A program that learns a key has it where earlier settings lack it; a list that grew is another one.
TEST(DifferencesSince, AreThoseOfEachKeyAndNoneOfOnesThatAreNew) {
  const Json now = load_text(kEverySection).resolved;
  expect_every_key(run_schema(some_layers()), now, "");
  EXPECT_TRUE(differences_since(now, now).empty());
  const Json leaves = now.flatten();
  for (const auto& [pointer, value] : leaves.items()) {
    const Json::json_pointer place(pointer);
    Json changed = now;
    changed[place] = another(value);
    EXPECT_EQ(differences_since(now, changed).size(), 1u) << pointer;
    EXPECT_EQ(differences_since(changed, now).size(), 1u) << pointer;
    Json earlier = now;
    Json& around = earlier[place.parent_pointer()];
    if (around.is_object()) {
      around.erase(place.back());
      EXPECT_TRUE(differences_since(earlier, now).empty()) << pointer;
    } else {
      around.erase(around.size() - 1);
      EXPECT_EQ(differences_since(earlier, now).size(), 1u) << pointer;
    }
  }
}

TEST(DifferencesSince, HaveWhatIsNoMoreThere) {
  const std::vector<Difference> found =
      differences_since(Json::parse(R"({"a": {"b": 1, "c": 2}})"), Json::parse(R"({"a": {"c": 2, "d": 3}})"));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].key, "a.b");
  EXPECT_TRUE(found[0].values[1].is_null());
}

}  // namespace
}  // namespace bernoulli::config
