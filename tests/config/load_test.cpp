#include "config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config_fixture.h"

namespace bernoulli::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

TEST(Load, FillsEveryDefaultOfAMinimalConfiguration) {
  const LoadedConfig loaded = load_text(minimal());
  const RunConfig& run = loaded.run;
  EXPECT_EQ(run.name, "c");
  EXPECT_EQ(run.data.root, ".");
  EXPECT_THAT(run.data.train.paths, ElementsAre("t.csv"));
  EXPECT_EQ(run.data.train.format, "auto");
  ASSERT_TRUE(run.data.validation.source);
  EXPECT_THAT(run.data.validation.source->paths, ElementsAre("v.csv"));
  EXPECT_FALSE(run.data.validation.split);
  EXPECT_FALSE(run.data.test.present());
  EXPECT_THAT(run.data.columns.text, ElementsAre("text"));
  EXPECT_EQ(run.data.columns.quote, "\"");
  EXPECT_EQ(run.task.kind, TaskConfig::Kind::kBinary);
  EXPECT_EQ(run.task.positive, "pos");
  EXPECT_FALSE(run.task.positive_above);
  ASSERT_EQ(run.text.standardize.size(), 2);
  EXPECT_EQ(run.text.standardize[0].kind, "lowercase");
  EXPECT_EQ(run.text.standardize[1].kind, "strip_punctuation");
  EXPECT_THAT(run.text.ngrams, ElementsAre(1));
  EXPECT_FALSE(run.text.max_tokens);
  EXPECT_EQ(run.text.min_count, 1);
  EXPECT_FALSE(run.text.hash_buckets);
  EXPECT_FALSE(run.text.sequence_length);
  EXPECT_EQ(run.model.initializer, "keras");
  EXPECT_EQ(run.loss.mode, LossConfig::Mode::kBceWithLogits);
  EXPECT_THAT(run.loss.pos_weight, IsEmpty());
  EXPECT_FALSE(run.loss.pos_weight_auto);
  EXPECT_EQ(run.optimizer.kind.kind, "adam");
  EXPECT_EQ(run.optimizer.kind.args, (Json{{"lr", 1e-3},
                                           {"beta1", 0.9},
                                           {"beta2", 0.999},
                                           {"eps", 1e-8},
                                           {"weight_decay", 0.0},
                                           {"amsgrad", false}}));
  EXPECT_EQ(run.training.epochs, 1);
  EXPECT_FALSE(run.training.max_steps);
  EXPECT_EQ(run.training.batch_size, 32);
  EXPECT_EQ(run.training.monitor, "loss");
  EXPECT_FALSE(run.training.early_stopping);
  EXPECT_TRUE(run.training.restore_best);
  EXPECT_EQ(run.training.schedule.kind, "constant");
  EXPECT_EQ(run.training.schedule.args, (Json{{"warmup_steps", 0}}));
  EXPECT_EQ(run.metrics.threshold.method, ThresholdConfig::Method::kFixed);
  EXPECT_EQ(run.metrics.threshold.value, 0.5);
}

