#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace bernoulli {

/// Plain structs: the resolved, validated configuration. Everything behind config/ takes these and never sees
/// YAML. Keys, defaults, ranges and documentation of every member stand in config/schema_*.cpp.

/// A validated variant: every key of the kind is present in `args` (defaults filled in; optional ones null).
struct KindConfig {
  std::string kind;
  nlohmann::ordered_json args;
  std::string where;  ///< "file:line:column" for messages; empty when made by code
  std::vector<std::vector<KindConfig>> branches = {};  ///< the key `branches`: lists of kinds inside this one
};

struct SourceConfig {
  /// In the order in which they are read, relative to DataConfig::root unless absolute. With *, ? or [...]
  /// they may be patterns (data/source_files.h).
  std::vector<std::string> paths;
  std::string format = "auto";  ///< auto | class_folders | csv | tsv | jsonl | fasttext
  bool optional = false;        ///< may be absent: the caller says so and goes on without it
};

struct SplitConfig {
  std::string method;   ///< keras (of the validation set only) | random | stratified | hash | column
  double fraction = 0;  ///< share of the training source taken away, in (0, 1); 0 for a fold or by column
  uint64_t seed = 0;
  int64_t folds = 0;  ///< what the test part leaves is cut into as many; 0: a fraction is taken
  int64_t fold = 0;   ///< the one that is taken, from 1
};

/// Either a path of its own or a part of the training source. Neither: absent.
struct HeldOutConfig {
  std::optional<SourceConfig> source;
  std::optional<SplitConfig> split;
  bool present() const { return source || split; }
};

/// The column of the training source that says to which part a row belongs, and the words for each.
struct SplitColumnConfig {
  std::string column;
  std::vector<std::string> train, validation, test;
};

/// How the columns of csv, tsv and jsonl rows map to an example. A name, or a 1-based column number when
/// there is no header.
struct ColumnsConfig {
  std::vector<std::string> text = {"text"};  ///< several are joined by text_separator, empty ones left out
  std::string text_separator = " ";
  std::string label =
      "label";  ///< binary: the value; multi_label: a list (JSON array, or joined by label_separator)
  std::vector<std::string> label_columns;  ///< multi_label: one 0/1 column a label instead of `label`
  std::string label_separator = ",";
  std::string weight;  ///< example weight column; empty: all 1
  std::optional<SplitColumnConfig> split;
  std::string group;  ///< column whose equal values a split keeps together; empty: each example is alone
  bool for_evaluate = false;        ///< read by evaluate --data, for what messages advise
  std::vector<std::string> slices;  ///< columns of --by, in which an example may be without a value
  bool header = true;
  std::string quote = "\"";  ///< one character, or empty: quotes are ordinary characters
  std::string delimiter;     ///< one character; empty: ',' for csv, tab for tsv
};

/// Where the token cache lies and what it trusts (docs/data.md, "Token cache").
struct CacheConfig {
  std::string folder = "off";   ///< off, auto, or a folder: relative to DataConfig::root unless absolute
  bool check_contents = false;  ///< compare the bytes of the source files, not their sizes and times
  double limit_gib = 8;
};

struct DataConfig {
  std::string root = ".";
  SourceConfig train;
  std::optional<double> train_fraction;  ///< of what the held-out parts leave, in (0, 1]; absent: all of it
  uint64_t train_seed = 0;               ///< of the draw of that fraction
  HeldOutConfig validation;
  HeldOutConfig test;
  ColumnsConfig columns;
  CacheConfig cache;
};

struct TaskConfig {
  enum class Kind { kBinary, kMultiLabel };
  Kind kind = Kind::kBinary;
  std::string positive;  ///< binary: the label that counts as 1; empty when positive_above is set
  std::optional<double> positive_above;  ///< binary: numeric labels, 1 where the value is above this
  std::vector<std::string> labels;  ///< multi_label: names in order. binary: {negative name, positive name},
                                    ///< may be empty: found in the data
  int64_t min_count = 1;  ///< of labels found in the data: rarer ones in the training source are left out
};

