// What the name of a cached token file is made of: a key of the configuration that is forgotten there would
// bring the tokens of another one.

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "config/field_builder.h"
#include "config/load.h"
#include "data/token_cache.h"

namespace bernoulli::config {
namespace {

using Overrides = std::vector<Override>;

LoadedConfig loaded(const Overrides& overrides) {
  static const std::vector<KindSchema> layers{{"relu", "max(x, 0)", {}, ""}};
  return load_config_text(
      "data: {train: a.csv, validation: {from: train, fraction: 0.2}, test: t.csv}\n"
      "task: {kind: multi_label, labels: [a, b]}\n"
      "text: {standardize: [], sequence_length: 5}\n"
      "model: {layers: [relu]}\n"
      "training: {epochs: 1}\n",
      "c.yaml", layers, overrides, Contradictions::kIgnored);
}

nlohmann::ordered_json settings(const Overrides& overrides) { return token_settings(loaded(overrides).run); }

struct Change {
  Overrides change;
  Overrides before = {};  ///< what makes it possible
};

TEST(TokenSettings, EveryKeyThatTokensDependOnCounts) {
  const Overrides validation_file{"data.validation={from: null, fraction: null, path: v.csv}"};
  const Overrides folds{"data.validation.fraction=null", "data.validation.folds=5", "data.validation.fold=1"};
  const Overrides test_part{"data.test={path: null, from: train, fraction: 0.1}"};
  const Overrides binary{"task.kind=binary", "task.positive=a"};
  const Overrides words_of_parts{"data.columns.split={column: part}"};
  const std::map<std::string, Change> changes{
      {"data.root", {{"data.root=elsewhere"}}},
      {"data.train.path", {{"data.train.path=b.csv"}}},
      {"data.train.format", {{"data.train.format=tsv"}}},
      {"data.train.fraction", {{"data.train.fraction=0.5"}}},
      {"data.train.seed", {{"data.train.seed=7"}, {"data.train.fraction=0.5"}}},
      {"data.validation.path", {validation_file}},
      {"data.validation.format", {{"data.validation.format=tsv"}, validation_file}},
      {"data.validation.from", {validation_file}},
      {"data.validation.fraction", {{"data.validation.fraction=0.3"}}},
      {"data.validation.folds", {{"data.validation.folds=4"}, folds}},
      {"data.validation.fold", {{"data.validation.fold=2"}, folds}},
      {"data.validation.method", {{"data.validation.method=hash"}}},
      {"data.validation.seed", {{"data.validation.seed=7"}}},
      {"data.test.path", {{"data.test.path=u.csv"}}},
      {"data.test.format", {{"data.test.format=tsv"}}},
      {"data.test.optional", {{"data.test.optional=true"}}},
      {"data.test.from", {test_part}},
      {"data.test.fraction", {{"data.test.fraction=0.2"}, test_part}},
      {"data.test.method", {{"data.test.method=hash"}, test_part}},
      {"data.test.seed", {{"data.test.seed=7"}, test_part}},
      {"data.columns.text", {{"data.columns.text=body"}}},
      {"data.columns.text_separator", {{"data.columns.text_separator='-'"}, {"data.columns.text=[a, b]"}}},
      {"data.columns.label", {{"data.columns.label=topic"}}},
      {"data.columns.label_columns", {{"data.columns.label_columns=[a, b]"}}},
      {"data.columns.label_separator", {{"data.columns.label_separator=;"}}},
      {"data.columns.weight", {{"data.columns.weight=w"}}},
      {"data.columns.split", {words_of_parts}},
      {"data.columns.group", {{"data.columns.group=author"}}},
      {"data.columns.header", {{"data.columns.header=false"}}},
      {"data.columns.quote", {{"data.columns.quote=\"'\""}}},
      {"data.columns.delimiter", {{"data.columns.delimiter=;"}}},
      {"data.cache.check", {{"data.cache.check=contents"}}},
      {"task.kind", {binary}},
      {"task.positive", {{"task.positive=b"}, binary}},
      {"task.positive_above", {{"task.positive_above=0.5"}, {"task.kind=binary", "task.positive_above=0.7"}}},
      {"task.labels", {{"task.labels=[a, c]"}}},
      {"task.min_count", {{"task.min_count=3"}}},
      {"text.vocabulary.max_tokens", {{"text.vocabulary.max_tokens=50"}}},
      {"text.vocabulary.min_count", {{"text.vocabulary.min_count=2"}}},
      {"text.vocabulary.file", {{"text.vocabulary.file=v.txt"}}},
      {"text.hashing", {{"text.hashing.buckets=100"}}},
      {"text.standardize", {{"text.standardize=[lowercase]"}}},
      {"text.split", {{"text.split=character"}}},
      {"text.ngrams", {{"text.ngrams=2"}}},
      {"text.sequence_length", {{"text.sequence_length=7"}}},
  };
  for (const auto& [key, origin] : loaded({}).origin) {
    const bool is_read = key.starts_with("data.") || key.starts_with("task.") || key.starts_with("text.");
    if (!is_read || key == "data.cache.folder" || key == "data.cache.limit_gib") continue;
    ASSERT_TRUE(changes.contains(key)) << key << " is new: change it here, and see that the cache knows it";
    Overrides changed = changes.at(key).before;
    const nlohmann::ordered_json before = settings(changed);
    changed.insert(changed.end(), changes.at(key).change.begin(), changes.at(key).change.end());
    EXPECT_NE(settings(changed), before) << key;
  }
}

TEST(TokenSettings, KeysThatTokensDoNotDependOnDoNotCount) {
  for (const char* key : {"training.seed=7", "training.epochs=9", "model.initializer=torch", "name=other",
                          "data.cache.folder=elsewhere", "data.cache.limit_gib=1"})
    EXPECT_EQ(settings({Override(key)}), settings({})) << key;
}

}  // namespace
}  // namespace bernoulli::config
