#include <cmath>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config_fixture.h"
#include "config/schema.h"

namespace bernoulli::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// The minimal configuration with one more section behind it, in line 5.
std::string faults_with(const std::string& section) { return faults_of(minimal() + section); }

/// The minimal configuration with another training section in line 4.
std::string faults_with_training(const std::string& keys) {
  return faults_of(std::string(kData) + kTask + kModel + "training: {epochs: 1, " + keys + "}");
}

std::string faults_with_layers(const std::string& layers) {
  return faults_of(std::string(kData) + kTask + kTraining + "model: {layers: " + layers + "}");
}

TEST(Validation, ReportsEveryFaultAtOnceInOrder) {
  EXPECT_EQ(
      faults_of("data: {train: t.csv, trian: x}\n"
                "task: {kind: binary, positive: pos}\n"
                "model: {layers: [{embeding: 16}, {linear: {unit: 1}}]}\n"
                "training: {epochs: ten, batch_size: 0}\n"
                "optimiser: {adam: {}}\n"),
      "c.yaml:1:22: data.trian: unknown key (expected root, train, validation, test, columns or cache); did "
      "you "
      "mean 'train'?\n"
      "c.yaml:3:19: model.layers[0]: unknown kind 'embeding' (expected embedding, embedding_bag, dropout, "
      "mean_pool, "
      "linear, relu, sigmoid or parallel); did you mean 'embedding'?\n"
      "c.yaml:3:44: model.layers[1].linear.unit: unknown key (expected units or bias); did you mean "
      "'units'?\n"
      "c.yaml:4:20: training.epochs: is 'ten' (expected an integer from 1 to 1000000000)\n"
      "c.yaml:4:37: training.batch_size: is '0', out of range (expected an integer from 1 to 1000000000)\n"
      "c.yaml:5:1: optimiser: unknown key (expected base, name, data, task, text, model, loss, optimizer, "
      "training, metrics, export or stability); did you mean 'optimizer'?");
}

/// With the whole key, of the optimizer that stands there where one does.
TEST(Validation, NamesTheKeyOfThatNameThatStandsElsewhere) {
  const auto hint = [](const std::string& more) {
    const std::string fault = faults_of(minimal() + more);
    const size_t at = fault.find("; did you mean ");
    return at == std::string::npos ? fault : fault.substr(at + 2);
  };
  EXPECT_EQ(hint("epochs: 3\n"), "did you mean 'training.epochs'?");
  EXPECT_EQ(hint("optimizer: {sgd: {momentum: 0.9}, lr: 0.1}\n"), "did you mean 'optimizer.sgd.lr'?");
  EXPECT_EQ(hint("optimizer: {adamw: {}}\nlr: 0.1\n"), "did you mean 'optimizer.adamw.lr'?");
  EXPECT_EQ(hint("optimizer: {lr: 0.1}\n"),
            "did you mean 'optimizer.sgd.lr', 'optimizer.adam.lr', 'optimizer.adamw.lr', "
            "'optimizer.rmsprop.lr' or 'optimizer.adagrad.lr'?");
  EXPECT_EQ(hint("optimiser: {lr: 0.1}\n"), "did you mean 'optimizer'?");
  EXPECT_THAT(hint("colour: 0.1\n"), HasSubstr("colour: unknown key"));
}

TEST(Validation, MissingKeysAreNamedWithWhatTheyTake) {
  EXPECT_EQ(
      faults_of("{}"),
      "c.yaml:1:1: data.train.path: is missing (expected a text that is not empty, or a list of at least 1 "
      "texts)\n"
      "c.yaml:1:1: task.kind: is missing (expected binary or multi_label)\n"
      "c.yaml:1:1: model.layers: is missing (expected a list of 1 to 256 steps such as `- name: {key: "
      "value}`)\n"
      "c.yaml:1:1: training: has no limit (expected at least one of epochs, max_steps and max_seconds)");
}

