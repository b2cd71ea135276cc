#include "config/cross_checks.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <set>

#include <fmt/format.h>

#include "config/loss_mode.h"
#include "config/metric_names.h"
#include "config/resolve.h"
#include "config/schema.h"
#include "config/standardize_checks.h"
#include "core/name_list.h"
#include "core/parse_number.h"
#include "core/text_distance.h"

namespace bernoulli::config {
namespace {

class CrossChecks {
 public:
  CrossChecks(const Json& resolved, const RunConfig& run, const std::map<std::string, Place>& places,
              Faults& faults)
      : resolved_(resolved), run_(run), places_(places), faults_(faults), unsound_(faults.sections()) {}

  void check_all() {
    if (sound({"name"})) check_name();
    if (sound({"data"})) check_columns();
    if (sound({"data"})) check_split_column();
    if (sound({"data"})) check_paths();
    if (sound({"data"})) check_cache();
    if (sound({"data", "task"})) check_splits();
    if (sound({"data", "task"})) check_task();
    if (sound({"text"})) check_text();
    if (sound({"model", "text"})) check_padding();
    if (sound({"model"})) check_start();
    if (sound({"model", "loss"})) check_last_layer();
    if (sound({"loss", "task"})) check_loss();
    if (sound({"loss", "training"})) check_precision();
    if (sound({"optimizer"})) check_optimizer();
    if (sound({"training"})) check_limits();
    if (sound({"training"})) check_schedule();
    if (sound({"data", "training"})) check_training_without_validation();
    if (sound({"data", "metrics"})) check_fitting_without_validation();
    if (sound({"data", "metrics", "task"})) check_threshold();
    if (sound({"export", "model", "text"})) check_export();
    if (sound({"stability"})) check_dtypes();
    if (!faults_.touch("training.monitor.metric") && !faults_.touch("task.kind")) check_monitor();
  }

 private:
  void fault(const std::string& path, const std::string& message) {
    faults_.add(place_of(places_, path), path, message);
  }

  bool sound(std::initializer_list<const char*> sections) const {
    return std::none_of(sections.begin(), sections.end(),
                        [&](const char* section) { return unsound_.contains(section); });
  }

  bool is_binary() const { return run_.task.kind == TaskConfig::Kind::kBinary; }

  void check_name() {
    if (run_.name.find('/') != std::string::npos || run_.name.starts_with('.')) {
      fault("name",
            fmt::format("is {} (expected a folder name: no '/', and no '.' at the start)", quote(run_.name)));
    }
  }

  /// As far as the paths tell: a folder may have the ending of a file. Without such an ending, auto takes
  /// folders only.
  static std::set<std::string> known_formats(const SourceConfig& source) {
    if (source.format != "auto") return {source.format};
    std::set<std::string> found;
    for (const std::string& path : source.paths) {
      const std::string by_name = format_by_name(path);
      if (by_name.empty() && path.find_first_of("*?[") != std::string::npos)
        found.merge(std::set<std::string>{"csv", "tsv", "jsonl", "fasttext"});  // whatever its files are
      else
        found.insert(by_name.empty() ? "class_folders" : by_name);
    }
    return found;
  }

  std::set<std::string> formats() const {
    std::set<std::string> found = known_formats(run_.data.train);
    for (const HeldOutConfig* held_out : {&run_.data.validation, &run_.data.test}) {
      if (held_out->source) found.merge(known_formats(*held_out->source));
    }
    return found;
  }

  static bool have_columns(const std::set<std::string>& formats) {
    return formats.contains("csv") || formats.contains("tsv") || formats.contains("jsonl");
  }

  void check_column_number(const std::string& key, const std::string& column) {
    const std::optional<int64_t> number = parse_number<int64_t>(column);
    if (!number || *number < 1) {
      fault("data.columns." + key,
            fmt::format("is {}, but data.columns.header is false (expected a column number from 1)",
                        quote(column)));
    }
  }

