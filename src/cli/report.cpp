#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/held_out.h"
#include "cli/load_arguments.h"
#include "cli/own_files.h"
#include "cli/verb.h"
#include "cli/verb_arguments.h"
#include "config/differences.h"
#include "core/error.h"
#include "core/file.h"
#include "core/json_fault.h"
#include "core/log.h"
#include "core/printable.h"
#include "core/usual_threads.h"
#include "infer/native_model.h"
#include "infer/run_files.h"
#include "report/comparison.h"
#include "report/run_page.h"
#include "store/run_folder.h"

namespace bernoulli::cli {
namespace {

using report::Json;
using report::RunReport;

/// What the spans of answers look at.
struct Scores {
  std::vector<float> logits;
  Dataset dataset;
};

/// The run's answers on its held-out data. @throws DataError, IoError: why there are none
report::ScoredSplit answers_of(Classifier& classifier, const RunPaths& run, const DataConfig& data,
                               const TaskConfig& task) {
  std::optional<HeldOutData> held_out = load_held_out(data, task);
  if (!held_out) throw DataError("the configuration has no validation or test data");
  const std::string change = change_since_training(run, held_out->split, held_out->dataset);
  if (!change.empty()) throw DataError(change);
  auto scores = std::make_shared<Scores>();
  scores->dataset = std::move(held_out->dataset);
  scores->logits = logits_of(classifier, scores->dataset);
  const Dataset& dataset = scores->dataset;
  return {.name = held_out->split,
          .predictions = {scores->logits, dataset.targets, dataset.weights, dataset.num_labels},
          .rule = classifier.rule(),
          .texts = StringRows(dataset.texts, scores),
          .origins = StringRows(dataset.origins, scores),
          .owner = scores};
}

/// What is left of the answers where no text is shown.
void forget_texts(report::ScoredSplit& answers) {
  auto kept = std::make_shared<Scores>();
  const Predictions& predictions = answers.predictions;
  kept->logits = {predictions.logits.begin(), predictions.logits.end()};
  kept->dataset.targets = {predictions.targets.begin(), predictions.targets.end()};
  kept->dataset.weights = {predictions.weights.begin(), predictions.weights.end()};
  answers.predictions = {kept->logits, kept->dataset.targets, kept->dataset.weights, predictions.num_labels};
  answers.texts = answers.origins = {};
  answers.owner = kept;
}

/// The page has no curves then, or fewer points of them.
void warn_of_events(const report::RunRecord& record, const RunPaths& run) {
  if (record.unreadable_events > 0)
    log_warning(fmt::format("'{}': {} lines could not be read and are left out", run.metrics().string(),
                            record.unreadable_events));
  else if (record.events.empty() && record.finished())
    log_warning(fmt::format("'{}' has no events: no training curves", run.metrics().string()));
}

/// For a handler: what an error says of the answers. @throws the error where it is of another kind
RunReport::Fault fault_of(const Error& error) {
  switch (error.exit_code()) {
    case ExitCode::kArtifact:
      return RunReport::Fault::kModel;
    case ExitCode::kData:
    case ExitCode::kIo:
      return RunReport::Fault::kData;
    default:
      throw;
  }
}

/// A run whose data or model are gone gets a report without answers that says so.
RunReport report_of(const ReportArguments& arguments, const RunPaths& run, const RunConfig& config) {
  const DataConfig data = data_of_run(config, run, arguments.overrides);
  refuse_data("--output", arguments.output, data);
  RunReport report{.record = report::read_run_record(run, config)};
  report.record.summary = report::read_summary(run);
  warn_of_events(report.record, run);
  const bool several = arguments.runs.size() > 1;
  if (several) report.record.name = run.folder.string();
  std::unique_ptr<Classifier> classifier;
  try {
    classifier = open_native_classifier(run.folder, usual_threads());
    report.answers = answers_of(*classifier, run, data, config.task);
  } catch (const Error& error) {
    report.answers_fault = fault_of(error);
    report.no_answers_because = error.what();
    log_warning(fmt::format("'{}': no curves and errors: {}", run.folder.string(), error.what()));
  }
  if (classifier && !several)
    report.tokens = classifier->deciding_tokens(report.answers ? &report.answers->texts : nullptr);
  if (report.answers && several) forget_texts(*report.answers);
  report.figures = figures_of(report.record, report.answers);
  return report;
}

Json json_of(const std::vector<RunReport>& runs, const std::vector<report::AgainstFirst>& comparisons,
             const std::string& page) {
  Json json = {{"page", page}, {"runs", Json::array()}};
  for (const RunReport& run : runs) {
    Json one = {{"run", run.record.name}, {"finished", run.record.finished()}};
    one.update(run.figures);
    if (!run.answers) one["no_answers_because"] = run.no_answers_because;
    if (run.tokens) one["tokens"] = report::tokens_json(run);
    json["runs"].push_back(one);
  }
  for (size_t i = 0; i < comparisons.size(); ++i) {
    json["against_first"].push_back({{"run", runs[i + 1].record.name}});
    json["against_first"].back().update(to_json(comparisons[i]));
  }
  return json;
}

/// A page without answers must not take the place of one that has them.
/// @throws ArtifactError where the model is damaged, DataError where the data are not there
void refuse_poorer_page(const std::vector<RunReport>& runs, const ReportArguments& arguments) {
  const RunReport& run = runs.front();
  if (runs.size() > 1 || !arguments.usual_output || run.answers ||
      !std::filesystem::exists(arguments.output) || !report::shows_answers(read_file(arguments.output)))
    return;
  const std::string stays =
      fmt::format("'{}' stays as it is, for the new page would have no curves and errors: {}; ",
                  arguments.output.string(), run.no_answers_because);
  if (run.answers_fault == RunReport::Fault::kModel)
    throw ArtifactError(stays + "or write the page elsewhere with --output FILE");
  throw DataError(stays +
                  "say where the data are with --set data.root=DIR, or write the page elsewhere with "
                  "--output FILE");
}

/// Writes the page and returns what is printed. @param lock  of the folder that it goes into, or null
std::string write_page(const std::vector<RunReport>& runs, const std::vector<Json>& resolved,
                       const ReportArguments& arguments, const FolderLock* lock) {
  const std::string output = arguments.output.string();
  const auto comparisons = report::compare_with_first(runs);
  const std::string page = runs.size() == 1
                               ? report::run_page(runs.front())
                               : report::comparison_page(runs, comparisons, config::differences(resolved));
  refuse_poorer_page(runs, arguments);
  if (lock != nullptr) lock->check_is_there();
  write_file_atomic(arguments.output, page);
  if (arguments.json) return json_text(json_of(runs, comparisons, output));
  std::string text;
  for (size_t i = 0; i < comparisons.size(); ++i)
    text += statement(runs[0], runs[i + 1], comparisons[i]) + "\n";
  return printable(text + fmt::format("page        {}\n", output));
}

}  // namespace

int run_report(const std::vector<std::string>& words) {
  const auto arguments = report_arguments(words);
  if (!arguments) return 0;
  std::unique_ptr<FolderLock> lock;
  for (const RunPaths& run : arguments->runs) {
    if (!lock) lock = lock_for_output(run, arguments->output);
  }
  std::vector<RunReport> runs;
  std::vector<Json> resolved;
  try {
    for (const RunPaths& run : arguments->runs) {
      const config::LoadedConfig loaded = load_run_config(run);
      runs.push_back(report_of(*arguments, run, loaded.run));
      resolved.push_back(loaded.resolved);
    }
    print(write_page(runs, resolved, *arguments, lock.get()));
  } catch (const nlohmann::json::exception& error) {
    std::vector<std::string> folders;
    for (const RunPaths& run : arguments->runs) folders.push_back(run.folder.string());
    throw ArtifactError(fmt::format("{} '{}' is damaged: {}", folders.size() == 1 ? "run" : "one of the runs",
                                    fmt::join(folders, "', '"), json_cause(error)));
  }
  return 0;
}

}  // namespace bernoulli::cli