TEST(Load, ReadsEverySettingOfALongConfiguration) {
  const RunConfig run = load_text(R"(
name: long
data:
  root: /data
  train: {path: train.tsv, format: tsv}
  validation: {from: train, fraction: 0.2, method: hash, seed: 7}
  test: {path: test.tsv, format: tsv, optional: true}
  columns: {text: 3, label_columns: [4, 5], label_separator: "|", weight: 6, header: false, quote: "", delimiter: ";"}
task: {kind: multi_label, labels: [a, b]}
text:
  standardize: [strip_html, {replace: ["<br />", " "]}, collapse_whitespace]
  split: character
  ngrams: [2, 4]
  hashing: {buckets: 1000}
  sequence_length: 64
model: {initializer: torch, layers: [{embedding: {dim: 8, initializer: keras}}, {dropout: 0.25}, {mean_pool: include}, relu, {linear: {units: 2, bias: false}}]}
loss: {mode: focal_with_logits, pos_weight: [2, 3.5], label_smoothing: 0.1, gamma: 1.5, alpha: 0.25}
optimizer: {sgd: {lr: 0.5, momentum: 0.9, nesterov: true, weight_decay: 0.01}, clip_norm: 1, clip_value: 0.5, no_decay: [bias], ema_decay: 0.99}
training:
  epochs: 2
  max_steps: 100
  max_seconds: 3.5
  batch_size: 8
  accumulate: 2
  eval_batch_size: 16
  seed: 9223372036854775807
  validate_every_epochs: 5
  validate_every_steps: 10
  monitor: {metric: macro_f1, mode: max}
  early_stopping: {patience: 4, min_delta: 0.01}
  restore_best: false
  keep_best: 3
  checkpoint_every_steps: 20
  engine: reference
  threads: 2
  schedule: {cosine: {warmup_steps: 5, final_factor: 0.1}}
metrics: {threshold: {precision_at_recall: 0.9}, f_beta: 0.5, calibration_bins: 10}
)")
                            .run;
  EXPECT_EQ(run.name, "long");
  EXPECT_EQ(run.data.root, "/data");
  ASSERT_TRUE(run.data.validation.split);
  EXPECT_EQ(run.data.validation.split->method, "hash");
  EXPECT_EQ(run.data.validation.split->fraction, 0.2);
  EXPECT_EQ(run.data.validation.split->seed, 7);
  ASSERT_TRUE(run.data.test.source);
  EXPECT_TRUE(run.data.test.source->optional);
  EXPECT_THAT(run.data.columns.text, ElementsAre("3"));
  EXPECT_THAT(run.data.columns.label_columns, ElementsAre("4", "5"));
  EXPECT_EQ(run.data.columns.label_separator, "|");
  EXPECT_EQ(run.data.columns.weight, "6");
  EXPECT_FALSE(run.data.columns.header);
  EXPECT_EQ(run.data.columns.quote, "");
  EXPECT_EQ(run.data.columns.delimiter, ";");
  EXPECT_THAT(run.task.labels, ElementsAre("a", "b"));
  ASSERT_EQ(run.text.standardize.size(), 3);
  EXPECT_EQ(run.text.standardize[1].args, (Json{{"from", "<br />"}, {"to", " "}}));
  EXPECT_EQ(run.text.split, "character");
  EXPECT_THAT(run.text.ngrams, ElementsAre(2, 4));
  EXPECT_EQ(run.text.hash_buckets, 1000);
  EXPECT_EQ(run.text.sequence_length, 64);
  ASSERT_EQ(run.model.layers.size(), 5);
  EXPECT_EQ(run.model.layers[0].args, (Json{{"dim", 8}, {"initializer", "keras"}}));
  EXPECT_EQ(run.model.layers[0].where, "c.yaml:16:39");
  EXPECT_EQ(run.model.layers[2].args, (Json{{"padding", "include"}}));
  EXPECT_EQ(run.model.layers[4].args, (Json{{"units", 2}, {"bias", false}}));
  EXPECT_EQ(run.loss.mode, LossConfig::Mode::kFocalWithLogits);
  EXPECT_THAT(run.loss.pos_weight, ElementsAre(2, 3.5));
  EXPECT_EQ(run.loss.label_smoothing, 0.1);
  EXPECT_EQ(run.loss.gamma, 1.5);
  EXPECT_EQ(run.loss.alpha, 0.25);
  EXPECT_EQ(run.optimizer.kind.kind, "sgd");
  EXPECT_EQ(run.optimizer.kind.args["momentum"], 0.9);
  EXPECT_EQ(run.optimizer.clip_norm, 1);
  EXPECT_EQ(run.optimizer.clip_value, 0.5);
  EXPECT_THAT(run.optimizer.no_decay, ElementsAre("bias"));
  EXPECT_EQ(run.optimizer.ema_decay, 0.99);
  EXPECT_EQ(run.training.max_steps, 100);
  EXPECT_EQ(run.training.max_seconds, 3.5);
  EXPECT_EQ(run.training.batch_size, 8);
  EXPECT_EQ(run.training.accumulate, 2);
  EXPECT_EQ(run.training.eval_batch_size, 16);
  EXPECT_EQ(run.training.seed, 9223372036854775807u);
  EXPECT_EQ(run.training.validate_every_epochs, 5);
  EXPECT_EQ(run.training.validate_every_steps, 10);
  EXPECT_EQ(run.training.monitor, "macro_f1");
  EXPECT_EQ(run.training.monitor_mode, "max");
  ASSERT_TRUE(run.training.early_stopping);
  EXPECT_EQ(run.training.early_stopping->patience, 4);
  EXPECT_EQ(run.training.early_stopping->min_delta, 0.01);
  EXPECT_FALSE(run.training.restore_best);
  EXPECT_EQ(run.training.keep_best, 3);
  EXPECT_EQ(run.training.checkpoint_every_steps, 20);
  EXPECT_EQ(run.training.engine, "reference");
  EXPECT_EQ(run.training.threads, 2);
  EXPECT_EQ(run.training.schedule.args, (Json{{"warmup_steps", 5}, {"final_factor", 0.1}}));
  EXPECT_EQ(run.metrics.threshold.method, ThresholdConfig::Method::kPrecisionAtRecall);
  EXPECT_EQ(run.metrics.threshold.value, 0.9);
  EXPECT_EQ(run.metrics.f_beta, 0.5);
  EXPECT_EQ(run.metrics.calibration_bins, 10);
}