TEST(Validation, AFileIsAMap) {
  EXPECT_EQ(faults_of(""),
            "c.yaml:1:1: the document is empty (expected a map with the sections data, task, model, "
            "training, ...)");
  EXPECT_EQ(faults_of("# only a comment\n"), faults_of(""));
  EXPECT_EQ(faults_of("!2"), faults_of(""));
  EXPECT_THAT(faults_of("- a\n"), StartsWith("c.yaml:1:1: the document is a list (expected a map"));
  EXPECT_THAT(faults_of("word"), StartsWith("c.yaml:1:1: the document is a single value (expected a map"));
}

TEST(Validation, IntegersAreDecimalAndFit) {
  const auto fault = [](const std::string& value) { return faults_with_training("batch_size: " + value); };
  const std::string expected = " (expected an integer from 1 to 1000000000)";
  EXPECT_EQ(fault("0"), "c.yaml:4:35: training.batch_size: is '0', out of range" + expected);
  EXPECT_THAT(fault("-1"), HasSubstr("is '-1', out of range"));
  EXPECT_THAT(fault("1000000001"), HasSubstr("out of range"));
  EXPECT_THAT(fault("9223372036854775808"), HasSubstr("does not fit in a signed 64-bit integer" + expected));
  EXPECT_THAT(fault("1.0"), HasSubstr("is '1.0'" + expected));
  EXPECT_THAT(fault("1e3"), HasSubstr("is '1e3'" + expected));
  EXPECT_THAT(fault("0x10"), HasSubstr("is '0x10'; only decimal digits are accepted" + expected));
  EXPECT_THAT(fault("010"),
              HasSubstr("is '010'; a leading zero would mean octal elsewhere and is not accepted"));
  EXPECT_THAT(fault("1_000"), HasSubstr("'_' between digits is not accepted"));
  EXPECT_THAT(fault("\"8\""), HasSubstr("is '8'; it is in quotes, which makes it a text"));
  EXPECT_THAT(fault("true"), HasSubstr("is 'true'" + expected));
  EXPECT_THAT(fault("[8]"), HasSubstr("is a list" + expected));
  EXPECT_THAT(fault("{a: 1}"), HasSubstr("is a map" + expected));
  EXPECT_THAT(fault("null"), HasSubstr("is empty" + expected));
  EXPECT_EQ(fault("+8"), "no fault");
  EXPECT_THAT(faults_with_training("seed: -1"),
              HasSubstr("(expected an integer from 0 to 9223372036854775807)"));
}

TEST(Validation, NumbersAreDecimalAndFinite) {
  const auto fault = [](const std::string& value) {
    return faults_with("optimizer: {adam: {lr: " + value + "}}");
  };
  EXPECT_EQ(
      fault("0"),
      "c.yaml:5:24: optimizer.adam.lr: is '0', out of range (expected a number above 0 and at most 3.4e+38)");
  EXPECT_THAT(fault("1e999"), HasSubstr("is '1e999', which does not fit in a 64-bit floating-point number"));
  EXPECT_THAT(fault("1e-999"), HasSubstr("does not fit in a 64-bit floating-point number"));
  EXPECT_THAT(fault(".nan"), HasSubstr("is '.nan'; only finite numbers are accepted"));
  EXPECT_THAT(fault("-.inf"), HasSubstr("only finite numbers are accepted"));
  EXPECT_THAT(fault("0x1p3"), HasSubstr("only decimal digits are accepted"));
  EXPECT_THAT(fault("1e"), HasSubstr("is '1e' (expected a number above 0 and at most 3.4e+38)"));
  EXPECT_THAT(fault("."), HasSubstr("is '.' (expected a number above 0 and at most 3.4e+38)"));
  EXPECT_THAT(fault("1.2.3"), HasSubstr("is '1.2.3' (expected"));
  for (const char* valid : {"1", "1.", ".5", "1e-3", "1.5E+2", "+0.1"})
    EXPECT_EQ(fault(valid), "no fault") << valid;
  EXPECT_THAT(faults_with("optimizer: {adam: {beta1: 1}}"),
              HasSubstr("(expected a number of at least 0 and below 1)"));
}