  void check_columns() {
    const ColumnsConfig& columns = run_.data.columns;
    const std::set<std::string> used = formats();
    const bool may_be_table = used.contains("csv") || used.contains("tsv");
    const bool may_have_columns = have_columns(used);
    if (!columns.header && may_be_table) {
      for (size_t i = 0; i < columns.text.size(); ++i)
        check_column_number(columns.text.size() == 1 ? "text" : fmt::format("text[{}]", i), columns.text[i]);
      if (columns.label_columns.empty()) check_column_number("label", columns.label);
      for (size_t i = 0; i < columns.label_columns.size(); ++i)
        check_column_number(fmt::format("label_columns[{}]", i), columns.label_columns[i]);
      if (!columns.weight.empty()) check_column_number("weight", columns.weight);
      if (columns.split) check_column_number("split.column", columns.split->column);
    }
    const ColumnsConfig defaults;
    const auto unused = [&](const char* key, bool changed, bool usable) {
      if (changed && !usable)
        fault(fmt::format("data.columns.{}", key),
              fmt::format("has no meaning for data in the format {} (leave it out)",
                          join_words({used.begin(), used.end()}, "and")));
    };
    unused("text", columns.text != defaults.text, may_have_columns);
    check_each_once("data.columns.text", columns.text, "column");
    if (columns.text.size() == 1 && columns.text_separator != defaults.text_separator)
      fault("data.columns.text_separator",
            "stands between several columns of text, but data.columns.text is one (leave it out)");
    unused("label", columns.label != defaults.label, may_have_columns);
    unused("label_columns", !columns.label_columns.empty(), may_have_columns);
    unused("weight", !columns.weight.empty(), may_have_columns);
    unused("label_separator", columns.label_separator != defaults.label_separator, may_have_columns);
    unused("header", columns.header != defaults.header, may_be_table);
    unused("quote", columns.quote != defaults.quote, may_be_table);
    unused("delimiter", !columns.delimiter.empty(), may_be_table);
    if (!columns.quote.empty() && columns.quote == columns.delimiter)
      fault("data.columns.quote", "is the delimiter too (expected two different characters)");
    for (const auto& [key, value] :
         {std::pair("quote", columns.quote), std::pair("delimiter", columns.delimiter)}) {
      if (value == "\n" || value == "\r")
        fault(fmt::format("data.columns.{}", key),
              "is a line break, which ends a row already (expected another character)");
    }
  }

  /// What data.columns.split and `method: column` say of each other.
  void check_split_column() {
    const DataConfig& data = run_.data;
    bool is_asked_for = false;
    for (const auto& [key, held_out] :
         {std::pair("data.validation", &data.validation), std::pair("data.test", &data.test)}) {
      if (!held_out->split || held_out->split->method != "column") continue;
      is_asked_for = true;
      if (!data.columns.split)
        fault(fmt::format("{}.method", key),
              "is column, but no column says which rows these are (expected data.columns.split: NAME)");
    }
    if (!data.columns.split) return;
    if (!is_asked_for)
      fault("data.columns.split",
            "has no meaning without a part that it names (expected method: column in data.validation or "
            "data.test)");
    if (!have_columns(known_formats(data.train)))
      fault("data.columns.split", fmt::format("names a column, but data.train is {}",
                                              join_words(as_list(known_formats(data.train)), "and")));
    const SplitColumnConfig& split = *data.columns.split;
    std::vector<std::string> words = split.train;
    for (const auto& [key, part] :
         {std::pair("validation", &split.validation), std::pair("test", &split.test)}) {
      for (const std::string& word : *part) {
        if (std::ranges::find(words, word) != words.end())
          fault(fmt::format("data.columns.split.{}", key),
                fmt::format("has {}, which stands for another part too", quote(word)));
      }
      words.insert(words.end(), part->begin(), part->end());
    }
  }

  static std::vector<std::string> as_list(const std::set<std::string>& words) {
    return {words.begin(), words.end()};
  }

  void check_paths() {
    const DataConfig& data = run_.data;
    check_each_once("data.train.path", data.train.paths, "file");
    if (data.validation.source)
      check_each_once("data.validation.path", data.validation.source->paths, "file");
    if (data.test.source) check_each_once("data.test.path", data.test.source->paths, "file");
  }