TEST(Load, TakesShortForms) {
  const RunConfig run = load_text(std::string(kData) + kTask + kModel + R"(
text: {ngrams: 3, hashing: 50}
loss: {pos_weight: 2}
optimizer: rmsprop
training: {epochs: 1, monitor: f1, early_stopping: 2, schedule: linear}
metrics: {threshold: max_f1}
)")
                            .run;
  EXPECT_THAT(run.text.ngrams, ElementsAre(1, 2, 3));
  EXPECT_EQ(run.text.hash_buckets, 50);
  EXPECT_THAT(run.loss.pos_weight, ElementsAre(2));
  EXPECT_EQ(run.optimizer.kind.kind, "rmsprop");
  EXPECT_EQ(run.training.monitor, "f1");
  EXPECT_EQ(run.training.monitor_mode, "auto");
  EXPECT_EQ(run.training.early_stopping->patience, 2);
  EXPECT_EQ(run.training.schedule.kind, "linear");
  EXPECT_EQ(run.metrics.threshold.method, ThresholdConfig::Method::kMaxF1);
  EXPECT_TRUE(load_text(minimal() + "loss: {pos_weight: auto}").run.loss.pos_weight_auto);
  EXPECT_EQ(load_text(minimal() + "metrics: {threshold: 0.25}").run.metrics.threshold.value, 0.25);
  EXPECT_EQ(load_text(minimal() + "metrics: {threshold: {max_f1: true}}").run.metrics.threshold.method,
            ThresholdConfig::Method::kMaxF1);
}

TEST(Load, KeepsLabelsAsTheyAreWritten) {
  const std::string rest = std::string(kData) + kModel + kTraining;
  EXPECT_EQ(load_text(rest + "task: {kind: binary, positive: 1}").run.task.positive, "1");
  EXPECT_EQ(load_text(rest + "task: {kind: binary, positive: yes}").run.task.positive, "yes");
  EXPECT_EQ(load_text(rest + "task: {kind: binary, positive: 01.50}").run.task.positive, "01.50");
  EXPECT_EQ(load_text(rest + "task: {kind: binary, positive: \"true\"}").run.task.positive, "true");
}

TEST(Load, SaysWhereEachValueComesFrom) {
  const LoadedConfig loaded = load_text(minimal());
  EXPECT_EQ(loaded.origin.at("training.epochs"), "c.yaml:4:20");
  EXPECT_EQ(loaded.origin.at("training.batch_size"), "default");
  EXPECT_EQ(loaded.origin.at("model.layers[0].embedding.dim"), "c.yaml:3:30");
  EXPECT_EQ(loaded.origin.at("optimizer.adam.lr"), "default");
  EXPECT_EQ(loaded.origin.at("name"), "default");
}