/// The keys of numbers that have no upper bound.
void add_unbounded(const FieldSchema& schema, const std::string& path, std::vector<std::string>& found) {
  if (schema.type == FieldType::kNumber && std::isinf(schema.maximum)) found.push_back(path);
  for (const FieldSchema& field : schema.fields) add_unbounded(field, path + "." + field.key, found);
  if (schema.kinds == nullptr || path.starts_with(".model")) return;
  for (const KindSchema& kind : *schema.kinds) {
    for (const FieldSchema& field : kind.fields)
      add_unbounded(field, path + "." + kind.name + "." + field.key, found);
  }
}

TEST(Validation, NumbersThatBecomeFloat32FitThere) {
  EXPECT_THAT(
      faults_with("optimizer: {clip_value: 1e39, sgd: {}}"),
      HasSubstr("optimizer.clip_value: is '1e39', out of range (expected a number above 0 and at most "
                "3.4e+38)"));
  EXPECT_EQ(load_text(minimal() + "optimizer: {clip_value: 3.4e38}").run.optimizer.clip_value, 3.4e38);
  std::vector<std::string> in_float64;
  add_unbounded(run_schema(some_layers()), "", in_float64);
  EXPECT_THAT(in_float64,
              ElementsAre(".task.positive_above", ".optimizer.adagrad.lr_decay", ".training.max_seconds",
                          ".training.early_stopping.min_delta", ".training.schedule.one_cycle.div_factor",
                          ".training.schedule.one_cycle.final_div_factor", ".metrics.f_beta"))
      << "a number that becomes a float32 is declared with Field::float32()";
}

TEST(Validation, TruthIsTrueOrFalse) {
  for (const char* value : {"yes", "no", "on", "off", "True", "1", "\"true\""}) {
    EXPECT_THAT(faults_with_training(std::string("restore_best: ") + value),
                HasSubstr("(expected true or false)"))
        << value;
  }
  EXPECT_EQ(faults_with_training("restore_best: false"), "no fault");
}

TEST(Validation, WordsOutsideTheChoicesAreCorrected) {
  EXPECT_EQ(faults_with("loss: {mode: bce_with_logit}"),
            "c.yaml:5:14: loss.mode: is 'bce_with_logit' (expected bce_with_logits, sigmoid_bce, "
            "sigmoid_bce_clipped or focal_with_logits); did you mean 'bce_with_logits'?");
  EXPECT_THAT(faults_with("text: {split: words}"),
              HasSubstr("text.split: is 'words' (expected whitespace or character)"));
}

TEST(Validation, EveryMisspeltKeyGetsItsSuggestion) {
  const LoadedConfig loaded = load_text(minimal());
  for (const auto& [path, value] : loaded.resolved["training"].items()) {
    std::string misspelt = path;
    std::swap(misspelt[1], misspelt[2]);
    if (misspelt == path) misspelt += "x";
    EXPECT_THAT(faults_with_training(misspelt + ": 1"), HasSubstr("did you mean '" + path + "'?"))
        << misspelt;
  }
}

TEST(Validation, ListsHaveALengthAndTypedItems) {
  EXPECT_THAT(faults_with("text: {ngrams: []}"),
              HasSubstr("text.ngrams: has 0 items (expected a list of 1 to 16 integers from 1 to 16)"));
  EXPECT_THAT(faults_with("text: {ngrams: 0}"), HasSubstr("text.ngrams: is '0' (expected a list"));
  EXPECT_THAT(faults_with("text: {ngrams: [1, x]}"),
              HasSubstr("text.ngrams[1]: is 'x' (expected an integer from 1 to 16)"));
  EXPECT_THAT(faults_with("text: {ngrams: [null]}"), HasSubstr("text.ngrams[0]: is empty"));
  EXPECT_THAT(faults_with("optimizer: {no_decay: bias}"),
              HasSubstr("optimizer.no_decay: is 'bias' (expected a list of texts)"));
  EXPECT_THAT(
      faults_with("loss: {pos_weight: [0]}"),
      HasSubstr(
          "loss.pos_weight[0]: is '0', out of range (expected a number above 0 and at most 1000000000)"));
  EXPECT_THAT(
      faults_with("loss: {pos_weight: automatic}"),
      HasSubstr(
          "is 'automatic' (expected a list of numbers above 0 and at most 1000000000 or auto, or a map of "
          "at least 1 labels, each with a number above 0 and at most 1000000000)"));
}