  void check_cache() {
    const CacheConfig& cache = run_.data.cache;
    if (cache.folder != "off") return;
    const CacheConfig defaults;
    const char* no_meaning = "has no meaning where data.cache.folder is off (leave it out)";
    if (cache.check_contents) fault("data.cache.check", no_meaning);
    if (cache.limit_gib != defaults.limit_gib) fault("data.cache.limit_gib", no_meaning);
  }

  void check_folds(const SplitConfig& split) {
    if (split.method == "column") return;
    if (split.folds == 0 && split.fraction == 0) {
      fault("data.validation.fraction",
            "is missing (expected a number above 0 and below 1, or folds and fold instead)");
    }
    if (split.folds == 0) return;
    if (split.fraction != 0)
      fault("data.validation.fraction",
            "is given beside folds (expected one of the two; null leaves it out)");
    if (split.fold == 0) {
      fault("data.validation.fold", fmt::format("is missing (expected an integer from 1 to {}; each in turn: "
                                                "bernoulli sweep CONFIG data.validation.fold=1,2,...)",
                                                split.folds));
    } else if (split.fold > split.folds) {
      fault("data.validation.fold", fmt::format("is {}, but there are {} folds", split.fold, split.folds));
    }
    if (split.method == "keras")
      fault("data.validation.method", "is keras, which knows no folds (expected random, stratified or hash)");
  }

  void check_splits() {
    const DataConfig& data = run_.data;
    if (data.validation.split) check_folds(*data.validation.split);
    if (data.validation.split && data.test.split &&
        data.validation.split->fraction + data.test.split->fraction >= 1) {
      fault("data.test.fraction", fmt::format("and data.validation.fraction are {} together, which leaves "
                                              "nothing to train on (expected less than 1)",
                                              data.validation.split->fraction + data.test.split->fraction));
    }
    if (data.test.split && data.test.split->method == "keras") {
      fault("data.test.method",
            "is keras, which makes a validation set only (expected random, stratified or hash)");
    }
    if (!data.validation.split || data.validation.split->method != "keras") return;
    if (data.validation.split->seed > std::numeric_limits<uint32_t>::max())
      fault("data.validation.seed",
            fmt::format("is {}, but method keras seeds NumPy's generator (expected at most {})",
                        data.validation.split->seed, std::numeric_limits<uint32_t>::max()));
    const std::set<std::string> formats = known_formats(data.train);
    if (formats != std::set<std::string>{"class_folders"}) {
      fault("data.validation.method", fmt::format("is keras, which splits class folders, but data.train is "
                                                  "{} (expected random, stratified or hash)",
                                                  join_words(as_list(formats), "and")));
    }
    if (data.train.paths.size() > 1)
      fault("data.validation.method",
            "is keras, which splits the classes of one folder, but data.train.path has several (expected "
            "random, "
            "stratified or hash)");
    if (!is_binary())
      fault("data.validation.method",
            "is keras, which splits class folders, but task.kind is multi_label (expected random, stratified "
            "or hash)");
  }

  void check_each_once(const std::string& path, const std::vector<std::string>& items, const char* what) {
    for (size_t i = 0; i < items.size(); ++i) {
      const auto end = items.begin() + static_cast<std::ptrdiff_t>(i);
      if (std::find(items.begin(), end, items[i]) != end)
        fault(fmt::format("{}[{}]", path, i),
              fmt::format("{} stands in the list twice (each {} once)", quote(items[i]), what));
    }
  }

  void check_export() {
    if (run_.exported.buckets == "used" && !run_.text.hash_buckets)
      fault("export.buckets", "is used, but there are no buckets: text.hashing is not set");
    else if (run_.exported.buckets == "used" && run_.model.start_from)
      fault(
          "export.buckets",
          "is used, but buckets that no training text has hold what model.start_from brought (expected all)");
  }

  void check_dtypes() { check_each_once("stability.dtypes", run_.stability.dtypes, "format"); }

  void check_task() {
    const TaskConfig& task = run_.task;
    check_each_once("task.labels", task.labels, "label");
    is_binary() ? check_binary() : check_multi_label();
  }

