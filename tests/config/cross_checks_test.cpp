#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config_fixture.h"
#include "config/metric_facts.h"

namespace bernoulli::config {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// A configuration from sections; those that are not named are the minimal ones.
std::string sections(std::string data, std::string task, std::string model, std::string training,
                     const std::string& rest = "") {
  const auto section = [](const std::string& given, const char* key, const char* standard) {
    return given.empty() ? std::string(standard) : fmt::format("{}: {}\n", key, given);
  };
  return section(data, "data", kData) + section(task, "task", kTask) + section(model, "model", kModel) +
         section(training, "training", kTraining) + rest;
}

std::string with_data(const std::string& data) { return faults_of(sections(data, "", "", "")); }
std::string with_task(const std::string& task) { return faults_of(sections("", task, "", "")); }
std::string with_layers(const std::string& layers, const std::string& rest = "") {
  return faults_of(sections("", "", "{layers: " + layers + "}", "", rest));
}
std::string with_training(const std::string& training, const std::string& rest = "") {
  return faults_of(sections("", "", "", training, rest));
}
std::string with(const std::string& rest) { return faults_of(minimal() + rest); }

TEST(CrossChecks, TheMinimalConfigurationHasNoFault) { EXPECT_EQ(faults_of(minimal()), "no fault"); }

TEST(CrossChecks, ASigmoidMayEndOnlyAModelTrainedOnProbabilities) {
  const std::string layers = "[{embedding: 4}, mean_pool, {linear: 1}, sigmoid]";
  EXPECT_THAT(with_layers(layers),
              HasSubstr("c.yaml:3:58: model.layers[3].sigmoid: ends a model that is trained on logits"));
  EXPECT_THAT(with_layers(layers, "loss: {mode: focal_with_logits}"), HasSubstr("trained on logits"));
  EXPECT_EQ(with_layers(layers, "loss: {mode: sigmoid_bce}"), "no fault");
  EXPECT_EQ(with_layers(layers, "loss: {mode: sigmoid_bce_clipped}"), "no fault");
  EXPECT_EQ(with_layers("[{embedding: 4}, mean_pool, sigmoid, {linear: 1}]"), "no fault");
}

TEST(CrossChecks, CountingPaddingNeedsAFixedLength) {
  const std::string layers = "[{embedding: 4}, {mean_pool: include}, {linear: 1}]";
  EXPECT_THAT(
      with_layers(layers),
      HasSubstr("model.layers[1].mean_pool.padding: is include, but text.sequence_length is not set"));
  EXPECT_EQ(with_layers(layers, "text: {sequence_length: 9}"), "no fault");
}

TEST(CrossChecks, AThresholdLiesBetweenZeroAndOne) {
  for (const char* value : {"0", "1", "-0.5", "1.5"}) {
    EXPECT_THAT(
        with(fmt::format("metrics: {{threshold: {}}}", value)),
        HasSubstr(fmt::format(
            "metrics.threshold.fixed.value: is '{}', out of range (expected a number above 0 and below 1)",
            value)));
  }
  EXPECT_EQ(with("metrics: {threshold: {recall_at_precision: 1}}"), "no fault");
}

TEST(CrossChecks, NamedColumnsAreTheLabelsOfATaskThatNamesNone) {
  const std::string open = "{kind: multi_label}", data = "{train: t.csv, columns: {label_columns: [x, y]}}";
  EXPECT_THAT(load_text(sections(data, open, "", "")).run.task.labels, ::testing::ElementsAre("x", "y"));
  EXPECT_EQ(faults_of(sections(data, open, "", "", "loss: {pos_weight: [1, 2]}")), "no fault");
  EXPECT_THAT(faults_of(sections(data, open, "", "", "loss: {pos_weight: [1, 2, 3]}")),
              HasSubstr("loss.pos_weight: has 3 numbers, but the task has 2 outputs"));
  EXPECT_THAT(faults_of(sections("{train: t.csv, columns: {header: false, text: 1, label_columns: [2, 3]}}",
                                 open, "", "")),
              HasSubstr("data.columns.label_columns: has 2 items, but task.labels has 0"))
      << "a number names no label";
}

TEST(CrossChecks, AFittedThresholdCountsWhatTheTaskHas) {
  EXPECT_THAT(
      with("metrics: {threshold: {max_f1: {min_positives: 5}}}"),
      HasSubstr("metrics.threshold.max_f1.min_positives: is of several labels, which a binary task has not"));
  EXPECT_EQ(with("metrics: {threshold: {recall_at_precision: {precision: 0.9, confidence: 0.95}}}"),
            "no fault");
  EXPECT_THAT(with("metrics: {threshold: {recall_at_precision: {precision: 0.9, confidence: 1}}}"),
              HasSubstr("confidence: is '1', out of range (expected a number above 0 and below 1"));
  EXPECT_THAT(
      faults_of(sections("{train: a.csv, validation: b.csv, columns: {weight: w}}", "", "", "",
                         "metrics: {threshold: {recall_at_precision: {precision: 0.9, confidence: 0.95}}}")),
      HasSubstr("metrics.threshold.recall_at_precision.confidence: counts examples, and "
                "data.columns.weight makes some count for more than others"));
}

TEST(CrossChecks, WhatHasNoDecayNeedsDecay) {
  EXPECT_THAT(
      with("optimizer: {no_decay: [bias]}"),
      HasSubstr("c.yaml:5:23: optimizer.no_decay: has no meaning where optimizer.adam.weight_decay is 0"));
  EXPECT_EQ(with("optimizer: {no_decay: [bias], adamw: {}}"), "no fault");
}

TEST(CrossChecks, StabilityMeasuresEachFormatOnce) {
  EXPECT_THAT(with("stability: {dtypes: [float32, bfloat16, float32]}"),
              HasSubstr("stability.dtypes[2]: 'float32' stands in the list twice (each format once)"));
}

TEST(CrossChecks, TheMonitoredMetricBelongsToTheTask) {
  EXPECT_THAT(with_training("{epochs: 1, monitor: f1_score}"),
              HasSubstr("training.monitor.metric: is 'f1_score', which binary tasks do not have (expected "
                        "loss, accuracy, "));
  EXPECT_THAT(with_training("{epochs: 1, monitor: roc_acu}"), HasSubstr("did you mean 'roc_auc'?"));
  EXPECT_THAT(with_training("{epochs: 1, monitor: macro_f1}"), HasSubstr("which binary tasks do not have"));
  EXPECT_THAT(with_training("{epochs: 0, monitor: macro_f1}"),
              AllOf(HasSubstr("training.epochs: is '0'"), HasSubstr("which binary tasks do not have")));
  const std::string task = "{kind: multi_label, labels: [a, b]}";
  EXPECT_THAT(faults_of(sections("", task, "", "{epochs: 1, monitor: f1}")),
              HasSubstr("which multi_label tasks do not have"));
  for (const auto kind : {TaskConfig::Kind::kBinary, TaskConfig::Kind::kMultiLabel}) {
    const bool binary = kind == TaskConfig::Kind::kBinary;
    for (const std::string& name : metric_names(kind)) {
      EXPECT_EQ(faults_of(sections("", binary ? "" : task, "", "{epochs: 1, monitor: " + name + "}")),
                "no fault")
          << name;
    }
    EXPECT_EQ(metric_names(kind).size(), binary ? 19 : 21);
  }
}

TEST(CrossChecks, TrainingHasALimit) {
  EXPECT_EQ(
      faults_of(sections("", "", "", "{batch_size: 4}")),
      "c.yaml:4:11: training: has no limit (expected at least one of epochs, max_steps and max_seconds)");
  EXPECT_EQ(with_training("{max_steps: 1}"), "no fault");
  EXPECT_EQ(with_training("{max_seconds: 0.5}"), "no fault");
}

TEST(CrossChecks, SchedulesOverTheWholeTrainingNeedItsLength) {
  for (const char* schedule : {"cosine", "linear", "one_cycle"}) {
    EXPECT_THAT(
        with_training(fmt::format("{{max_seconds: 5, schedule: {}}}", schedule)),
        HasSubstr(fmt::format(
            "training.schedule.{}: stretches over the whole training, but its number of steps is unknown",
            schedule)));
    EXPECT_EQ(with_training(fmt::format("{{max_seconds: 5, max_steps: 9, schedule: {}}}", schedule)),
              "no fault");
  }
  EXPECT_EQ(with_training("{max_seconds: 5, schedule: {exponential: 0.9}}"), "no fault");
  EXPECT_THAT(
      with_training("{max_steps: 5, schedule: {linear: {warmup_steps: 5}}}"),
      HasSubstr("training.schedule.linear.warmup_steps: is 5, but training.max_steps is 5 (expected fewer)"));
  EXPECT_THAT(with_training("{epochs: 5, schedule: {multi_step: {milestones: [2, 2]}}}"),
              HasSubstr("training.schedule.multi_step.milestones: do not ascend"));
}

TEST(CrossChecks, WhatLooksAtValidationDataNeedsSome) {
  const auto without_validation = [](const std::string& training, const std::string& rest = "") {
    return faults_of(sections("{train: t.csv}", "", "", training, rest));
  };
  EXPECT_EQ(without_validation("{epochs: 1}"), "no fault");
  EXPECT_EQ(
      without_validation("{epochs: 1, early_stopping: 3}"),
      "c.yaml:4:39: training.early_stopping: needs validation data (expected data.validation to be set)");
  EXPECT_EQ(without_validation("{epochs: 1, validate_every_epochs: 1}"), "no fault");
  EXPECT_THAT(without_validation("{epochs: 4, validate_every_epochs: 2}"),
              HasSubstr("training.validate_every_epochs: needs validation data"));
  EXPECT_THAT(without_validation("{epochs: 1, validate_every_steps: 3}"),
              HasSubstr("training.validate_every_steps: needs validation data"));
  EXPECT_THAT(without_validation("{epochs: 1, schedule: reduce_on_plateau}"),
              HasSubstr("training.schedule.reduce_on_plateau: needs validation data"));
  EXPECT_THAT(without_validation("{epochs: 1, monitor: {metric: f1, mode: max}}"),
              HasSubstr("training.monitor.metric: needs validation data"));
  EXPECT_THAT(without_validation("{epochs: 1}", "metrics: {threshold: max_f1}"),
              HasSubstr("metrics.threshold: needs validation data"));
}

TEST(CrossChecks, TheKerasSplitIsForClassFolders) {
  const auto split = [](const std::string& train, const std::string& task = "") {
    return faults_of(
        sections("{train: " + train + ", validation: {from: train, fraction: 0.2, method: keras, seed: 42}}",
                 task, "", ""));
  };
  EXPECT_EQ(split("aclImdb/train"), "no fault");
  EXPECT_EQ(split("{path: x.d, format: class_folders}"), "no fault");
  EXPECT_THAT(
      split("t.csv"),
      HasSubstr("data.validation.method: is keras, which splits class folders, but data.train is csv"));
  EXPECT_THAT(split("t.jsonl.gz"), HasSubstr("but data.train is jsonl"));
  EXPECT_THAT(split("{path: folder, format: fasttext}"), HasSubstr("but data.train is fasttext"));
  EXPECT_THAT(split("folder", "{kind: multi_label, labels: [a]}"),
              HasSubstr("data.validation.method: is keras, which splits two classes, but task.kind is "
                        "multi_label (expected random, stratified or hash)"));
  const auto with_seed = [](const char* seed) {
    return with_data(
        std::string("{train: f, validation: {from: train, fraction: 0.2, method: keras, seed: ") + seed +
        "}}");
  };
  EXPECT_THAT(with_seed("4294967296"),
              HasSubstr("data.validation.seed: is 4294967296, but method keras seeds NumPy's generator "
                        "(expected at most 4294967295)"));
  EXPECT_EQ(with_seed("4294967295").find("seed"), std::string::npos);
  EXPECT_THAT(with_data("{train: f, test: {from: train, fraction: 0.2, method: keras}}"),
              HasSubstr("data.test.method: is 'keras' (expected random, stratified, hash or column)"));
}

TEST(CrossChecks, ACacheThatIsOffTakesNoOtherSettings) {
  EXPECT_EQ(with_data("{train: t.csv, cache: off}"), "no fault");
  EXPECT_EQ(with_data("{train: t.csv, cache: {folder: kept, check: contents, limit_gib: 0.5}}"), "no fault");
  EXPECT_THAT(with_data("{train: t.csv, cache: {limit_gib: 1e10}}"),
              HasSubstr("data.cache.limit_gib: is '1e10', out of range"));
  const std::string faults = with_data("{train: t.csv, cache: {folder: off, check: contents, limit_gib: 2}}");
  EXPECT_THAT(faults, HasSubstr("data.cache.check: has no meaning where data.cache.folder is off"));
  EXPECT_THAT(faults, HasSubstr("data.cache.limit_gib: has no meaning where data.cache.folder is off"));
}

TEST(CrossChecks, TwoSplitsLeaveSomethingToTrainOn) {
  EXPECT_THAT(
      with_data("{train: t, validation: {from: train, fraction: 0.5}, test: {from: train, fraction: 0.5}}"),
      HasSubstr("data.test.fraction: and data.validation.fraction are 1 together, which leaves nothing to "
                "train on"));
  EXPECT_EQ(
      with_data("{train: t, validation: {from: train, fraction: 0.5}, test: {from: train, fraction: 0.25}}"),
      "no fault");
}

TEST(CrossChecks, FoldsStandInPlaceOfAFraction) {
  const auto with_validation = [](const std::string& keys) {
    return with_data("{train: t, validation: {from: train, " + keys + "}}");
  };
  EXPECT_EQ(with_validation("folds: 5, fold: 5, method: hash"), "no fault");
  EXPECT_THAT(
      with_validation("seed: 1"),
      HasSubstr("data.validation.fraction: is missing (expected a number above 0 and below 1, or folds"));
  EXPECT_THAT(with_validation("folds: 5"), HasSubstr("data.validation.fold: is missing"));
  EXPECT_THAT(with_validation("folds: 5, fold: 6"), HasSubstr("data.validation.fold: is 6, but there are 5"));
  EXPECT_THAT(with_validation("fraction: 0.1, fold: 2"), HasSubstr("data.validation.fold"));
  EXPECT_THAT(with_validation("fraction: 0.1, folds: 5, fold: 2"), HasSubstr("is given beside folds"));
  EXPECT_THAT(with_validation("folds: 5, fold: 2, method: keras"), HasSubstr("keras, which knows no folds"));
}

TEST(CrossChecks, GroupsNeedASplitAndColumnsOnBothSides) {
  const auto with_group = [](const std::string& data) {
    return with_data("{" + data + ", columns: {group: author}}");
  };
  for (const char* train : {"t.csv", "t.tsv", "t.jsonl"}) {
    for (const char* method : {"random", "stratified", "hash"})
      EXPECT_EQ(with_group(fmt::format("train: {}, test: {{from: train, fraction: 0.1, method: {}}}", train,
                                       method)),
                "no fault");
  }
  EXPECT_EQ(with_group("train: t.csv, validation: {from: train, folds: 5, fold: 1}, test: h.jsonl"),
            "no fault");
  EXPECT_EQ(with_group("train: t.csv, validation: v.csv"), "no fault") << "the audit counts shared groups";
  EXPECT_THAT(
      with_group("train: t.csv"),
      HasSubstr("c.yaml:1:39: data.columns.group: has no meaning without data.validation or data.test "
                "(leave it out)"));
  EXPECT_THAT(with_group("train: t.txt, validation: {from: train, fraction: 0.1}"),
              HasSubstr("data.columns.group: names a column, but data.train is fasttext"));
  EXPECT_THAT(with_group("train: folder, validation: {from: train, fraction: 0.1}"),
              HasSubstr("data.columns.group: names a column, but data.train is class_folders"));
  EXPECT_THAT(with_group("train: t.csv, validation: {from: train, fraction: 0.1}, test: held.txt"),
              HasSubstr("data.columns.group: names a column, but data.test is fasttext (expected csv, tsv or "
                        "jsonl there too, so that groups of both sides can be found)"));
  EXPECT_THAT(
      with_group("train: t.csv, validation: {from: train, fraction: 0.1, method: keras}"),
      HasSubstr("data.validation.method: is keras, which draws each text alone, but data.columns.group "
                "keeps groups together (expected random, stratified or hash)"));
  EXPECT_THAT(
      with_data("{train: t.csv, test: h.csv, columns: {header: false, text: 1, label: 2, group: who}}"),
      HasSubstr("data.columns.group: is 'who', but data.columns.header is false"));
}

TEST(CrossChecks, LabelsFitTheTask) {
  EXPECT_THAT(with_task("{kind: binary, positive: a, labels: [a, b, c]}"),
              HasSubstr("task.labels: has 3 items, but task.kind is binary"));
  EXPECT_THAT(with_task("{kind: binary, positive: a, labels: [a, b]}"),
              HasSubstr("task.positive: is 'a', but the second of task.labels is 'b'"));
  EXPECT_EQ(with_task("{kind: binary, positive: b, labels: [a, b]}"), "no fault");
  EXPECT_EQ(with_task("{kind: binary, positive_above: 0, labels: [a, b]}"), "no fault");
  EXPECT_EQ(with_task("{kind: multi_label}"), "no fault") << "the training data tell";
  EXPECT_THAT(with_task("{kind: multi_label, labels: [a, b, a]}"),
              HasSubstr("task.labels[2]: 'a' stands in the list twice"));
  EXPECT_EQ(faults_of(sections("{train: {path: f, format: class_folders}}",
                               "{kind: multi_label, labels: [a]}", "", "")),
            "no fault")
      << "each text has one of the labels";
  EXPECT_THAT(
      faults_of(
          sections("{train: {path: f, format: class_folders}}", "{kind: binary, positive_above: 0}", "", "")),
      HasSubstr("task.positive_above: compares numbers, but the labels of class folders are their names"));
  // Stratified splits keep the proportions of label sets, so they work for several labels a text too.
  EXPECT_EQ(faults_of(sections("{train: t.csv, validation: {from: train, fraction: 0.1, method: stratified}}",
                               "{kind: multi_label, labels: [a]}", "", "")),
            "no fault");
}

TEST(CrossChecks, AShareIsNoPathOfAHeldOutPart) {
  EXPECT_THAT(
      with_data("{train: t.csv, validation: 0.2}"),
      HasSubstr("data.validation.path: is '0.2', a share and no path (expected data.validation: {from: "
                "train, fraction: 0.2}; a file that is called so is ./0.2)"));
  EXPECT_THAT(with_data("{train: t.csv, test: {path: .25}}"), HasSubstr("data.test.path: is '.25', a share"));
  for (const char* path : {"./0.2", "0.2.csv", "1", "0", "2019.5"})
    EXPECT_EQ(with_data(fmt::format("{{train: t.csv, validation: {}}}", path)), "no fault") << path;
}

TEST(CrossChecks, ColumnsFitTheDataAndTheTask) {
  const std::string labels = "{kind: multi_label, labels: [a, b]}";
  EXPECT_THAT(
      faults_of(sections("{train: t.csv, columns: {label_columns: [x]}}", labels, "", "")),
      HasSubstr(
          "data.columns.label_columns: has 1 items, but task.labels has 2 (expected one column a label)"));
  EXPECT_THAT(
      faults_of(sections("{train: t.csv, columns: {label_columns: [b, a]}}", labels, "", "")),
      HasSubstr("data.columns.label_columns: has the labels in another order than task.labels, and each "
                "column is the label at its place (expected the same order: [b, a] is not [a, b]; or no "
                "task.labels)"));
  EXPECT_EQ(faults_of(sections("{train: t.csv, columns: {label_columns: [x, y]}}", labels, "", "")),
            "no fault")
      << "names of columns that are no labels stand for them by their places";
  EXPECT_THAT(with_data("{train: t.csv, columns: {label_columns: [x]}}"),
              HasSubstr("data.columns.label_columns: is for multi_label tasks"));
  EXPECT_THAT(with_data("{train: t.csv, columns: {header: false, text: 2, label: name}}"),
              HasSubstr("data.columns.label: is 'name', but data.columns.header is false (expected a column "
                        "number from 1)"));
  EXPECT_THAT(with_data("{train: t.csv, columns: {header: false, text: 0, label: 1, weight: x}}"),
              HasSubstr("data.columns.weight: is 'x'"));
  EXPECT_EQ(with_data("{train: t.csv, columns: {header: false, text: 3, label: 2, weight: 1}}"), "no fault");
  EXPECT_THAT(with_data("{train: t.csv, columns: {quote: \";\", delimiter: \";\"}}"),
              HasSubstr("data.columns.quote: is the delimiter too"));
  EXPECT_THAT(with_data("{train: t.csv, columns: {delimiter: \"\\n\"}}"),
              HasSubstr("data.columns.delimiter: is a line break"));
}

TEST(CrossChecks, AColumnIsReadForOneThing) {
  const auto columns = [](const std::string& keys) {
    return with_data("{train: t.csv, validation: v.csv, columns: {" + keys + "}}");
  };
  EXPECT_EQ(
      columns("text: label"),
      "c.yaml:1:57: data.columns.text: is 'label', and so is data.columns.label (expected another column)");
  EXPECT_THAT(columns("text: [text, label]"),
              HasSubstr("data.columns.text[1]: is 'label', and so is data.columns.label"));
  EXPECT_THAT(columns("label: text"),
              HasSubstr("data.columns.label: is 'text', and so is data.columns.text"));
  EXPECT_THAT(columns("header: false, text: 4, label: 04"),
              HasSubstr("data.columns.label: is '04', and so is data.columns.text"));
  EXPECT_THAT(columns("weight: label"), HasSubstr("data.columns.weight: is 'label', and so is"));
  EXPECT_THAT(columns("group: label"), HasSubstr("data.columns.group: is 'label', and so is"));
  EXPECT_THAT(with_data("{train: t.csv, test: {from: train, method: column}, columns: {split: text}}"),
              HasSubstr("data.columns.split: is 'text', and so is data.columns.text"));
  EXPECT_THAT(faults_of(sections("{train: t.csv, columns: {text: x, label_columns: [a, x]}}",
                                 "{kind: multi_label}", "", "")),
              HasSubstr("data.columns.label_columns[1]: is 'x', and so is data.columns.text"));
  EXPECT_EQ(columns("group: text"), "no fault");
  EXPECT_EQ(columns("text: name, group: name"), "no fault");
  EXPECT_EQ(faults_of(sections("{train: t.csv, columns: {text: label, label_columns: [a, b]}}",
                               "{kind: multi_label}", "", "")),
            "no fault")
      << "data.columns.label is not read";
}

TEST(CrossChecks, ColumnsThatNoSourceHasAreNotIgnored) {
  EXPECT_THAT(
      with_data("{train: t.jsonl, columns: {delimiter: \";\", text: body}}"),
      HasSubstr("data.columns.delimiter: has no meaning for data in the format jsonl (leave it out)"));
  EXPECT_THAT(
      with_data("{train: {path: f, format: class_folders}, columns: {text: body}}"),
      HasSubstr("data.columns.text: has no meaning for data in the format class_folders (leave it out)"));
  EXPECT_EQ(with_data("{train: t.jsonl, columns: {text: body}}"), "no fault");
  EXPECT_THAT(
      with_data("{train: t, columns: {weight: w}}"),
      HasSubstr("data.columns.weight: has no meaning for data in the format class_folders (leave it out; "
                "a table whose name does not end in .csv, .tsv or .jsonl needs its format"))
      << "a source whose name tells no format must be a folder";
  EXPECT_THAT(with_data("{train: t.txt, columns: {weight: w}}"),
              HasSubstr("data.columns.weight: has no meaning for data in the format fasttext"));
  EXPECT_THAT(
      with_data("{train: t.csv, columns: {label_separator: \";\"}}"),
      HasSubstr("data.columns.label_separator: separates the labels of a text, but task.kind is binary"));
}

TEST(CrossChecks, PositiveWeightsFitTheLabels) {
  EXPECT_THAT(
      with("loss: {pos_weight: [1, 2]}"),
      HasSubstr(
          "loss.pos_weight: has 2 numbers, but the task has 1 output (expected one number, or one a label)"));
  const std::string task = "{kind: multi_label, labels: [a, b, c]}";
  EXPECT_THAT(faults_of(sections("", task, "", "", "loss: {pos_weight: [1, 2]}")),
              HasSubstr("has 2 numbers, but the task has 3 outputs"));
  EXPECT_EQ(faults_of(sections("", task, "", "", "loss: {pos_weight: [1, 2, 3]}")), "no fault");
  EXPECT_EQ(faults_of(sections("", task, "", "", "loss: {pos_weight: 2}")), "no fault");
}

TEST(CrossChecks, NesterovNeedsMomentum) {
  EXPECT_THAT(with("optimizer: {sgd: {nesterov: true}}"),
              HasSubstr("optimizer.sgd.nesterov: is true with momentum 0.0 and dampening 0.0"));
  EXPECT_THAT(with("optimizer: {sgd: {nesterov: true, momentum: 0.9, dampening: 0.1}}"),
              HasSubstr("dampening 0.1"));
  EXPECT_EQ(with("optimizer: {sgd: {nesterov: true, momentum: 0.9}}"), "no fault");
}

TEST(CrossChecks, AFinishedVocabularyHasNoLimits) {
  EXPECT_THAT(with("text: {vocabulary: {file: v.txt, max_tokens: 9}}"),
              HasSubstr("text.vocabulary.max_tokens: limits a vocabulary that is learned"));
  EXPECT_THAT(with("text: {vocabulary: {file: v.txt, min_count: 2}}"),
              HasSubstr("text.vocabulary.min_count: limits a vocabulary that is learned"));
  EXPECT_EQ(with("text: {vocabulary: {file: v.txt}}"), "no fault");
  EXPECT_THAT(
      with("text: {vocabulary: {max_tokens: 2}}"),
      HasSubstr(
          "text.vocabulary.max_tokens: is '2', out of range (expected an integer from 3 to 2147483647)"));
}

TEST(CrossChecks, NgramWidthsAscend) {
  EXPECT_THAT(with("text: {ngrams: [2, 1]}"),
              HasSubstr("text.ngrams: has 1 after 2 (expected ascending widths)"));
  EXPECT_THAT(with("text: {ngrams: [2, 2]}"), HasSubstr("text.ngrams: has 2 after 2"));
}

TEST(CrossChecks, AStepThatIsPartOfAnotherIsLeftOut) {
  EXPECT_THAT(
      with("text: {standardize: [unicode_lowercase, lowercase]}"),
      HasSubstr("c.yaml:5:41: text.standardize[1].lowercase: is part of what unicode_lowercase does, which "
                "is in the list too (leave it out)"));
  EXPECT_THAT(
      with("text: {standardize: [strip_punctuation, strip_unicode_punctuation]}"),
      HasSubstr("text.standardize[0].strip_punctuation: is part of what strip_unicode_punctuation does"));
}

TEST(CrossChecks, AMaskStandsBeforeWhatDeletesWhatItLooksFor) {
  for (const char* const mask : {"mask_urls", "mask_emails", "mask_mentions"}) {
    EXPECT_THAT(
        with(fmt::format("text: {{standardize: [strip_punctuation, lowercase, {{{}: x}}]}}", mask)),
        HasSubstr(fmt::format("text.standardize[2].{}: finds nothing after strip_punctuation, which has "
                              "deleted the ':', '.' and '@' that it looks for (put it before that step)",
                              mask)));
  }
  EXPECT_EQ(with("text: {standardize: [strip_punctuation, {mask_numbers: x}], hashing: 9}"), "no fault");
  EXPECT_EQ(with("text: {standardize: [strip_punctuation, {replace: [' at ', '@']}, {mask_mentions: x}], "
                 "hashing: 9}"),
            "no fault");
}

TEST(CrossChecks, ATokenOfAMaskIsNotChangedByALaterStep) {
  EXPECT_THAT(with("text: {standardize: [{mask_urls: URL}, unicode_lowercase]}"),
              HasSubstr("text.standardize[0].mask_urls.token: is 'URL', which unicode_lowercase would change "
                        "afterwards (put that step before, or take a token that it leaves as it is)"));
  EXPECT_THAT(with("text: {standardize: [{mask_urls: <url>}, strip_unicode_punctuation]}"),
              HasSubstr("is '<url>', which strip_unicode_punctuation would change"));
  EXPECT_THAT(with("text: {standardize: [{mask_urls: <url>}, strip_html]}"),
              HasSubstr("which strip_html would"));
  EXPECT_THAT(with("text: {standardize: [{mask_emails: t1}, {mask_numbers: n}]}"),
              HasSubstr("is 't1', which mask_numbers would change"));
  EXPECT_EQ(with("text: {standardize: [unicode_lowercase, {mask_urls: URL}, {mask_numbers: ' N '}, "
                 "strip_unicode_punctuation], hashing: 9}"),
            "no fault");
}

TEST(CrossChecks, ANameIsAFolderName) {
  EXPECT_THAT(
      with("name: a/b"),
      HasSubstr(
          "name: is 'a/b' (expected a folder name: no '/', no control character, and no '.' at the start)"));
  EXPECT_THAT(with("name: .."), HasSubstr("name: is '..'"));
  for (const char* name : {"a\\nb", "\\e[31m", "\\x7f", "a\\x80", "\\x9f"})
    EXPECT_THAT(with(fmt::format("name: \"{}\"", name)), HasSubstr("name: is '")) << name;
  EXPECT_EQ(with("name: \"\\xa1 \\u00e9\\u0420\""), "no fault");
}

TEST(CrossChecks, ContradictionsComeTogetherWithOtherFaults) {
  EXPECT_EQ(
      faults_of("data: {train: t.csv}\n"
                "task: {kind: multi_label, labels: [a, a]}\n"
                "model: {layers: [{linear: 1}, sigmoid]}\n"
                "optimizer: {adam: {lr: x}}\n"
                "training: {batch_size: 1}\n"),
      "c.yaml:2:35: task.labels[1]: 'a' stands in the list twice (each label once)\n"
      "c.yaml:3:31: model.layers[1].sigmoid: ends a model that is trained on logits (expected no activation "
      "at the end: the loss works on logits, and the export adds the sigmoid; or set loss.mode: "
      "sigmoid_bce)\n"
      "c.yaml:4:24: optimizer.adam.lr: is 'x' (expected a number above 0 and at most 3.4e+38)\n"
      "c.yaml:5:11: training: has no limit (expected at least one of epochs, max_steps and max_seconds)");
}

TEST(CrossChecks, NoFaultIsTheConsequenceOfAnother) {
  EXPECT_EQ(with_training("{epoch: 3}"),
            "c.yaml:4:12: training.epoch: unknown key (expected epochs, max_steps, max_seconds, batch_size, "
            "accumulate, eval_batch_size, seed, validate_every_epochs, validate_every_steps, monitor, "
            "early_stopping, restore_best, keep_best, checkpoint_every_steps, engine, precision, "
            "float32_matmul_precision, threads or "
            "schedule); did you mean 'epochs'?");
}

TEST(CrossChecks, Bfloat16TrainsOnLogitsAndNotInTheFusedEngine) {
  const std::string mixed = "{epochs: 1, precision: bfloat16}";
  EXPECT_EQ(with_training(mixed), "no fault");
  EXPECT_EQ(with_training(mixed, "loss: {mode: focal_with_logits}"), "no fault");
  for (const char* mode : {"sigmoid_bce", "sigmoid_bce_clipped"}) {
    EXPECT_THAT(with_training(mixed, fmt::format("loss: {{mode: {}}}", mode)),
                HasSubstr("training.precision: is bfloat16, but loss.mode is a loss on probabilities"));
  }
  EXPECT_THAT(
      with_training("{epochs: 1, engine: fused, precision: bfloat16, float32_matmul_precision: high}"),
      AllOf(HasSubstr("training.precision: is bfloat16, but training.engine is fused"),
            HasSubstr("training.float32_matmul_precision: is high, but training.engine is fused")));
  EXPECT_EQ(with_training("{epochs: 1, float32_matmul_precision: medium}"), "no fault");
  EXPECT_THAT(with_training("{epochs: 1, precision: bf16}"), HasSubstr("expected float32 or bfloat16"));
}

/// What is wrong with the parts of a configuration that `sections` leaves as minimal() has them.
std::string faults_of_parts(const std::string& task, const std::string& training, const std::string& more) {
  return faults_of(std::string(kData) + task + kModel + training + more);
}

TEST(CrossChecks, AFaultHidesNoContradictionThatDoesNotReadIt) {
  const std::string monitor = "training.monitor.metric: is 'f1_x', which binary tasks do not have";
  const std::string weights = "loss.pos_weight: has 2 numbers, but the task has 1 output";
  const std::string training = "training: {epochs: 1, monitor: f1_x}\n";
  const std::string loss = "loss: {pos_weight: [1, 2]}\n";
  for (const char* task : {"task: {kind: binary, positiv: pos}\n", "task: {kind: binary}\n",
                           "task: {kind: binary, positive: pos, positive: neg}\n",
                           "task: {kind: binary, positive: pos, positive_above: 1}\n",
                           "task: {kind: binary, positive: [pos]}\n"}) {
    const std::string told = faults_of_parts(task, training, loss);
    EXPECT_THAT(told, AllOf(HasSubstr("c.yaml:2:"), HasSubstr(monitor), HasSubstr(weights))) << told;
  }
  EXPECT_THAT(faults_of_parts(kTask, "training: {epochs: 1, epochs: 2, monitor: f1_x}\n", loss),
              AllOf(HasSubstr("training.epochs: duplicate key"), HasSubstr(monitor), HasSubstr(weights)));
  EXPECT_THAT(faults_of_parts(kTask, training, loss + "text: {split: word, ngrams: [2, 1]}\n"),
              AllOf(HasSubstr("text.split: is 'word'"), HasSubstr("text.ngrams: has 1 after 2"),
                    HasSubstr(monitor), HasSubstr(weights)));
  EXPECT_THAT(faults_of_parts(kTask, training, "text: {vocabulary: {}, hashing: 3, ngrams: [2, 1]}\n"),
              AllOf(HasSubstr("has both"), HasSubstr("text.ngrams: has 1 after 2"), HasSubstr(monitor)));
}

TEST(CrossChecks, AFaultMakesNoFollowUp) {
  const auto one = [](const std::string& told) {
    return told.find('\n') == std::string::npos ? told : "several: " + told;
  };
  const std::string include = "model: {layers: [{embedding: 16}, {mean_pool: include}, {linear: 1}]}\n";
  EXPECT_THAT(
      one(faults_of(std::string(kData) + kTask + include + kTraining + "text: {sequence_lenght: 9}\n")),
      StartsWith("c.yaml:5:8: text.sequence_lenght: unknown key"));
  EXPECT_THAT(
      one(faults_of(std::string(kData) + kTask + include + kTraining + "text: {sequence_length: x}\n")),
      StartsWith("c.yaml:5:25: text.sequence_length: is 'x'"));
  EXPECT_THAT(one(faults_of_parts(kTask, "training: {epochs: ten}\n", "")),
              StartsWith("c.yaml:4:20: training.epochs"));
  EXPECT_THAT(one(faults_of_parts("task: {kind: bynary, labels: [a, b, c]}\n", kTraining,
                                  "loss: {pos_weight: [1, 2]}\n")),
              StartsWith("c.yaml:2:14: task.kind"));
  EXPECT_THAT(
      one(faults_of("data: {train: t.csv, validation: [[x]]}\ntraining: {epochs: 1, early_stopping: 2}\n" +
                    std::string(kTask) + kModel)),
      StartsWith("c.yaml:1:"));
  EXPECT_THAT(
      one(faults_of("data: {train: t.csv, validation: v.csv, columns: {text: {}, text_separator: x}}\n" +
                    std::string(kTask) + kModel + kTraining)),
      StartsWith("c.yaml:1:57: data.columns.text: is a map"));
  EXPECT_THAT(
      one(faults_of_parts(kTask, kTraining, "optimizer: {adamm: {weight_decay: 1}, no_decay: [bias]}\n")),
      StartsWith("c.yaml:5:13: optimizer.adamm: unknown key"));
}

}  // namespace
}  // namespace bernoulli::config