TEST_F(ConfigFiles, LaterFilesWinAndMapsMerge) {
  const auto first =
      write("first.yaml", minimal() + "optimizer: {adam: {lr: 0.5, eps: 1.0e-7}, clip_norm: 1}\n");
  const auto second =
      write("second.yaml",
            "optimizer: {adam: {lr: 0.25}}\ntraining: {batch_size: 8}\nmodel: {layers: [{linear: 1}]}\n");
  const LoadedConfig loaded = load({first, second});
  EXPECT_EQ(loaded.run.name, "second");
  EXPECT_EQ(loaded.run.optimizer.kind.args["lr"], 0.25);
  EXPECT_EQ(loaded.run.optimizer.kind.args["eps"], 1e-7);
  EXPECT_EQ(loaded.run.optimizer.clip_norm, 1);
  EXPECT_EQ(loaded.run.training.epochs, 1);
  EXPECT_EQ(loaded.run.training.batch_size, 8);
  EXPECT_EQ(loaded.run.model.layers.size(), 1) << "lists replace";
  EXPECT_EQ(loaded.origin.at("optimizer.adam.lr"), second.string() + ":1:24");
  EXPECT_EQ(loaded.origin.at("optimizer.adam.eps"), first.string() + ":5:34");
}

TEST_F(ConfigFiles, FreeNamesComeFromWhereTheyWereSetLast) {
  const auto first =
      write("first.yaml",
            "data: {train: t.csv, validation: v.csv}\ntask: {kind: multi_label, labels: [a, b]}\n"
            "model: {layers: [{embedding: 4}, mean_pool, {linear: 2}]}\n"
            "training: {epochs: 1}\nloss: {pos_weight: {a: 3, b: 2}}\n");
  const auto second = write("second.yaml", "loss: {pos_weight: {a: 5}}\n");
  const LoadedConfig loaded = load({first, second});
  EXPECT_EQ(loaded.origin.at("loss.pos_weight.a"), second.string() + ":1:21");
  EXPECT_EQ(loaded.origin.at("loss.pos_weight.b"), first.string() + ":5:27");
}

TEST_F(ConfigFiles, AnotherKindTakesTheFormerOnesKeysAway) {
  const auto base = write("base.yaml", minimal() +
                                           "optimizer: {adam: {eps: 1.0e-7}, clip_norm: 1}\n"
                                           "text: {vocabulary: {max_tokens: 100}}\n"
                                           "loss: {mode: focal_with_logits, gamma: 3}\n");
  const RunConfig run = load({base}, {"optimizer.sgd.lr=0.5", "text.hashing.buckets=10",
                                      "data.validation={from: train, fraction: 0.5}", "loss.mode=sigmoid_bce",
                                      "task={kind: multi_label, labels: [a]}",
                                      "data.validation.method=random", "training.schedule=cosine"})
                            .run;
  EXPECT_EQ(run.optimizer.kind.kind, "sgd");
  EXPECT_EQ(run.optimizer.clip_norm, 1);
  EXPECT_EQ(run.text.hash_buckets, 10);
  EXPECT_FALSE(run.text.max_tokens);
  EXPECT_FALSE(run.data.validation.source);
  EXPECT_EQ(run.data.validation.split->fraction, 0.5);
  EXPECT_EQ(run.loss.mode, LossConfig::Mode::kSigmoidBce);
  EXPECT_EQ(run.task.kind, TaskConfig::Kind::kMultiLabel);
  EXPECT_EQ(run.task.positive, "");
  EXPECT_EQ(run.training.schedule.kind, "cosine");
}