  void check_binary() {
    const TaskConfig& task = run_.task;
    if (!task.labels.empty() && task.labels.size() != 2) {
      fault("task.labels",
            fmt::format(
                "has {} items, but task.kind is binary (expected [negative, positive], or leave it out)",
                task.labels.size()));
    }
    if (task.labels.size() == 2 && !task.positive.empty() && task.positive != task.labels[1]) {
      fault("task.positive", fmt::format("is {}, but the second of task.labels is {} (expected the same: "
                                         "labels are [negative, positive])",
                                         quote(task.positive), quote(task.labels[1])));
    }
    if (!run_.data.columns.label_columns.empty())
      fault("data.columns.label_columns",
            "is for multi_label tasks, but task.kind is binary (name the one column in `label`)");
    if (run_.data.columns.label_separator != ColumnsConfig().label_separator)
      fault("data.columns.label_separator",
            "separates the labels of a text, but task.kind is binary: each has one (leave it out)");
    if (task.positive_above && formats().contains("class_folders")) {
      fault("task.positive_above",
            "compares numbers, but the labels of class folders are their names (name one in `positive`)");
    }
  }

  void check_multi_label() {
    const std::vector<std::string>& labels = run_.task.labels;
    if (run_.task.min_count > 1 && !labels.empty())
      fault("task.min_count",
            "leaves rare ones out of the labels that are found in the data, but task.labels or "
            "data.columns.label_columns name them (leave one of the two out)");
    const std::vector<std::string>& columns = run_.data.columns.label_columns;
    if (!columns.empty() && columns.size() != labels.size()) {
      fault("data.columns.label_columns",
            fmt::format("has {} items, but task.labels has {} (expected one column a label)", columns.size(),
                        labels.size()));
    } else if (columns != labels && std::ranges::is_permutation(columns, labels)) {
      fault(
          "data.columns.label_columns",
          fmt::format("has the labels in another order than task.labels, and each column is the label at its "
                      "place (expected the same order: [{}] is not [{}]; or no task.labels)",
                      item_list(columns), item_list(labels)));
    }
    if (formats().contains("class_folders"))
      fault("task.kind",
            "is multi_label, but class folders give each text one label (expected binary, or data in another "
            "format)");
  }

  void check_text() {
    const TextConfig& text = run_.text;
    check_standardize(text.standardize,
                      [this](const std::string& path, const std::string& message) { fault(path, message); });
    for (size_t i = 1; i < text.ngrams.size(); ++i) {
      if (text.ngrams[i] <= text.ngrams[i - 1])
        fault("text.ngrams",
              fmt::format("has {} after {} (expected ascending widths)", text.ngrams[i], text.ngrams[i - 1]));
    }
    if (text.vocabulary_file.empty()) return;
    if (text.max_tokens)
      fault("text.vocabulary.max_tokens",
            "limits a vocabulary that is learned, but `file` gives a finished one (leave one of them out)");
    if (text.min_count != 1)
      fault("text.vocabulary.min_count",
            "limits a vocabulary that is learned, but `file` gives a finished one (leave one of them out)");
  }

  void check_padding() {
    if (!run_.text.sequence_length) refuse_counted_padding(run_.model.layers, "model.layers");
  }

  void refuse_counted_padding(const std::vector<KindConfig>& layers, const std::string& list) {
    for (size_t i = 0; i < layers.size(); ++i) {
      const std::string path = fmt::format("{}[{}].{}", list, i, layers[i].kind);
      const auto padding = layers[i].args.find("padding");
      if (padding != layers[i].args.end() && *padding == "include") {
        fault(path + ".padding",
              "is include, but text.sequence_length is not set, so the result would depend on the longest "
              "text of the batch (set the length, or exclude)");
      }
      for (size_t branch = 0; branch < layers[i].branches.size(); ++branch)
        refuse_counted_padding(layers[i].branches[branch], fmt::format("{}.branches[{}]", path, branch));
    }
  }