TEST(Validation, KindsAreNamedOneAtATime) {
  EXPECT_THAT(faults_with_layers("[]"), HasSubstr("model.layers: has 0 items"));
  EXPECT_THAT(faults_with_layers("[{dropout: null, rate: 0.2}, {linear: 1}]"),
              HasSubstr("model.layers[0]: has 2 keys, 'dropout' and 'rate' (expected one kind, with its own "
                        "keys in braces or indented below it)"));
  EXPECT_THAT(faults_with_layers("[{}]"), HasSubstr("model.layers[0]: has 0 keys (expected one kind"));
  EXPECT_THAT(faults_with_layers("[[linear]]"),
              HasSubstr("model.layers[0]: is a list (expected embedding, "));
  EXPECT_THAT(faults_with_layers("[{relu: 3}]"),
              HasSubstr("model.layers[0].relu: is '3' (expected nothing: it has no keys)"));
  EXPECT_THAT(faults_with_layers("[{linear: [1, 2]}]"),
              HasSubstr("model.layers[0].linear: is a list (expected a map of units and bias)"));
  EXPECT_THAT(
      faults_with_layers("[dropout, {linear: 1}]"),
      HasSubstr("model.layers[0].dropout.rate: is missing (expected a number of at least 0 and below 1)"));
  EXPECT_THAT(faults_with_layers("{linear: 1}"), HasSubstr("model.layers: is a map (expected a list"));
  EXPECT_THAT(faults_with("optimizer: {adam: {}, sgd: {}}"),
              HasSubstr("c.yaml:5:23: optimizer: has both 'adam' and 'sgd' (expected exactly one of sgd, "
                        "adam, adamw, rmsprop or adagrad)"));
  EXPECT_THAT(faults_with("text: {vocabulary: {}, hashing: 5}"),
              HasSubstr("text: has both 'vocabulary' and 'hashing'"));
  EXPECT_THAT(faults_with("optimizer: {adma: {lr: 1}}"),
              HasSubstr("optimizer.adma: unknown key (expected clip_norm, clip_value, no_decay, ema_decay, "
                        "sgd, adam, adamw, rmsprop or adagrad); did you mean 'adam'?"));
  EXPECT_THAT(faults_with("text: {standardize: [{replace: [a, b, c]}]}"),
              HasSubstr("text.standardize[0].replace: is a list (expected a map of from and to)"));
  EXPECT_THAT(faults_with("text: {standardize: [{replace: [a]}]}"),
              HasSubstr("text.standardize[0].replace.to: is missing"));
  EXPECT_THAT(
      faults_with("text: {standardize: [{replace: [\"\", a]}]}"),
      HasSubstr("text.standardize[0].replace.from: is '', 0 bytes long (expected a text that is not empty)"));
  EXPECT_THAT(
      faults_with("metrics: {threshold: max_f2}"),
      HasSubstr("metrics.threshold: unknown kind 'max_f2' (expected fixed, highest, max_f1, max_f_beta, "
                "precision_at_recall or recall_at_precision); did you mean 'max_f1'?"));
}