struct TextConfig {
  std::vector<KindConfig> standardize;  ///< steps in order (standardize_schemas)
  std::string split = "whitespace";     ///< whitespace | character
  std::vector<int64_t> ngrams = {
      1};  ///< widths, ascending: all n-grams of the first width, then of the second, ...
  std::optional<int64_t> max_tokens;  ///< vocabulary size with the two reserved ids; absent: no limit
  int64_t min_count = 1;
  std::string vocabulary_file;          ///< empty: learned from the training texts
  std::optional<int64_t> hash_buckets;  ///< instead of a vocabulary
  std::optional<int64_t>
      sequence_length;  ///< pad and truncate to exactly this; absent: rows keep their length
};

/// Weights of an earlier run that a model begins with.
struct StartFromConfig {
  std::string path;              ///< a run folder or a checkpoint in one; relative to the working directory
  bool draws_unmatched = false;  ///< tensors that do not match start as ever; else they are a fault
};

struct ModelConfig {
  std::string initializer = "keras";  ///< keras | torch: the default of every layer that names none
  std::vector<KindConfig> layers;
  std::optional<StartFromConfig> start_from = std::nullopt;
};

/// A number that is given for a label by its name.
struct LabelNumber {
  std::string label;
  double number = 0;
  std::string where;  ///< "file:line:column" for messages
};

struct LossConfig {
  enum class Mode { kBceWithLogits, kSigmoidBce, kSigmoidBceClipped, kFocalWithLogits };
  Mode mode = Mode::kBceWithLogits;
  bool pos_weight_auto = false;            ///< negatives / positives of the training set, per label
  std::vector<double> pos_weight;          ///< empty: none; one number for all labels, or one a label
  std::vector<LabelNumber> pos_weight_of;  ///< instead, by name; labels without one have weight 1
  double label_smoothing = 0;              ///< targets become y*(1-s) + s/2
  double gamma = 2.0;                      ///< focal only
  std::optional<double> alpha;  ///< focal only: weight of the positive class, 1-alpha of the negative
};

struct OptimizerConfig {
  KindConfig kind;  ///< sgd | adam | adamw | rmsprop | adagrad
  std::optional<double> clip_norm;
  std::optional<double> clip_value;
  std::vector<std::string> no_decay;  ///< endings of parameter names without weight decay, such as "bias"
  std::optional<double>
      ema_decay;  ///< exponential moving average of the weights; evaluation uses the average
};

/// Whether `no_decay` names a parameter: its name ends in one of the words, or what stands behind the dot
/// begins with it and "_", as bias_ih and bias_hh_reverse do with bias.
inline bool has_no_decay(const std::vector<std::string>& no_decay, std::string_view parameter) {
  const std::string_view own = parameter.substr(parameter.rfind('.') + 1);
  return std::ranges::any_of(no_decay, [&](const std::string& word) {
    return parameter.ends_with(word) || own.starts_with(word + "_");
  });
}

struct EarlyStoppingConfig {
  int64_t patience = 3;  ///< validations without improvement
  double min_delta = 0;
};