  /// Layers name what their table starts from beside draws.
  void check_start() {
    if (!run_.model.start_from) return;
    const KindConfig& table = run_.model.layers.front();
    const auto initializer = table.args.find("initializer");
    if (initializer == table.args.end() || !initializer->is_object()) return;
    for (const char* kind : {"naive_bayes", "pretrained"}) {
      if (initializer->contains(kind))
        fault(fmt::format("model.layers[0].{}.initializer", table.kind),
              fmt::format("is {}, and model.start_from decides how the table starts (leave one of them out)",
                          kind));
    }
  }

  void check_last_layer() {
    const std::vector<KindConfig>& layers = run_.model.layers;
    if (layers.back().kind == "sigmoid" && trains_on_logits(run_.loss.mode)) {
      fault(fmt::format("model.layers[{}].sigmoid", layers.size() - 1),
            "ends a model that is trained on logits (expected no activation at the end: the loss works on "
            "logits, and the export adds the sigmoid; or set loss.mode: sigmoid_bce)");
    }
  }

  void check_pos_weight_of() {
    const TaskConfig& task = run_.task;
    for (const LossConfig::LabelWeight& given : run_.loss.pos_weight_of) {
      const std::string path = join_path("loss.pos_weight", given.label);
      if (is_binary()) {
        fault(path,
              "is the weight of a label, but task.kind is binary (expected one number for loss.pos_weight)");
      } else if (!task.labels.empty() && std::ranges::find(task.labels, given.label) == task.labels.end()) {
        fault(path, fmt::format("there is no such label (expected some of {}){}", item_list(task.labels),
                                did_you_mean(given.label, task.labels)));
      }
    }
  }

  void check_loss() {
    check_pos_weight_of();
    const size_t num_weights = run_.loss.pos_weight.size();
    const bool open = !is_binary() && run_.task.labels.empty();  // the data will tell, and make_loss
    const size_t num_outputs = is_binary() ? 1 : run_.task.labels.size();
    if (!open && num_weights > 1 && num_weights != num_outputs) {
      fault("loss.pos_weight",
            fmt::format("has {} numbers, but the task has {} output{} (expected one number, or one a label)",
                        num_weights, num_outputs, num_outputs == 1 ? "" : "s"));
    }
  }

  void check_precision() {
    const TrainingConfig& training = run_.training;
    if (training.precision == "bfloat16" && !trains_on_logits(run_.loss.mode)) {
      fault(
          "training.precision",
          "is bfloat16, but loss.mode is a loss on probabilities: a logit of 8 bits near the place where its "
          "sigmoid rounds to 1 has neighbours on both sides of it (expected float32, or loss.mode: "
          "bce_with_logits, which keeps the gradient at every logit)");
    }
    if (training.engine != "fused") return;
    const auto must_be = [&](const char* key, const std::string& value, const char* usual) {
      if (value == usual) return;
      fault(fmt::format("training.{}", key),
            fmt::format("is {}, but training.engine is fused, which computes in float32 throughout (expected "
                        "{}, or training.engine: auto)",
                        value, usual));
    };
    must_be("precision", training.precision, "float32");
    must_be("float32_matmul_precision", training.float32_matmul_precision, "highest");
  }

  void check_optimizer() {
    const KindConfig& kind = run_.optimizer.kind;
    if (!run_.optimizer.no_decay.empty() && kind.args.at("weight_decay") == 0.0)
      fault("optimizer.no_decay",
            fmt::format("has no meaning where optimizer.{}.weight_decay is 0 (leave it out)", kind.kind));
    if (kind.kind != "sgd") return;
    if (kind.args["momentum"] == 0.0 && kind.args["dampening"] != 0.0)
      fault("optimizer.sgd.dampening",
            fmt::format("is {} with momentum 0, where there is nothing to damp (expected momentum above 0)",
                        kind.args["dampening"].dump()));
    if (!kind.args["nesterov"].get<bool>()) return;
    if (kind.args["momentum"] == 0.0 || kind.args["dampening"] != 0.0) {
      fault(
          "optimizer.sgd.nesterov",
          fmt::format("is true with momentum {} and dampening {} (expected momentum above 0 and dampening 0)",
                      kind.args["momentum"].dump(), kind.args["dampening"].dump()));
    }
  }

