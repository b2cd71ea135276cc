// Configurations that must be refused: exit code 2, with place, key, what was expected, and what was probably
// meant.

#include <cstdint>

#include "faults/fault_case.h"

namespace bernoulli::testing {
namespace {

using ConfigFaults = Faults;
TEST_P(ConfigFaults, AreRefused) { check_fault(GetParam()); }

/// The whole file is this text.
FaultCase whole(const std::string& name, const std::string& text, const std::string& message) {
  return {name, kCheck, 2, message, [text](FaultFolder& folder) { folder.write("config.yaml", text); }};
}

/// One part of the sound configuration is replaced.
FaultCase changed(const std::string& name, const std::string& old, const std::string& by,
                  const std::string& message) {
  return {name, kCheck, 2, message, [old, by](FaultFolder& folder) { folder.configure(old, by); }};
}

FaultCase overridden(const std::string& name, const std::string& assignment, const std::string& message) {
  return {name, {"config", "check", "config.yaml", "--set", assignment}, 2, message};
}

std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

std::string pseudorandom_bytes(size_t count) {
  std::string bytes;
  uint32_t state = 1;
  while (bytes.size() < count) bytes += static_cast<char>((state = state * 1664525u + 1013904223u) >> 24);
  return bytes;
}

const std::string kAliasBomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n";

INSTANTIATE_TEST_SUITE_P(
    Text, ConfigFaults,
    ::testing::Values(
        FaultCase{"missing", {"config", "check", "nothere.yaml"}, 2, "nothere\\.yaml.*No such file"},
        FaultCase{"folder", {"config", "check", "."}, 2, "folder"},
        FaultCase{"device_without_end", {"config", "check", "/dev/zero"}, 2, "/dev/zero.*not a file"},
        whole("empty", "", "config\\.yaml.*the document is empty.*expected a map"),
        whole("comment_only", "# nothing\n\n# here\n", "the document is empty"),
        whole("scalar_root", "train\n", "the document is a single value"),
        whole("list_root", "- data\n- task\n", "the document is a list"),
        whole("tab", "data:\n\ttrain: x\n", "config\\.yaml:2:[0-9]+: .*tab"),
        whole("open_bracket_colon", "[:", "config\\.yaml:1"),
        whole("open_brace_key", "{foo:", "config\\.yaml:1"),
        whole("numeric_tag", "!2", "config\\.yaml:1:1: "),
        whole("custom_tag", "data: !!python/object:os.system {}\n", "config\\.yaml:1:.*tag"),
        whole("deep_brackets", repeated("[", 100000), "nested deeper than"),
        whole("deep_dashes", repeated("- ", 100000) + "x\n", "nested deeper than"),
        whole("deep_maps", repeated("{a: ", 100000), "nested deeper than"),
        whole("alias_bomb", kAliasBomb, "config\\.yaml:1:4: .*anchors"),
        whole("anchor_of_itself", "a: &a [*a]\n", "anchors"),
        whole("merge_key", "<<: {a: 1}\n", "merge keys"),
        whole("two_documents", std::string(kConfig) + "---\n" + kConfig,
              "config\\.yaml:16:.*second document"),
        whole("nul_byte", std::string("data: \0x\n", 9), "config\\.yaml:1:7: control character 0x00"),
        whole("not_utf8", "data: \xff\xfe\n", "config\\.yaml:1:7: byte 0xff is not UTF-8"),
        whole("random_bytes", pseudorandom_bytes(4096), "config\\.yaml:1"),
        whole("too_long", "#" + std::string(2 << 20, 'x'), "2097153 bytes, at most 1048576")),
    case_name);

/// Something broken beside a model that ends in three outputs, which is told all the same, by its key.
FaultCase beside_a_shape(const std::string& name, const std::string& old, const std::string& by,
                         const std::string& message) {
  return {name, kCheck, 2,
          "[2-9] faults in the configuration\n.*" + message +
              ".*config\\.yaml:1[12]:7: model\\.layers\\[2\\]\\.linear: the model ends in \\[B, 3\\]|" +
              "config\\.yaml:1[12]:7: model\\.layers\\[2\\]\\.linear: the model ends in \\[B, 3\\].*" +
              message,
          [old, by](FaultFolder& folder) {
            folder.configure("units: 1", "units: 3");
            folder.configure(old, by);
          }};
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, ConfigFaults,
    ::testing::Values(
        beside_a_shape("shape_and_misspelt_positive", "positive:", "positiv:", "task\\.positiv: unknown key"),
        beside_a_shape("shape_and_no_positive", ", positive: good", "", "task: has neither positive nor"),
        beside_a_shape("shape_and_split", "text:", "text:\n  split: word", "text\\.split: is 'word'"),
        beside_a_shape("shape_and_weights", "bce_with_logits}", "bce_with_logits, pos_weight: [1, 2]}",
                       "loss\\.pos_weight: has 2 numbers"),
        beside_a_shape("shape_and_loss", "bce_with_logits", "hinge", "loss\\.mode: is 'hinge'"),
        beside_a_shape("shape_and_initializer", "model:", "model:\n  initializer: kears",
                       "model\\.initializer: is 'kears'"),
        beside_a_shape("shape_and_padding", "padding: exclude", "padding: include",
                       "mean_pool\\.padding: is include, but text\\.sequence_length is not set"),
        beside_a_shape("shape_and_duplicate", "epochs: 2", "epochs: 2, epochs: 3",
                       "training\\.epochs: duplicate key")),
    case_name);

INSTANTIATE_TEST_SUITE_P(
    Keys, ConfigFaults,
    ::testing::Values(
        changed(
            "duplicate", "metrics:", "loss: {mode: sigmoid_bce}\nmetrics:",
            "1 fault in the configuration\nconfig\\.yaml:15:1: loss: duplicate key, as in line 12, column 1"),
        changed("misspelt_section", "training:", "trainig:",
                "config\\.yaml:14:1: trainig: unknown key .*did you mean 'training'"),
        changed("misspelt_key", "batch_size", "batch_sise",
                "config\\.yaml:14:23: training\\.batch_sise: unknown key.*did you mean 'batch_size'"),
        changed("misspelt_layer", "- embedding:", "- embeding:",
                "config\\.yaml:9:7: .*unknown kind 'embeding'.*did you mean 'embedding'"),
        changed("misspelt_word", "bce_with_logits", "bce_with_logit",
                "config\\.yaml:12:14: loss\\.mode: .*did you mean 'bce_with_logits'"),
        changed("unknown_optimizer", "adam:", "lion:", "optimizer"),
        changed("two_optimizers", "{adam: {lr: 0.05}}", "{adam: {lr: 0.05}, sgd: {lr: 0.1}}",
                "optimizer: has both 'adam' and 'sgd'"),
        changed("two_layers_in_one", "- embedding: {dim: 4}", "- {embedding: 4, dropout: 0.1}",
                "model\\.layers\\[0\\]: has 2 keys"),
        changed("missing_required", ", positive: good", "", "task: has neither positive nor positive_above"),
        changed("key_of_the_other_kind", "{mode: bce_with_logits}", "{mode: bce_with_logits, gamma: 3}",
                "loss\\.gamma: has a meaning only where 'mode' is focal_with_logits"),
        changed("null_section", "loss: {mode: bce_with_logits}", "loss: {mode: }", "loss\\.mode: is empty")),
    case_name);

INSTANTIATE_TEST_SUITE_P(
    Values, ConfigFaults,
    ::testing::Values(
        changed("word_for_number", "epochs: 2", "epochs: many",
                "config\\.yaml:14:20: training\\.epochs: is 'many' \\(expected an integer"),
        changed("fraction_for_integer", "epochs: 2", "epochs: 2.5",
                "training\\.epochs: is '?2\\.5'? \\(expected an integer"),
        changed("list_for_map", "{threshold: 0.5}", "[1, 2]", "metrics: is a list"),
        changed("map_for_list", "{kind: binary, positive: good}",
                "{kind: binary, positive: good, labels: {a: b}}", "task\\.labels: is a map"),
        changed("quoted_number", "epochs: 2", "epochs: '2'", "training\\.epochs: .*in quotes"),
        changed("yes_for_true", "seed: 5", "seed: 5, restore_best: yes",
                "training\\.restore_best: is 'yes' \\(expected true or false"),
        changed("hexadecimal", "batch_size: 4", "batch_size: 0x10", "only decimal digits"),
        changed("leading_zero", "batch_size: 4", "batch_size: 010", "octal"),
        changed("zero_batch", "batch_size: 4", "batch_size: 0",
                "training\\.batch_size: is '?0'?, out of range \\(expected an integer from 1"),
        changed("zero_epochs", "epochs: 2", "epochs: 0", "training\\.epochs: .*out of range"),
        changed("negative_rate", "lr: 0.05", "lr: -0.05", "optimizer\\.adam\\.lr: .*out of range"),
        changed("zero_rate", "lr: 0.05", "lr: 0",
                "optimizer\\.adam\\.lr: .*out of range \\(expected a number above 0"),
        changed("number_beyond_double", "lr: 0.05", "lr: 1e999", "optimizer\\.adam\\.lr: .*does not fit"),
        changed("number_beyond_float32", "lr: 0.05", "lr: 1e39",
                "optimizer\\.adam\\.lr: is '1e39', out of range \\(expected a number above 0 and at most "
                "3\\.4e\\+38\\)"),
        changed(
            "start_beyond_float32", "dim: 4", "dim: 4, initializer: {uniform: [-1e39, 1e39]}",
            "uniform\\.low: is '-1e39', out of range \\(expected a number from -3\\.4e\\+38 to 3\\.4e\\+38"),
        changed("span_beyond_float32", "dim: 4", "dim: 4, initializer: {uniform: [-3e38, 3e38]}",
                "config\\.yaml:9:7: model\\.layers\\[0\\]\\.embedding: initializer uniform: high - low is "
                "6e\\+38 "
                "\\(expected at most 3\\.4e\\+38\\)"),
        changed("nan", "lr: 0.05", "lr: .nan", "optimizer\\.adam\\.lr: .*only finite numbers"),
        changed("infinity", "lr: 0.05", "lr: .inf", "optimizer\\.adam\\.lr: .*only finite numbers"),
        changed("integer_beyond_64_bits", "seed: 5", "seed: 9223372036854775808",
                "training\\.seed: .*does not fit in a signed 64-bit"),
        changed("no_decay_of_no_parameter", "{adam: {lr",
                "{no_decay: [bias, biass], adam: {weight_decay: 0.1, lr",
                "config\\.yaml:13:23: optimizer\\.no_decay\\[1\\]: no parameter of the model ends in 'biass' "
                "\\(it has .*bias"),
        changed("start_of_a_bias_that_is_not_there", "units: 1",
                "units: 1, bias: false, bias_initializer: ones",
                "bias_initializer has no meaning where bias is false"),
        changed("threshold_above_one", "threshold: 0.5", "threshold: 1.5",
                "metrics\\.threshold.*1\\.5.*out of range"),
        changed("threshold_zero", "threshold: 0.5", "threshold: 0", "metrics\\.threshold.*out of range"),
        changed("dropout_above_one",
                "- linear:", "- dropout: 1.5\n    - linear:", "dropout.*1\\.5.*out of range"),
        changed("fraction_of_all", "fraction: 0.25", "fraction: 1",
                "data\\.validation\\.fraction: .*out of range"),
        changed("empty_path", "path: reviews.csv", "path: ''", "data\\.train\\.path"),
        changed("vocabulary_of_two", "max_tokens: 100", "max_tokens: 2", "max_tokens.*out of range")),
    case_name);

INSTANTIATE_TEST_SUITE_P(
    Contradictions, ConfigFaults,
    ::testing::Values(
        changed("sigmoid_under_a_loss_on_logits", "- linear: {units: 1}",
                "- linear: {units: 1}\n    - sigmoid", "model\\.layers\\[3\\].*trained on logits"),
        changed("another_activation_at_the_end", "- linear: {units: 1}", "- linear: {units: 1}\n    - relu",
                "an activation ends the model"),
        changed("two_outputs_for_binary", "units: 1", "units: 2", "model\\.layers\\[2\\].*one logit a label"),
        changed("no_pool_before_linear", "    - mean_pool: {padding: exclude}\n", "",
                "model\\.layers\\[1\\]"),
        changed("linear_on_token_ids", "    - embedding: {dim: 4}\n", "",
                "model\\.layers\\[0\\].*got \\[B, T\\] ids"),
        changed(
            "naive_bayes_without_a_pool_behind_the_table", "embedding: {dim: 4}",
            "embedding: {dim: 4, initializer: naive_bayes}\n    - spatial_dropout: 0.1\n    - layer_norm",
            "config\\.yaml:9:7: model\\.layers\\[0\\]\\.embedding: naive_bayes needs mean_pool or sum_pool"),
        changed("pretrained_vectors_of_hashed_ids",
                "text:\n  vocabulary: {max_tokens: 100}\nmodel:\n  layers:\n    - embedding: {dim: 4}\n",
                "text:\n  hashing: {buckets: 100}\nmodel:\n  layers:\n"
                "    - embedding: {dim: 4, initializer: {pretrained: some.vec}}\n",
                "config\\.yaml:.*pretrained vectors belong to tokens"),
        changed("nothing_to_train",
                "embedding: {dim: 4}\n    - mean_pool: {padding: exclude}\n    - linear: {units: 1}",
                "embedding: {dim: 1, trainable: false}\n    - mean_pool: {padding: exclude}",
                "model\\.layers\\[0\\]\\.embedding: no layer has anything to train"),
        changed("no_layers",
                "layers:\n    - embedding: {dim: 4}\n    - mean_pool: {padding: exclude}\n    - linear: "
                "{units: 1}",
                "layers: []", "model\\.layers: has 0 items"),
        changed("padding_without_length", "padding: exclude", "padding: include",
                "text\\.sequence_length is not set"),
        changed("unknown_metric", "seed: 5", "seed: 5, monitor: acuracy",
                "training\\.monitor.*'acuracy'.*did you mean 'accuracy'"),
        changed("metric_of_the_other_task", "seed: 5", "seed: 5, monitor: macro_f1",
                "training\\.monitor.*'macro_f1', which binary tasks do not have"),
        changed("no_limit", "epochs: 2, ", "", "training: has no limit"),
        FaultCase{
            "fitted_without_validation", kCheck, 2,
            "metrics\\.temperature.*needs validation data(.|\n)*metrics\\.shift.*needs validation data(.|\n)*"
            "metrics\\.threshold.*needs validation data",
            [](FaultFolder& folder) {
              folder.configure("  validation: {from: train, fraction: 0.25, method: stratified, seed: 1}\n",
                               "");
              folder.configure("threshold: 0.5",
                               "temperature: min_log_loss, shift: min_log_loss, threshold: max_f1");
            }},
        changed("keras_split_of_a_table", "method: stratified", "method: keras",
                "data\\.validation\\.method: is keras"),
        changed(
            "groups_of_a_keras_split", "method: stratified, seed: 1}",
            "method: keras, seed: 1}\n  columns: {group: author}",
            "config\\.yaml:[0-9]+:[0-9]+: data\\.validation\\.method: is keras, which draws each text alone"),
        changed("nothing_left_to_train_on", "seed: 1}", "seed: 1}\n  test: {from: train, fraction: 0.75}",
                "leaves nothing to train on"),
        changed("positive_not_among_labels", "positive: good", "positive: good, labels: [good, bad]",
                "task\\.positive: is 'good'"),
        changed("three_labels_for_binary", "positive: good", "positive: good, labels: [a, b, good]",
                "task\\.labels: has 3 items"),
        changed("weights_for_more_labels", "{mode: bce_with_logits}",
                "{mode: bce_with_logits, pos_weight: [1, 2]}", "loss\\.pos_weight: has 2 numbers"),
        changed("momentum_free_nesterov", "adam: {lr: 0.05}", "sgd: {lr: 0.05, nesterov: true}", "nesterov"),
        FaultCase{"model_and_settings_at_once", kCheck, 2,
                  "config\\.yaml:11:.*model\\.layers\\[2\\](.|\n)*config\\.yaml:14:.*batch_size",
                  [](FaultFolder& folder) {
                    folder.configure("units: 1", "units: 2");
                    folder.configure("batch_size: 4", "batch_size: 0");
                  }},
        FaultCase{"no_decay_beside_others", kCheck, 2,
                  "optimizer\\.no_decay\\[0\\]: no parameter(.|\n)*optimizer\\.adam\\.lr: .*out of range"
                  "(.|\n)*batch_size",
                  [](FaultFolder& folder) {
                    folder.configure("{adam: {lr: 0.05}}",
                                     "{no_decay: [foo], adam: {weight_decay: 1, lr: -1}}");
                    folder.configure("batch_size: 4", "batch_size: 0");
                  }},
        FaultCase{"all_at_once", kCheck, 2,
                  "config\\.yaml:12:.*loss\\.mode.*config\\.yaml:14:.*training\\.batch_size.*config\\.yaml:"
                  "15:.*metrics\\.threshold",
                  [](FaultFolder& folder) {
                    folder.configure("bce_with_logits", "mse");
                    folder.configure("batch_size: 4", "batch_size: -1");
                    folder.configure("threshold: 0.5", "threshold: 7");
                  }}),
    case_name);

INSTANTIATE_TEST_SUITE_P(
    Sources, ConfigFaults,
    ::testing::Values(
        overridden("set_without_value", "training.epochs", "--set training\\.epochs: has no '='"),
        overridden("set_without_key", "=3", "--set"),
        FaultCase{"set_mixed_probabilities",
                  {"config", "check", "config.yaml", "--set", "training.precision=bfloat16", "--set",
                   "loss.mode=sigmoid_bce"},
                  2,
                  "--set training\\.precision=bfloat16: training\\.precision: is bfloat16, but loss\\.mode "
                  "is a loss on probabilities"},
        FaultCase{"set_mixed_fused",
                  {"config", "check", "config.yaml", "--set", "training.precision=bfloat16", "--set",
                   "training.engine=fused"},
                  2,
                  "--set training\\.precision=bfloat16: training\\.precision: is bfloat16, but "
                  "training\\.engine is fused"},
        overridden("set_misspelt", "training.epoch=3",
                   "--set.*training\\.epoch: unknown key.*did you mean 'epochs'"),
        overridden("set_layer_that_is_not_there", "model.layers[7].dropout=0.5",
                   "has no item \\[7\\] \\(it has 3"),
        overridden("set_not_yaml", "training.epochs=[", "--set"),
        overridden("set_out_of_range", "training.batch_size=0", "--set.*training\\.batch_size"),
        whole("base_missing", "base: other.yaml\n",
              "config\\.yaml:1:7: base: there is no file 'other\\.yaml'"),
        whole("base_with_too_long_a_name", "base: " + std::string(300, 'x') + "\n",
              "config\\.yaml:1:7: base: cannot look for 'x+': File name too long"),
        FaultCase{"base_that_is_a_circle_of_links", kCheck, 2,
                  "config\\.yaml:1:7: base: cannot look for 'loop': Too many levels of symbolic links",
                  [](FaultFolder& folder) {
                    std::filesystem::create_symlink("loop", folder / "loop");
                    folder.write("config.yaml", "base: loop\n");
                  }},
        whole("base_in_a_circle", "base: config.yaml\n", "config\\.yaml:1:7: base: names files in a circle"),
        whole("base_not_a_path", "base: [1]\n", "base: is not a path"),
        FaultCase{"refused_by_train_too", kTrain, 2, "training\\.batch_size",
                  [](FaultFolder& folder) { folder.configure("batch_size: 4", "batch_size: 0"); }}),
    case_name);

}  // namespace
}  // namespace bernoulli::testing
