#include "train/evaluate.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/given_thresholds.h"
#include "cli/held_out.h"
#include "cli/learned_texts.h"
#include "cli/load_arguments.h"
#include "cli/own_files.h"
#include "cli/slices.h"
#include "cli/verb.h"
#include "cli/verb_arguments.h"
#include "config/faults.h"
#include "config/schema.h"
#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "core/stop.h"
#include "data/dataset.h"
#include "data/source_files.h"
#include "infer/record.h"
#include "loss/loss.h"
#include "metrics/compute.h"
#include "metrics/metric_intervals.h"
#include "metrics/report.h"
#include "metrics/thresholds.h"
#include "predict/open_classifier.h"
#include "store/run_paths.h"
#include "tensor/device.h"
#include "tensor/operator_threads.h"

namespace bernoulli::cli {
namespace {

/// Held-out data that are drawn from the training data are others as soon as these change: they may then hold
/// what the model was trained on.
void check_unchanged(const RunPaths& run, const DataConfig& data, const HeldOutData& held_out) {
  const std::string what = change_since_training(run, held_out.split, held_out.dataset);
  if (what.empty()) return;
  const bool is_drawn =
      held_out.split != "train" && (held_out.split == "test" ? data.test : data.validation).split;
  if (!is_drawn) return log_warning(what);
  throw DataError(
      fmt::format("{}. They are drawn from the training data, so the model may have been trained on some of "
                  "them: restore "
                  "these, or name other data with --data PATH",
                  what));
}

/// The part of the data that --part names, else test, else validation.
HeldOutData own_part(const DataConfig& data, const TaskConfig& task, const std::optional<std::string>& part) {
  if (!part) {
    std::optional<HeldOutData> held_out = load_held_out(data, task);
    if (held_out) return std::move(*held_out);
    throw UsageError(
        "the configuration of this model has no test or validation data; name some with --data PATH, or "
        "those that it was trained on with --part train");
  }
  const std::vector<std::string> parts = parts_of(data);
  if (std::ranges::find(parts, *part) == parts.end())
    throw UsageError(fmt::format("--part {}: the configuration of this model has no such data (it has {})",
                                 *part, config::join_words(parts, "and")));
  if (*part == "train")
    log_info(
        "--part train: the model was trained on these texts, so the figures are those of learned texts, not "
        "of new ones");
  return load_part(data, task, *part);
}

/// Whether --answers names a file, and not standard output.
bool names_file(const std::optional<std::string>& answers) { return answers && *answers != "-"; }

/// The data that the model's own configuration names.
Dataset own_data(const RunConfig& config, const EvaluateArguments& arguments) {
  const RunPaths run = run_around(arguments.model);
  const DataConfig data = data_of_run(config, run, arguments.overrides);
  for (const std::string& column : arguments.by) {
    if (column != data.columns.group)
      throw UsageError(fmt::format(
          "--by {}: the run's own data are read without that column; name their files, too: --data PATH",
          column));
  }
  if (names_file(arguments.answers)) refuse_data("--answers", *arguments.answers, data);
  HeldOutData part = own_part(data, config.task, arguments.part);
  check_unchanged(run, data, part);
  part.dataset.slices.assign(arguments.by.size(), part.dataset.groups);
  return std::move(part.dataset);
}

/// @throws DataError for a file of --data that is not there, or whose format nothing tells
void check_given(const SourceConfig& source) {
  namespace fs = std::filesystem;
  for (const fs::path& file : source_files("", source)) {
    if (!data_exists(file)) throw DataError(fmt::format("--data: '{}' does not exist", file.string()));
    if (source.format == "auto" && !fs::is_directory(file) && config::format_by_name(file).empty())
      throw DataError(fmt::format(
          "--data: '{}': the name does not tell the format; say it with --format csv, tsv, jsonl or fasttext",
          file.string()));
  }
}

/// Those of --data.
Dataset given_data(const Classifier& classifier, const EvaluateArguments& arguments) {
  const SourceConfig source{arguments.data, arguments.format, false};
  check_given(source);
  const RunConfig& config = classifier.config();
  const RunPaths run = run_around(arguments.model);
  if (names_file(arguments.answers))
    refuse_data("--answers", *arguments.answers, data_of_run(config, run, {}));
  ColumnsConfig columns = columns_of_run(config, arguments.overrides);
  columns.slices = arguments.by;
  columns.for_evaluate = true;
  Dataset dataset = load_dataset(source, columns, config.task, classifier.labels());
  warn_of_learned_texts(config, run, dataset);
  return dataset;
}

/// The file of --answers, made before the work so that none is done in vain; null: it names none.
/// @throws IoError
std::unique_ptr<AtomicFile> answers_file(const std::optional<std::string>& answers) {
  if (!names_file(answers)) return nullptr;
  auto file = std::make_unique<AtomicFile>(*answers);
  file->check_opened();
  return file;
}

/// A line an example, in their order. @param file  null: standard output
void write_answers(AtomicFile* file, const Classifier& classifier, const Dataset& dataset,
                   const std::vector<float>& logits) {
  constexpr size_t kBlock = 1 << 20;
  const auto width = static_cast<size_t>(dataset.num_labels);
  const RecordWriter writer(classifier.info());
  std::string lines;
  const auto write = [&] {
    if (file)
      file->append(lines);
    else
      print(lines);
    lines.clear();
  };
  for (size_t i = 0; i < dataset.texts.size(); ++i) {
    const std::span<const float> row(logits.data() + i * width, width);
    writer.append_example(lines, dataset, i, row);
    if (lines.size() >= kBlock) write();
  }
  write();
  if (file) file->commit();
}

void check_top(const std::vector<int64_t>& top, const Labels& labels) {
  const auto most = static_cast<int64_t>(labels.names.size());
  for (const int64_t k : top) {
    if (labels.kind == TaskConfig::Kind::kBinary)
      throw UsageError("--top: a binary model has one label to give or not; it is for several");
    if (k < 1 || k > most)
      throw UsageError(fmt::format("--top is {} (expected 1 to {}, the labels of the model)", k, most));
  }
}

/// All figures of an evaluation.
struct Judgement {
  MetricReport report;
  std::optional<MetricIntervals> intervals;
  std::vector<SlicedReport> sliced;
};

MetricIntervals intervals_of(const Predictions& predictions, const Classifier& classifier) {
  ProgressLine line;
  MetricIntervals intervals =
      metric_intervals(predictions, classifier.rule(), classifier.config().metrics,
                       classifier.config().task.kind, 1, [&](int64_t done) {
                         if (line.due())
                           line.update(fmt::format("intervals: {} of {} resamples", done, kNumResamples));
                       });
  const std::string narrow = narrow_warning(intervals);
  if (!narrow.empty()) log_warning(narrow);
  return intervals;
}

Judgement judge(const Classifier& classifier, const Dataset& dataset, const Predictions& predictions,
                const EvaluateArguments& arguments) {
  const RunConfig& config = classifier.config();
  const auto loss = make_loss(config.loss, classifier.pos_weight(), dataset.num_labels);
  const auto report_of = [&](const Predictions& some) {
    MetricReport report = evaluate_logits(some, *loss, config, classifier.labels().names, classifier.rule());
    for (const int64_t k : arguments.top) {
      for (auto& metric : top_metrics(some, k))
        if (report.find(metric.first) == nullptr) report.metrics.push_back(std::move(metric));
    }
    return report;
  };
  Judgement judgement{report_of(predictions), std::nullopt, {}};
  const std::string hint = nothing_above(predictions, classifier.rule());
  if (!hint.empty()) log_warning(hint);
  if (arguments.intervals) judgement.intervals = intervals_of(predictions, classifier);
  judgement.sliced = sliced_reports(arguments, dataset, predictions, report_of);
  return judgement;
}

std::string text_of(const Judgement& judgement) {
  std::string text = to_table(judgement.report, judgement.intervals ? &*judgement.intervals : nullptr);
  for (const SlicedReport& sliced : judgement.sliced) text += "\n" + to_table(sliced);
  return text;
}

nlohmann::ordered_json json_of(const Judgement& judgement) {
  nlohmann::ordered_json json = to_json(judgement.report);
  if (judgement.intervals) json["intervals"] = to_json(*judgement.intervals, json["undefined"]);
  if (!judgement.sliced.empty()) json["slices"] = to_json(judgement.sliced);
  return json;
}

}  // namespace

int run_evaluate(const std::vector<std::string>& words) {
  const auto arguments = evaluate_arguments(words);
  if (!arguments) return 0;
  try_operator_threads();
  const c10::Device device = open_device(arguments->device);
  const auto classifier = open_classifier(arguments->model, device);
  decide_at(arguments->thresholds, *classifier);
  check_top(arguments->top, classifier->labels());
  const Dataset dataset = arguments->data.empty() ? own_data(classifier->config(), *arguments)
                                                  : given_data(*classifier, *arguments);
  throw_if_stopped();
  const std::unique_ptr<AtomicFile> answers = answers_file(arguments->answers);
  const std::vector<float> logits = logits_of(*classifier, dataset);
  const Predictions predictions{logits, dataset.targets, dataset.weights, dataset.num_labels};
  const Judgement judgement = judge(*classifier, dataset, predictions, *arguments);
  if (arguments->answers) write_answers(answers.get(), *classifier, dataset, logits);
  if (arguments->json)
    print(json_text(json_of(judgement)));
  else if (arguments->answers == "-")
    log_info(text_of(judgement));
  else
    print(text_of(judgement));
  return 0;
}

}  // namespace bernoulli::cli
