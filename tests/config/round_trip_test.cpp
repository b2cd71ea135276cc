#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <variant>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config_fixture.h"
#include "config/scalar.h"
#include "config/yaml_reader.h"
#include "config/yaml_writer.h"

namespace bernoulli::config {
namespace {

void expect_same_after_reload(const std::string& yaml) {
  const LoadedConfig once = load_text(yaml);
  const LoadedConfig twice = load_text(once.run.resolved_yaml);
  EXPECT_EQ(once.resolved, twice.resolved);
  EXPECT_EQ(once.resolved.dump(), twice.resolved.dump());
  EXPECT_EQ(once.run.resolved_yaml, twice.run.resolved_yaml);
}

TEST(ResolvedYaml, LoadsAgainToTheSameConfiguration) {
  expect_same_after_reload(minimal());
  expect_same_after_reload("name: other\n" + minimal());
  expect_same_after_reload(std::string(kData) + kModel + kTraining +
                           "task: {kind: binary, positive_above: 0.1, labels: [bad, good]}");
  expect_same_after_reload(
      std::string(kModel) + kTraining +
      "data: {train: [a.csv, b*.csv], test: {from: train, method: column}, columns: {text: [1, b], split: "
      "{column: "
      "s, train: 0}}}\n"
      "task: {kind: multi_label, min_count: 3}\nloss: {pos_weight: {\"a: b.c\": 2, \"null\": 3}}\n");
  expect_same_after_reload(
      std::string(kModel) +
      "data: {train: a.jsonl, validation: {from: train, fraction: 0.1, method: hash}}\n"
      "task: {kind: multi_label, labels: [a, \"1\", \"null\", \"\\u00e4\"]}\n"
      "loss: {mode: focal_with_logits, pos_weight: auto}\n"
      "text: {standardize: [{replace: [\"\\t\\\"\\\\\", \"\"]}], hashing: 7, ngrams: 4}\n"
      "metrics: {threshold: {recall_at_precision: 0.95}}\n"
      "training: {epochs: 3, schedule: {multi_step: {milestones: [1, 2]}}, early_stopping: 1}\n");
}

TEST(ResolvedYaml, TakesTheOverridesThatItsOriginTakes) {
  for (const std::vector<Override>& overrides :
       std::vector<std::vector<Override>>{{"loss.mode=focal_with_logits"},
                                          {"data.test.path=r.csv"},
                                          {"data.validation={path: null, from: train, fraction: 0.2}"}}) {
    const auto with_overrides = [&](const std::string& yaml) {
      return load_config_text(yaml, "c.yaml", some_layers(), overrides).resolved;
    };
    EXPECT_EQ(with_overrides(load_text(minimal()).run.resolved_yaml), with_overrides(minimal()))
        << overrides.front().text;
  }
}

/// An earlier build may have let pass what this one knows to be a contradiction.
TEST(Contradictions, OfARunAreNotToldAndThoseOfOverridesAre) {
  const std::string contradictory = minimal() + "optimizer: {no_decay: [bias]}\n";
  const auto told_of = [&](const std::vector<Override>& overrides) -> std::string {
    try {
      load_config_text(contradictory, "c.yaml", some_layers(), overrides, Contradictions::kRefusedIfNew);
    } catch (const ConfigError& error) {
      return told(error);
    }
    return "no fault";
  };
  EXPECT_THAT(faults_of(contradictory), ::testing::HasSubstr("optimizer.no_decay: has no meaning"));
  EXPECT_EQ(told_of({}), "no fault");
  EXPECT_EQ(told_of({"data.root=elsewhere"}), "no fault");
  EXPECT_EQ(
      told_of({"export.max_changed=0.1", "data.root=elsewhere"}),
      "--set export.max_changed=0.1: export.max_changed: limits what a smaller table may change, and none "
      "is asked for (expected export.weights float16 or int8, export.buckets used or export.fold, or null "
      "here)");
  EXPECT_THAT(told_of({"training.epochs=-1"}), ::testing::StartsWith("--set training.epochs=-1: "));
}

TEST(ResolvedYaml, StatesEveryKeyOfEverySection) {
  const std::string yaml = load_text(minimal()).run.resolved_yaml;
  EXPECT_EQ(yaml, R"(name: c
data:
  root: "."
  train: {path: t.csv, format: auto, fraction: null, seed: null}
  validation:
    path: v.csv
    format: auto
    from: null
    fraction: null
    folds: null
    fold: null
    method: null
    seed: null
  test: null
  columns:
    text: text
    text_separator: " "
    label: label
    label_columns: []
    label_separator: ","
    weight: null
    split: null
    group: null
    header: true
    quote: "\""
    delimiter: null
  cache: {folder: auto, check: changes, limit_gib: 8.0}
task: {kind: binary, positive: pos, positive_above: null, labels: [], min_count: null}
text:
  vocabulary: {max_tokens: null, min_count: 1, file: null}
  standardize:
    - lowercase: {}
    - strip_punctuation: {}
  split: whitespace
  ngrams: [1]
  sequence_length: null
model:
  initializer: keras
  layers:
    - embedding: {dim: 16, initializer: null}
    - mean_pool: {padding: exclude}
    - linear: {units: 1, bias: true}
  start_from: null
loss: {mode: bce_with_logits, pos_weight: [], label_smoothing: 0.0, gamma: null, alpha: null}
optimizer:
  adam: {lr: 0.001, beta1: 0.9, beta2: 0.999, eps: 1.0e-08, weight_decay: 0.0, amsgrad: false}
  clip_norm: null
  clip_value: null
  no_decay: []
  ema_decay: null
training:
  epochs: 1
  max_steps: null
  max_seconds: null
  batch_size: 32
  accumulate: 1
  eval_batch_size: 512
  seed: 42
  validate_every_epochs: 1
  validate_every_steps: null
  monitor: {metric: loss, mode: auto}
  early_stopping: null
  restore_best: true
  keep_best: 1
  checkpoint_every_steps: null
  engine: auto
  precision: float32
  float32_matmul_precision: highest
  threads: 0
  schedule:
    constant: {warmup_steps: 0}
metrics:
  temperature: none
  shift: none
  threshold:
    fixed: {value: 0.5}
  f_beta: 2.0
  calibration_bins: 15
export: {weights: float32, buckets: all, fold: false, max_changed: null}
stability:
  seeds: 3
  epochs: null
  max_steps: null
  dtypes: [float64, float32, bfloat16, float16]
  stress:
    - output_bias: {value: 30.0}
    - learning_rate: {factor: 300.0}
    - input_scale: {factor: 100.0}
    - label_noise: {share: 0.2}
    - half_precision: {dtype: bfloat16}
    - confident_init: {spread: 40.0}
)");
}

TEST(ResolvedYaml, KeepsEveryBitOfANumber) {
  FieldSchema number;
  number.type = FieldType::kNumber;
  std::mt19937_64 bits(1);
  int tried = 0;
  while (tried < 2000) {
    const uint64_t pattern = bits();
    double value;
    static_assert(sizeof value == sizeof pattern);
    std::memcpy(&value, &pattern, sizeof value);
    if (!std::isfinite(value) || std::fpclassify(value) == FP_SUBNORMAL) continue;
    ++tried;
    const std::string written = write_yaml_inline(value);
    Faults faults;
    const auto node = read_yaml_value(written, std::make_shared<const std::string>("f"), "k", faults);
    ASSERT_TRUE(node) << written;
    const ScalarValue read = read_scalar(number, *node);
    ASSERT_TRUE(std::holds_alternative<Json>(read)) << written;
    ASSERT_EQ(std::get<Json>(read).get<double>(), value) << written;
    if (tried > 50) continue;  // the same way, in a whole configuration
    const std::string yaml =
        std::string(kData) + kModel + kTraining + "task: {kind: binary, positive_above: " + written + "}";
    const LoadedConfig loaded = load_text(yaml);
    ASSERT_EQ(loaded.run.task.positive_above, value) << yaml;
    ASSERT_EQ(load_text(loaded.run.resolved_yaml).run.task.positive_above, value);
  }
}

TEST(ResolvedYaml, KeepsEveryByteOfAText) {
  std::mt19937 random(2);
  const std::vector<std::string> pieces{"a",
                                        " ",
                                        "\n",
                                        "\t",
                                        "\"",
                                        "'",
                                        "\\",
                                        "#",
                                        ": ",
                                        "- ",
                                        "{",
                                        "[",
                                        "&",
                                        "*",
                                        "!",
                                        "%",
                                        "@",
                                        "`",
                                        "\x01",
                                        "\x7f",
                                        "\xc2\x85",
                                        "\xc2\xa0",
                                        "\xe2\x80\xa8",
                                        "\xef\xbb\xbf",
                                        "\xc3\xa4",
                                        "\xf0\x9f\x98\x80",
                                        "null",
                                        "~",
                                        "1e5",
                                        "yes",
                                        "\r",
                                        "\xef\xbf\xbf"};
  for (int i = 0; i < 3000; ++i) {
    std::string text;
    for (size_t n = random() % 6 + 1; n > 0; --n) text += pieces[random() % pieces.size()];
    Faults faults;
    const auto node = read_yaml(write_yaml(Json{{"k", text}, {"l", Json::array({text})}}),
                                std::make_shared<const std::string>("t"), faults);
    ASSERT_TRUE(node);
    ASSERT_EQ(node->find("k")->scalar, text);
    ASSERT_EQ(node->find("l")->items[0].scalar, text);
  }
}

TEST(ResolvedYaml, LeavesBytesThatAreNoUtf8AsTheyAre) {
  for (const char* text : {"a\x80 \xff", "\xe2\x82", "\xf0\x9f\x98"})
    EXPECT_EQ(write_yaml_inline(text), "\"" + std::string(text) + "\"");
}

}  // namespace
}  // namespace bernoulli::config