TEST_F(ConfigFiles, AKindThatIsUnknownIsToldWhereItStandsWhateverWasThereBefore) {
  const auto base = write(
      "base.yaml", minimal() + "metrics: {threshold: max_f1}\noptimizer: {adam: {lr: 1}, clip_norm: 1}\n");
  write("late.yaml", "base: base.yaml\ntraining: {max_steps: 9, schedule: cosine}\n");
  const auto later =
      write("later.yaml", "base: late.yaml\ntraining: {schedule: cosin}\nmetrics: {threshold: {fixd: 1}}\n");
  const std::string thresholds =
      "(expected fixed, highest, max_f1, max_f_beta, precision_at_recall or recall_at_precision)";
  EXPECT_EQ(faults({base}, {"metrics.threshold=max_f2"}),
            "--set metrics.threshold=max_f2: metrics.threshold: unknown kind 'max_f2' " + thresholds +
                "; did you mean 'max_f1'?");
  EXPECT_EQ(faults({base}, {"metrics.threshold.recall=0.9"}),
            "--set metrics.threshold.recall=0.9: metrics.threshold: unknown kind 'recall' " + thresholds +
                "; did you mean 'metrics.threshold.precision_at_recall.recall'?");
  EXPECT_THAT(faults({later}),
              HasSubstr("later.yaml:2:22: training.schedule: unknown kind 'cosin' (expected "));
  EXPECT_THAT(faults({later}), HasSubstr("; did you mean 'cosine'?"));
  EXPECT_THAT(faults({later}), HasSubstr("later.yaml:3:23: metrics.threshold: unknown kind 'fixd' " +
                                         thresholds + "; did you mean 'fixed'?"));
  EXPECT_THAT(faults({base}, {"metrics.threshold={max_f1: {}, fixed: 0.5}"}),
              HasSubstr("--set metrics.threshold={max_f1: {}, fixed: 0.5}: metrics.threshold: has 2 keys, "
                        "'max_f1' and 'fixed'"));
  EXPECT_THAT(faults({base}, {"model.layers[1]=max_pol"}),
              HasSubstr("--set model.layers[1]=max_pol: model.layers[1]: unknown kind 'max_pol' (expected "));
  const std::string optimizers =
      "(expected sgd, adam, adamw, rmsprop or adagrad, or a map of keys with one of them)";
  EXPECT_EQ(faults({base}, {"optimizer=adamm"}), "--set optimizer=adamm: optimizer: unknown kind 'adamm' " +
                                                     optimizers + "; did you mean 'adam'?");
  EXPECT_EQ(faults({base}, {"optimizer=[adam]"}),
            "--set optimizer=[adam]: optimizer: is a list " + optimizers);
  EXPECT_EQ(faults({later}, {"metrics.threshold=0.5", "training.schedule=cosine"}), "no fault")
      << "what is laid over is not judged";
}

TEST_F(ConfigFiles, BaseFilesComeFirstAndAreRelativeToTheFileThatNamesThem) {
  write("shared/root.yaml", minimal() + "optimizer: {adam: {lr: 0.125}}\n");
  write("shared/middle.yaml", "base: root.yaml\ntraining: {epochs: 5}\n");
  const auto top = write("top.yaml", "base: shared/middle.yaml\ntraining: {batch_size: 4}\n");
  const RunConfig run = load({top}).run;
  EXPECT_EQ(run.name, "top");
  EXPECT_EQ(run.optimizer.kind.args["lr"], 0.125);
  EXPECT_EQ(run.training.epochs, 5);
  EXPECT_EQ(run.training.batch_size, 4);
}