struct TrainingConfig {
  std::optional<int64_t> epochs;
  std::optional<int64_t> max_steps;
  std::optional<double> max_seconds;
  int64_t batch_size = 32;
  int64_t accumulate = 1;  ///< batches a weight update
  int64_t eval_batch_size = 512;
  uint64_t seed = 42;
  int64_t validate_every_epochs = 1;
  std::optional<int64_t> validate_every_steps;  ///< absent: after epochs only
  std::string monitor = "loss";       ///< validation metric that decides best checkpoint and early stopping
  std::string monitor_mode = "auto";  ///< min | max | auto (from the metric)
  std::optional<EarlyStoppingConfig> early_stopping;
  bool restore_best = true;  ///< evaluate and export the best checkpoint, else the last
  int64_t keep_best = 1;     ///< best checkpoints kept besides the last two
  std::optional<int64_t> checkpoint_every_steps;
  std::string engine = "auto";                       ///< auto | fused | graph | reference
  std::string precision = "float32";                 ///< float32 | bfloat16: of the products of layers
  std::string float32_matmul_precision = "highest";  ///< highest | high | medium: on a CUDA device
  int64_t threads = 0;  ///< 0: num_threads and operator_threads (train/prepare.h) choose
  KindConfig schedule;  ///< constant | step | multi_step | exponential | cosine | linear | one_cycle |
                        ///< reduce_on_plateau
};

struct ThresholdConfig {
  enum class Method { kFixed, kHighest, kMaxF1, kMaxFBeta, kPrecisionAtRecall, kRecallAtPrecision };
  Method method = Method::kFixed;
  /// On validation data; else the configuration has all there is to know.
  bool is_fitted() const { return method != Method::kFixed && method != Method::kHighest; }
  /// kFixed: the threshold of all labels. Else: the recall or precision to keep.
  double value = 0.5;
  std::optional<double> confidence = std::nullopt;  ///< kRecallAtPrecision: with which it is kept
  /// kMaxF1, kMaxFBeta: labels with fewer validation examples share a threshold.
  int64_t min_positives = 0;
  double beta = 1;                         ///< kMaxFBeta: weight of recall against precision
  std::vector<double> values = {};         ///< kFixed: instead of `value`, one a label; empty: none
  std::vector<LabelNumber> value_of = {};  ///< kFixed: instead, by name; labels without one have 0.5
  nlohmann::ordered_json setting = {};     ///< metrics.threshold as it was resolved, {kind: {key: value}}
};

struct MetricsConfig {
  bool fits_temperature = false;  ///< metrics.temperature is min_log_loss
  bool fits_shift = false;        ///< metrics.shift is min_log_loss
  ThresholdConfig threshold;      ///< a probability above (not equal to) it is positive, as in Keras
  double f_beta = 2.0;
  int64_t calibration_bins = 15;
};

/// How the exported file keeps the token table (docs/artifact.md, "Small files").
struct ExportConfig {
  std::string weights = "float32";    ///< float32 | float16 | int8: the numbers of the table
  std::string buckets = "all";        ///< all | used, of hashed ids
  bool fold = false;                  ///< the table times the linear layers behind it
  std::optional<double> max_changed;  ///< share of held-out texts whose decision may change; absent: any

  /// Whether the form is any other than the trained weights themselves.
  bool is_compact() const { return weights != "float32" || buckets != "all" || fold; }
};

/// What `bernoulli stability` measures. Ordinary training does not read it.
struct StabilityConfig {
  int64_t seeds = 3;              ///< training.seed, training.seed + 1, ...
  std::optional<int64_t> epochs;  ///< of each paired run
  /// Weight updates of each paired run: the first limit reached ends it; with neither, 200.
  std::optional<int64_t> max_steps;
  std::vector<std::string> dtypes = {"float64", "float32", "bfloat16", "float16"};  ///< of curves, thresholds
  std::vector<KindConfig> stress;
};

struct RunConfig {
  std::string name;  ///< stem of the last configuration file
  DataConfig data;
  TaskConfig task;
  TextConfig text;
  ModelConfig model;
  LossConfig loss;
  OptimizerConfig optimizer;
  TrainingConfig training;
  MetricsConfig metrics;
  ExportConfig exported;
  StabilityConfig stability;
  std::string resolved_yaml;  ///< every key with its value: what config.yaml of a run holds
  /// Its sections data (less data.cache), task and text, which decide about token ids; null when made by
  /// code.
  nlohmann::ordered_json token_keys = {};
};

}  // namespace bernoulli