  void check_limits() {
    const TrainingConfig& training = run_.training;
    if (!training.epochs && !training.max_steps && !training.max_seconds) {
      fault("training", "has no limit (expected at least one of epochs, max_steps and max_seconds)");
    }
  }

  void check_schedule() {
    const KindConfig& schedule = run_.training.schedule;
    const std::string path = "training.schedule." + schedule.kind;
    const TrainingConfig& training = run_.training;
    const bool spans_training =
        schedule.kind == "cosine" || schedule.kind == "linear" || schedule.kind == "one_cycle";
    if (spans_training && !training.epochs && !training.max_steps && training.max_seconds) {
      fault(path,
            "stretches over the whole training, but its number of steps is unknown (expected training.epochs "
            "or training.max_steps beside max_seconds)");
    }
    if (schedule.args.contains("warmup_steps") && training.max_steps &&
        schedule.args["warmup_steps"].get<int64_t>() >= *training.max_steps) {
      fault(path + ".warmup_steps",
            fmt::format("is {}, but training.max_steps is {} (expected fewer)",
                        schedule.args["warmup_steps"].get<int64_t>(), *training.max_steps));
    }
    if (schedule.kind != "multi_step") return;
    const auto milestones = schedule.args["milestones"].get<std::vector<int64_t>>();
    if (std::adjacent_find(milestones.begin(), milestones.end(), std::greater_equal<>()) !=
        milestones.end()) {
      fault(path + ".milestones", "do not ascend (expected each later than the one before)");
    }
  }

  void needs_validation(const std::string& path) {
    fault(path, "needs validation data (expected data.validation to be set)");
  }

  void check_training_without_validation() {
    if (run_.data.validation.present()) return;
    const TrainingConfig& training = run_.training;
    const TrainingConfig defaults;
    if (training.early_stopping) needs_validation("training.early_stopping");
    if (training.validate_every_epochs != defaults.validate_every_epochs)
      needs_validation("training.validate_every_epochs");
    if (training.validate_every_steps) needs_validation("training.validate_every_steps");
    if (training.schedule.kind == "reduce_on_plateau")
      needs_validation("training.schedule.reduce_on_plateau");
    if (training.keep_best != defaults.keep_best) needs_validation("training.keep_best");
    if (training.monitor != defaults.monitor) needs_validation("training.monitor.metric");
    if (training.monitor_mode != defaults.monitor_mode) needs_validation("training.monitor.mode");
  }

  void check_fitting_without_validation() {
    if (run_.data.validation.present()) return;
    if (run_.metrics.fits_temperature) needs_validation("metrics.temperature");
    if (run_.metrics.threshold.method != ThresholdConfig::Method::kFixed)
      needs_validation("metrics.threshold");
  }

  void check_threshold() {
    const ThresholdConfig& threshold = run_.metrics.threshold;
    if (threshold.min_positives > 0 && is_binary())
      fault("metrics.threshold.max_f1.min_positives", "is of several labels, which a binary task has not");
    if (threshold.confidence && !run_.data.columns.weight.empty())
      fault("metrics.threshold.recall_at_precision.confidence",
            "counts examples, and data.columns.weight makes some count for more than others");
  }

  void check_monitor() {
    const bool binary = resolved_.at("task").at("kind") == "binary";
    const std::vector<std::string>& names =
        metric_names(binary ? TaskConfig::Kind::kBinary : TaskConfig::Kind::kMultiLabel);
    const auto metric = resolved_.at("training").at("monitor").at("metric").get<std::string>();
    if (std::find(names.begin(), names.end(), metric) != names.end()) return;
    fault("training.monitor.metric",
          fmt::format("is {}, which {} tasks do not have (expected {}){}", quote(metric),
                      binary ? "binary" : "multi_label", join_words(names), did_you_mean(metric, names)));
  }

  const Json& resolved_;
  const RunConfig& run_;
  const std::map<std::string, Place>& places_;
  Faults& faults_;
  std::set<std::string> unsound_;
};

}  // namespace

void check_across(const Json& resolved, const RunConfig& run, const std::map<std::string, Place>& places,
                  Faults& faults) {
  CrossChecks(resolved, run, places, faults).check_all();
}

}  // namespace bernoulli::config