TEST_F(ConfigFiles, EveryBaseFileLiesBelowEveryFileThatIsNamed) {
  write("deep.yaml", minimal() + "optimizer: {adam: {lr: 0.5, eps: 0.5, beta1: 0.5, beta2: 0.5}}\n");
  const auto first =
      write("first.yaml", "base: deep.yaml\noptimizer: {adam: {lr: 0.25, eps: 0.25, beta1: 0.25}}\n");
  write("low.yaml", "optimizer: {adam: {lr: 0.125, eps: 0.125}}\ntraining: {batch_size: 3, seed: 3}\n");
  write("lower.yaml", "base: low.yaml\ntraining: {batch_size: 7}\n");
  const auto second = write("second.yaml", "base: lower.yaml\noptimizer: {adam: {lr: 0.0625}}\n");
  const RunConfig run = load({first, second}).run;
  EXPECT_EQ(run.optimizer.kind.args["lr"], 0.0625) << "the last file";
  EXPECT_EQ(run.optimizer.kind.args["eps"], 0.25) << "the first file, above the bases of the second";
  EXPECT_EQ(run.optimizer.kind.args["beta1"], 0.25);
  EXPECT_EQ(run.optimizer.kind.args["beta2"], 0.5) << "the base of the first file";
  EXPECT_EQ(run.training.batch_size, 7) << "the shallower base of the second";
  EXPECT_EQ(run.training.seed, 3);
}

TEST_F(ConfigFiles, ABaseMayBeNull) {
  EXPECT_EQ(faults({write("a.yaml", minimal() + "base: null\n")}), "no fault");
}

TEST_F(ConfigFiles, AnOverrideThatTakesAnotherAwayIsAFault) {
  const auto file = write("a.yaml", std::string(kTask) + kModel + kTraining +
                                        "data: {train: t.csv, validation: v.csv, test: {from: train, "
                                        "fraction: 0.1}}\nloss: {mode: focal_with_logits}\n");
  const auto fault = [&](const std::string& first, const std::string& second) {
    return faults({file}, {first, second});
  };
  const auto told = [](const std::string& first, const std::string& second) {
    return "--set " + second + ": " + second.substr(0, second.find('=')) + ": takes away what --set " +
           first + " sets (leave one of the two out)";
  };
  const std::pair<const char*, const char*> pairs[] = {
      {"optimizer.sgd.lr=0.1", "optimizer.adam.lr=0.5"},
      {"optimizer.sgd.lr=0.1", "optimizer=adam"},
      {"text.vocabulary.max_tokens=100", "text.hashing.buckets=10"},
      {"data.test.fraction=0.2", "data.test.path=r.csv"},
      {"loss.gamma=2", "loss.mode=sigmoid_bce"},
      {"model.layers[1].mean_pool.padding=exclude", "model.layers[1]={dropout: 0.1}"},
      {"data.validation.path=w.csv", "data.validation=null"}};
  for (const auto& [first, second] : pairs) EXPECT_THAT(fault(first, second), HasSubstr(told(first, second)));
  EXPECT_EQ(faults({file}, {"data.test.path=r.csv"}), "no fault") << "a file's choice gives way";
  EXPECT_EQ(fault("optimizer=sgd", "optimizer=adam"), "no fault") << "of one key the right-most wins";
  EXPECT_EQ(fault("data.test=null", "data.test.path=r.csv"), "no fault");
  EXPECT_EQ(fault("optimizer.adam.lr=1", "optimizer.clip_norm=1"), "no fault");
}

TEST_F(ConfigFiles, ACircleOfBaseFilesIsAFault) {
  const auto a = write("a.yaml", "base: b.yaml\n");
  write("b.yaml", "base: a.yaml\n");
  EXPECT_EQ(faults({a}), "b.yaml:1:7: base: names files in a circle (a file cannot be based on itself)");
}

TEST_F(ConfigFiles, AMissingBaseFileIsNamedWhereItStands) {
  const auto a = write("a.yaml", "name: x\nbase: no.yaml\n");
  EXPECT_THAT(faults({a}), HasSubstr("a.yaml:2:7: base: there is no file '"));
  EXPECT_THAT(faults({write("b.yaml", "base: [x]\n")}), HasSubstr("b.yaml:1:7: base: is not a path"));
}

TEST_F(ConfigFiles, UnreadableFilesAreUsageErrors) {
  EXPECT_THAT(faults({folder_ / "absent.yaml"}), HasSubstr("absent.yaml: cannot read the configuration: "));
  EXPECT_THAT(faults({folder_}), HasSubstr("cannot read the configuration: "));
  EXPECT_EQ(faults({}), "no configuration file was named (expected at least one)");
}