TEST(Validation, KeysOfAnotherChoiceAreRefused) {
  EXPECT_THAT(
      faults_with("loss: {gamma: 2}"),
      HasSubstr(
          "c.yaml:5:15: loss.gamma: has a meaning only where 'mode' is focal_with_logits (leave it out)"));
  const std::string rest = std::string(kTask) + kModel + kTraining;
  EXPECT_THAT(
      faults_of(rest + "data: {train: t, validation: {path: v, fraction: 0.1}}"),
      HasSubstr(
          "data.validation.fraction: has no meaning without 'from' (expected 'from' beside it, or neither)"));
  EXPECT_THAT(
      faults_of(rest + "data: {train: t, validation: {from: train}}"),
      HasSubstr("data.validation.fraction: is missing (expected a number above 0 and below 1, or folds"));
  EXPECT_THAT(faults_of(rest + "data: {train: t, test: {from: train}}"),
              HasSubstr("data.test.fraction: is missing (expected a number above 0 and below 1)"));
  EXPECT_THAT(faults_of(rest + "data: {train: t, validation: {path: v, from: train, fraction: 0.1}}"),
              HasSubstr("data.validation: has path and from (expected exactly one of path and from)"));
  EXPECT_THAT(faults_of(rest + "data: {train: t, test: {seed: 1}}"),
              HasSubstr("data.test: has neither path nor from"));
  EXPECT_THAT(faults_of(rest + "data: {train: t, validation: {path: v, optional: true}}"),
              HasSubstr("data.validation.optional: unknown key"));
  const std::string without_task = std::string(kData) + kModel + kTraining;
  EXPECT_THAT(faults_of(without_task + "task: {kind: binary}"),
              HasSubstr("task: has neither positive nor positive_above (expected exactly one of positive and "
                        "positive_above)"));
  EXPECT_THAT(faults_of(without_task + "task: {kind: binary, positive: a, positive_above: 0}"),
              HasSubstr("task: has positive and positive_above (expected exactly one"));
  EXPECT_THAT(faults_of(without_task + "task: {kind: multi_label, labels: [a], positive: a}"),
              HasSubstr("task.positive: has a meaning only where 'kind' is binary"));
  EXPECT_EQ(faults_of(without_task + "task: {kind: bynary, positive: a}"),
            "c.yaml:4:14: task.kind: is 'bynary' (expected binary or multi_label); did you mean 'binary'?");
}

TEST(Validation, TextsHaveASize) {
  const std::string rest = std::string(kTask) + kModel + kTraining;
  EXPECT_THAT(faults_of(rest + "data: {train: \"\"}"),
              HasSubstr("data.train.path: is '', 0 bytes long (expected a text that is not empty)"));
  EXPECT_THAT(faults_of(rest + "data: {train: \"a\\0b\"}"),
              HasSubstr("data.train.path: contains a NUL character"));
  EXPECT_THAT(faults_of(rest + "data: {train: t, columns: {delimiter: \"::\"}}"),
              HasSubstr("data.columns.delimiter: is '::', 2 bytes long (expected a text of one byte)"));
  EXPECT_THAT(faults_of(rest + "data: {train: t, cache: [a]}"),
              HasSubstr("data.cache: is a list (expected a map of keys)"));
}

TEST(Validation, LongAndOddValuesAreShortenedInMessages) {
  EXPECT_THAT(faults_with_training("batch_size: \"" + std::string(5000, 'x') + "\""),
              HasSubstr("is '" + std::string(60, 'x') + "...'"));
  EXPECT_THAT(faults_with_training("batch_size: \"a\\nb\""), HasSubstr("is 'a\\x0ab'"));
  EXPECT_THAT(faults_with(std::string(300, 'k') + ": 1"),
              HasSubstr(": " + std::string(60, 'k') + "...: unknown key"));
}

TEST(Validation, ThousandsOfFaultsAreCounted) {
  std::string keys;
  for (int i = 0; i < 500; ++i) keys += fmt::format("zz{}: 1\n", i);
  EXPECT_THAT(faults_with(keys), HasSubstr("\n... and 400 more"));
}

}  // namespace
}  // namespace bernoulli::config
