#include "config/bind.h"

#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "config/faults.h"
#include "config/field_builder.h"
#include "config/key_path.h"
#include "config/loss_mode.h"
#include "config/reader.h"
#include "config/resolve.h"
#include "config/schema.h"
#include "config/yaml_reader.h"
#include "config/yaml_writer.h"
#include "core/error.h"

namespace bernoulli::config {
namespace {

using Places = std::map<std::string, Place>;

std::string where(const Places& places, const std::string& path) {
  const auto found = places.find(path);
  return found == places.end() ? "" : found->second.text();
}

std::vector<KindConfig> bind_kinds(const Json& list, const std::string& path, const Places& places);

/// {name: {key: value}}; the arguments are read by whoever builds the kind, but for lists of further kinds.
KindConfig bind_kind(const Json& value, const std::string& path, const Places& places) {
  constexpr const char* kBranches = "branches";
  const auto kind = value.begin();
  const std::string own_path = join_path(path, kind.key());
  KindConfig bound{kind.key(), kind.value(), where(places, own_path)};
  if (!bound.args.contains(kBranches)) return bound;
  for (const Json& branch : bound.args[kBranches]) {
    bound.branches.push_back(
        bind_kinds(branch, item_path(join_path(own_path, kBranches), bound.branches.size()), places));
  }
  bound.args.erase(kBranches);
  return bound;
}

KindConfig bind_kind(Reader& reader, const std::string& key, const Places& places) {
  return bind_kind(reader.raw(key), join_path(reader.path(), key), places);
}

std::vector<KindConfig> bind_kinds(const Json& list, const std::string& path, const Places& places) {
  std::vector<KindConfig> kinds;
  for (const Json& item : list) kinds.push_back(bind_kind(item, item_path(path, kinds.size()), places));
  return kinds;
}

std::vector<KindConfig> bind_kinds(Reader& reader, const std::string& key, const Places& places) {
  return bind_kinds(reader.raw(key), join_path(reader.path(), key), places);
}

SourceConfig bind_source(Reader& reader) {
  return {reader.one_or_more_texts("path"), reader.text("format"), false};
}

SplitConfig bind_split(Reader& reader) {
  SplitConfig split{reader.text("method"), 0,
                    static_cast<uint64_t>(reader.optional_integer("seed").value_or(0))};
  split.fraction = reader.optional_number("fraction").value_or(0);
  if (reader.has("folds")) {
    split.folds = reader.optional_integer("folds").value_or(0);
    split.fold = reader.optional_integer("fold").value_or(0);
  }
  return split;
}

HeldOutConfig bind_held_out(std::optional<Reader> reader) {
  HeldOutConfig held_out;
  if (!reader) return held_out;
  const bool from_path = !reader->raw("path").is_null();
  const bool from_train = reader->optional_text("from") == "train";
  for (const char* key : {"format", "fraction", "method", "seed"}) reader->raw(key);
  for (const char* key : {"folds", "fold"}) {
    if (reader->has(key)) reader->raw(key);
  }
  if (from_path) held_out.source = bind_source(*reader);
  if (from_train) held_out.split = bind_split(*reader);
  if (reader->has("optional") && !reader->raw("optional").is_null())
    held_out.source->optional = reader->boolean("optional");
  reader->finish();
  return held_out;
}

SplitColumnConfig bind_split_column(Reader& reader) {
  SplitColumnConfig split{reader.text("column"), reader.one_or_more_texts("train"),
                          reader.one_or_more_texts("validation"), reader.one_or_more_texts("test")};
  reader.finish();
  return split;
}

ColumnsConfig bind_columns(Reader reader) {
  ColumnsConfig columns;
  columns.text = reader.one_or_more_texts("text");
  columns.text_separator = reader.text("text_separator");
  if (auto split = reader.optional_map("split")) columns.split = bind_split_column(*split);
  columns.label = reader.text("label");
  columns.label_columns = reader.texts("label_columns");
  columns.label_separator = reader.text("label_separator");
  columns.weight = reader.optional_text("weight");
  columns.group = reader.optional_text("group");
  columns.header = reader.boolean("header");
  columns.quote = reader.text("quote");
  columns.delimiter = reader.optional_text("delimiter");
  reader.finish();
  return columns;
}

CacheConfig bind_cache(Reader reader) {
  CacheConfig cache;
  cache.folder = reader.text("folder");
  cache.check_contents = reader.text("check") == "contents";
  cache.limit_gib = reader.number("limit_gib");
  reader.finish();
  return cache;
}

DataConfig bind_data(Reader reader) {
  DataConfig data;
  data.root = reader.text("root");
  Reader train = reader.map("train");
  data.train = bind_source(train);
  data.train_fraction = train.optional_number("fraction");
  data.train_seed = static_cast<uint64_t>(train.optional_integer("seed").value_or(0));
  train.finish();
  data.validation = bind_held_out(reader.optional_map("validation"));
  data.test = bind_held_out(reader.optional_map("test"));
  data.columns = bind_columns(reader.map("columns"));
  data.cache = bind_cache(reader.map("cache"));
  reader.finish();
  return data;
}

TaskConfig bind_task(Reader reader) {
  TaskConfig task;
  task.kind = reader.text("kind") == "binary" ? TaskConfig::Kind::kBinary : TaskConfig::Kind::kMultiLabel;
  task.positive = reader.optional_text("positive");
  task.positive_above = reader.optional_number("positive_above");
  task.labels = reader.texts("labels");
  task.min_count = reader.optional_integer("min_count").value_or(task.min_count);
  reader.finish();
  return task;
}

TextConfig bind_text(Reader reader, const Places& places) {
  TextConfig text;
  text.standardize = bind_kinds(reader, "standardize", places);
  text.split = reader.text("split");
  text.ngrams = reader.integers("ngrams");
  text.sequence_length = reader.optional_integer("sequence_length");
  if (reader.has("vocabulary")) {
    Reader vocabulary = reader.map("vocabulary");
    text.max_tokens = vocabulary.optional_integer("max_tokens");
    text.min_count = vocabulary.integer("min_count");
    text.vocabulary_file = vocabulary.optional_text("file");
    vocabulary.finish();
  } else {
    Reader hashing = reader.map("hashing");
    text.hash_buckets = hashing.integer("buckets");
    hashing.finish();
  }
  reader.finish();
  return text;
}

ModelConfig bind_model(Reader reader, const Places& places) {
  ModelConfig model;
  model.initializer = reader.text("initializer");
  model.layers = bind_kinds(reader, "layers", places);
  if (std::optional<Reader> start = reader.optional_map("start_from")) {
    model.start_from = StartFromConfig{start->text("path"), start->text("unmatched") == "draw"};
    start->finish();
  }
  reader.finish();
  return model;
}

std::vector<LabelNumber> bind_label_numbers(const Json& numbers, const std::string& path,
                                            const Places& places) {
  std::vector<LabelNumber> bound;
  for (const auto& [label, number] : numbers.items())
    bound.push_back({label, number.get<double>(), where(places, join_path(path, label))});
  return bound;
}

LossConfig bind_loss(Reader reader, const Places& places) {
  LossConfig loss;
  loss.mode = loss_mode_called(reader.text("mode")).value();
  const Json& pos_weight = reader.raw("pos_weight");
  loss.pos_weight_auto = pos_weight.is_string();
  if (pos_weight.is_array()) loss.pos_weight = pos_weight.get<std::vector<double>>();
  if (pos_weight.is_object()) loss.pos_weight_of = bind_label_numbers(pos_weight, "loss.pos_weight", places);
  loss.label_smoothing = reader.number("label_smoothing");
  loss.gamma = reader.optional_number("gamma").value_or(loss.gamma);
  loss.alpha = reader.optional_number("alpha");
  reader.finish();
  return loss;
}

OptimizerConfig bind_optimizer(Reader reader, const Places& places) {
  OptimizerConfig optimizer;
  for (const KindSchema& kind : optimizer_schemas()) {
    if (!reader.has(kind.name)) continue;
    optimizer.kind = {kind.name, reader.raw(kind.name), where(places, join_path(reader.path(), kind.name))};
  }
  optimizer.clip_norm = reader.optional_number("clip_norm");
  optimizer.clip_value = reader.optional_number("clip_value");
  optimizer.no_decay = reader.texts("no_decay");
  optimizer.ema_decay = reader.optional_number("ema_decay");
  reader.finish();
  return optimizer;
}

void bind_selection(Reader& reader, TrainingConfig& training) {
  Reader monitor = reader.map("monitor");
  training.monitor = monitor.text("metric");
  training.monitor_mode = monitor.text("mode");
  monitor.finish();
  if (auto stopping = reader.optional_map("early_stopping")) {
    training.early_stopping =
        EarlyStoppingConfig{stopping->integer("patience"), stopping->number("min_delta")};
    stopping->finish();
  }
  training.restore_best = reader.boolean("restore_best");
  training.keep_best = reader.integer("keep_best");
}

TrainingConfig bind_training(Reader reader, const Places& places) {
  TrainingConfig training;
  training.epochs = reader.optional_integer("epochs");
  training.max_steps = reader.optional_integer("max_steps");
  training.max_seconds = reader.optional_number("max_seconds");
  training.batch_size = reader.integer("batch_size");
  training.accumulate = reader.integer("accumulate");
  training.eval_batch_size = reader.integer("eval_batch_size");
  training.seed = static_cast<uint64_t>(reader.integer("seed"));
  training.validate_every_epochs = reader.integer("validate_every_epochs");
  training.validate_every_steps = reader.optional_integer("validate_every_steps");
  bind_selection(reader, training);
  training.checkpoint_every_steps = reader.optional_integer("checkpoint_every_steps");
  training.engine = reader.text("engine");
  training.precision = reader.text("precision");
  training.float32_matmul_precision = reader.text("float32_matmul_precision");
  training.threads = reader.integer("threads");
  training.schedule = bind_kind(reader, "schedule", places);
  reader.finish();
  return training;
}

ThresholdConfig bind_fixed_threshold(const Json& value, const std::string& path, const Places& places) {
  ThresholdConfig config;
  if (value.is_array() && value.size() == 1) {
    config.value = value.front().get<double>();
  } else if (value.is_array()) {
    config.values = value.get<std::vector<double>>();
  } else if (value.is_object()) {
    config.value_of = bind_label_numbers(value, path, places);
  } else {
    config.value = value.get<double>();
  }
  return config;
}

ThresholdConfig bind_threshold(const Json& threshold, double f_beta, const Places& places) {
  const std::string method = threshold.begin().key();
  Reader reader(threshold.begin().value(), "metrics.threshold." + method);
  ThresholdConfig config;
  if (method == "fixed") {
    config = bind_fixed_threshold(reader.raw("value"), join_path(reader.path(), "value"), places);
  } else if (method == "highest") {
    config.method = ThresholdConfig::Method::kHighest;
  } else if (method == "max_f1" || method == "max_f_beta") {
    config.method = method == "max_f1" ? ThresholdConfig::Method::kMaxF1 : ThresholdConfig::Method::kMaxFBeta;
    config.min_positives = reader.integer("min_positives");
    if (method == "max_f_beta") config.beta = f_beta;
  } else if (method == "precision_at_recall") {
    config = {ThresholdConfig::Method::kPrecisionAtRecall, reader.number("recall")};
  } else if (method == "recall_at_precision") {
    config = {ThresholdConfig::Method::kRecallAtPrecision, reader.number("precision"),
              reader.optional_number("confidence")};
  } else {
    throw InternalError(fmt::format(
        "configuration: the schema declares threshold method '{}', but nothing reads it", method));
  }
  reader.finish();
  config.setting = threshold;
  return config;
}

MetricsConfig bind_metrics(Reader reader, const Places& places) {
  MetricsConfig metrics;
  metrics.fits_temperature = reader.text("temperature") == "min_log_loss";
  metrics.fits_shift = reader.text("shift") == "min_log_loss";
  metrics.f_beta = reader.number("f_beta");
  metrics.threshold = bind_threshold(reader.raw("threshold"), metrics.f_beta, places);
  metrics.calibration_bins = reader.integer("calibration_bins");
  reader.finish();
  return metrics;
}

ExportConfig bind_export(Reader reader) {
  ExportConfig exported;
  exported.weights = reader.text("weights");
  exported.buckets = reader.text("buckets");
  exported.fold = reader.boolean("fold");
  exported.max_changed = reader.optional_number("max_changed");
  reader.finish();
  return exported;
}

StabilityConfig bind_stability(Reader reader, const Places& places) {
  StabilityConfig stability;
  stability.seeds = reader.integer("seeds");
  stability.epochs = reader.optional_integer("epochs");
  stability.max_steps = reader.optional_integer("max_steps");
  stability.dtypes = reader.texts("dtypes");
  stability.stress = bind_kinds(reader, "stress", places);
  reader.finish();
  return stability;
}

/// Columns that have names name their labels, where the task does not.
void name_labels_by_columns(RunConfig& run) {
  const ColumnsConfig& columns = run.data.columns;
  if (run.task.kind == TaskConfig::Kind::kMultiLabel && run.task.labels.empty() && columns.header)
    run.task.labels = columns.label_columns;
}

}  // namespace

RunConfig bind_config(const Json& resolved, const std::map<std::string, Place>& places) {
  Reader reader(resolved, "");
  RunConfig run;
  run.name = reader.optional_text("name");
  run.data = bind_data(reader.map("data"));
  run.task = bind_task(reader.map("task"));
  run.text = bind_text(reader.map("text"), places);
  run.model = bind_model(reader.map("model"), places);
  run.loss = bind_loss(reader.map("loss"), places);
  run.optimizer = bind_optimizer(reader.map("optimizer"), places);
  run.training = bind_training(reader.map("training"), places);
  run.metrics = bind_metrics(reader.map("metrics"), places);
  run.exported = bind_export(reader.map("export"));
  run.stability = bind_stability(reader.map("stability"), places);
  reader.finish();
  name_labels_by_columns(run);
  return run;
}

ThresholdConfig read_threshold(const Json& setting, double f_beta) {
  const FieldSchema schema = one_kind("threshold", "", threshold_schemas());
  const auto source = std::make_shared<const std::string>("threshold");
  Faults faults;
  std::optional<Node> node = read_yaml(write_yaml_inline(setting), source, faults);
  Json resolved;
  if (node) resolved = resolve(schema, *node, faults).value;
  faults.throw_if_any();
  return bind_threshold(resolved, f_beta, {});
}

}  // namespace bernoulli::config