TEST_F(ConfigFiles, WhatCannotBeReadHidesNoOtherFault) {
  const auto file =
      write("a.yaml", "base: no.yaml\nname: x\nname: y\ntrainin: {epochs: 1}\nloss: {mode: 3}\n");
  const std::string found =
      faults({file, folder_ / "absent.yaml"}, {"training.epochs", "training.batch_size=x"});
  for (const char* fault :
       {"a.yaml:1:7: base: there is no file", "a.yaml:3:1: name: duplicate key, as in line 2, column 1",
        "a.yaml:4:1: trainin: unknown key", "a.yaml:5:14: loss.mode: ",
        "absent.yaml: cannot read the configuration", "--set training.epochs", "training.batch_size: is 'x'"})
    EXPECT_THAT(found, HasSubstr(fault));
  EXPECT_THAT(found, Not(HasSubstr("is missing"))) << "it may stand in what could not be read";
}

TEST_F(ConfigFiles, OverridesReachIntoMapsAndLists) {
  const auto file = write("a.yaml", minimal());
  const LoadedConfig loaded =
      load({file}, {"model.layers[0].embedding.dim=32", "model.layers[1]={dropout: 0.5}",
                    "model.layers[1].dropout=0.25", "training.batch_size=4", "training.batch_size=8",
                    "data.train.format=csv", "data.root=a=b", "training.monitor.mode=min",
                    "text.standardize=[]", "text.sequence_length=12"});
  const RunConfig& run = loaded.run;
  EXPECT_EQ(run.model.layers[0].args["dim"], 32);
  EXPECT_EQ(run.model.layers[1].kind, "dropout");
  EXPECT_EQ(run.model.layers[1].args["rate"], 0.25);
  EXPECT_EQ(run.training.batch_size, 8) << "the right-most override wins";
  EXPECT_THAT(run.data.train.paths, ElementsAre("t.csv"));
  EXPECT_EQ(run.data.train.format, "csv");
  EXPECT_EQ(run.data.root, "a=b") << "the first '=' ends the path";
  EXPECT_EQ(run.training.monitor_mode, "min");
  EXPECT_THAT(run.text.standardize, IsEmpty());
  EXPECT_EQ(loaded.origin.at("training.batch_size"), "--set");
  EXPECT_EQ(run.model.layers[0].where, file.string() + ":3:19");
}

TEST_F(ConfigFiles, AnOverrideCanTakeAnOptionalValueAway) {
  const auto file = write("a.yaml", minimal() + "text: {sequence_length: 9}\n");
  const RunConfig run = load({file}, {"text.sequence_length=null", "data.validation=~"}).run;
  EXPECT_FALSE(run.text.sequence_length);
  EXPECT_FALSE(run.data.validation.present());
}

// "--set data.validation=$V" of a variable that is not set would else train without validation data.
TEST_F(ConfigFiles, AnOverrideWithoutAValueOrWithAHalfOneIsRefused) {
  const auto file = write("a.yaml", minimal());
  for (const char* text : {"data.validation=", "data.validation=  "})
    EXPECT_THAT(faults({file}, {text}),
                HasSubstr("data.validation: has no value behind the '=' (expected one; "
                          "null where the key may be without a value, '' for an empty text)"));
  for (const char* value : {"#", "|", ">"})
    EXPECT_THAT(faults({file}, {std::string("data.columns.delimiter=") + value}),
                HasSubstr(std::string("put the value in quotes, as in '\"") + value + "\"'"));
  EXPECT_EQ(load({file}, {"data.columns.delimiter='|'", "data.columns.quote=''"}).run.data.columns.delimiter,
            "|");
}

TEST_F(ConfigFiles, AKindWithoutAValueIsRefusedWhereItWouldBeLaidOntoAnother) {
  const auto file = write("a.yaml", minimal() + "optimizer: {sgd: {lr: 0.5}}\n");
  const auto overlay = write("b.yaml", "base: a.yaml\noptimizer: {adam: }\n");
  const std::string told = "is empty: write {} to choose it with its defaults, in the place of any other";
  EXPECT_THAT(faults({file}, {"optimizer.adam=null"}), HasSubstr("optimizer.adam: " + told));
  EXPECT_THAT(faults({file}, {"optimizer.sgd=null"}), HasSubstr("optimizer.sgd: " + told));
  EXPECT_THAT(faults({file}, {"model.layers[0].embedding=null"}),
              HasSubstr("model.layers[0].embedding: " + told));
  EXPECT_THAT(faults({overlay}), HasSubstr("optimizer.adam: " + told));
  EXPECT_EQ(load({file}, {"optimizer.adam={}"}).run.optimizer.kind.kind, "adam");
  const auto alone = write("c.yaml", minimal() + "optimizer: {sgd: }\n");
  EXPECT_EQ(load({alone}).run.optimizer.kind.kind, "sgd");
}

TEST_F(ConfigFiles, BadOverridesAreNamed) {
  const auto file = write("a.yaml", minimal());
  const auto fault = [&](const std::string& text) { return faults({file}, {text}); };
  EXPECT_EQ(fault("training.epochs"), "--set training.epochs: has no '=' (expected key.path=VALUE)");
  EXPECT_THAT(
      fault("training..epochs=1"),
      HasSubstr("'training..epochs' is not a key path (expected keys joined by '.', list items as [0])"));
  for (const char* path : {"=1", "a[=1", "a[x]=1", "a[-1]=1", "a[1=1", "a]=1", "[0]=1", "a.=1",
                           "a[99999999999999999999]=1", "a[0]b=1"}) {
    EXPECT_THAT(fault(path), HasSubstr("is not a key path")) << path;
  }
  EXPECT_EQ(fault("model.layers[3].dropout=0.5"),
            "--set model.layers[3].dropout=0.5: model.layers: has no item [3] (it has 3, counted from 0)");
  EXPECT_THAT(fault("training[0]=1"), HasSubstr("training: is not a list in the configuration"));
  EXPECT_THAT(fault("training.epoch=1"), HasSubstr("--set training.epoch=1: training.epoch: unknown key"));
  EXPECT_THAT(fault("training.epochs=[1"),
              HasSubstr("--set training.epochs=[1: training.epochs: not valid YAML: "));
  EXPECT_EQ(
      fault("training.epochs=many"),
      "--set training.epochs=many: training.epochs: is 'many' (expected an integer from 1 to 1000000000)");
  EXPECT_THAT(fault("base=x.yaml"), HasSubstr("base: can stand in files only"));
}

TEST(Load, ATextCannotNameABaseFile) {
  EXPECT_EQ(
      faults_of("base: x.yaml\n" + minimal()),
      "c.yaml:1:7: base: names another file, which is not kept here (expected a resolved configuration)");
}

TEST_F(ConfigFiles, FaultsOfAllFilesComeTogether) {
  const auto a = write("a.yaml", "data: {train: t, train: u}\n");
  const auto b = write("b.yaml", "x: [\n");
  const std::string message = faults({a, b});
  EXPECT_THAT(
      message,
      HasSubstr("a.yaml:1:18: data.train: duplicate key, as in line 1, column 8 (each key stands once)"));
  EXPECT_THAT(message, HasSubstr("b.yaml:"));
}

TEST_F(ConfigFiles, FaultsAreCountedInALineOfTheirOwn) {
  const auto file = write("a.yaml", minimal() + "text: {split: word}\nloss: {mode: hinge}\n");
  try {
    load({file}, {"training.epochs=0"});
    FAIL() << "loaded";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), StartsWith("3 faults in the configuration\n"));
    ASSERT_EQ(error.lines().size(), 3u);
    EXPECT_THAT(error.lines()[0], StartsWith(file.string() + ":5:15: text.split: "));
    EXPECT_THAT(error.lines()[1], StartsWith(file.string() + ":6:14: loss.mode: "));
    EXPECT_THAT(error.lines()[2], StartsWith("--set training.epochs=0: training.epochs: "));
  }
}

}  // namespace
}  // namespace bernoulli::config
