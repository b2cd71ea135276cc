#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/arguments.h"
#include "cli/load_arguments.h"
#include "cli/own_files.h"
#include "cli/verb_arguments.h"
#include "config/schema.h"
#include "core/error.h"
#include "infer/run_files.h"

/// The command lines of the verbs that take a run.
namespace bernoulli::cli {
namespace {

namespace po = boost::program_options;

/// Where the data of a run are now, and how they are written.
void add_data_options(po::options_description& options) {
  options.add_options()("set", words("KEY=VALUE"),
                        "override a key of data, such as data.root=DIR or data.columns.text=body; repeats");
}
std::vector<std::string> data_overrides(const po::variables_map& values) {
  std::vector<std::string> overrides = repeated_words(values, "set");
  for (const std::string& word : overrides) {
    if (!word.starts_with("data."))
      throw UsageError(fmt::format("--set {}: only keys of data can be set here, as data.root=DIR", word));
  }
  return overrides;
}

po::options_description evaluate_options() {
  po::options_description options("options");
  auto add = options.add_options();
  add("data", words("PATH"),
      "class folders, csv, tsv, jsonl or __label__ lines, or a pattern of such files in quotes; repeats: all "
      "together; default: the test data of the run, else its validation data");
  add("part", word("PART"), "of the run's own data: train, validation or test");
  add("format", word("F")->default_value("auto"),
      "of PATH: auto (by its ending), class_folders, csv, tsv, jsonl or fasttext");
  add("device", word("D")->default_value("cpu"), kDevices);
  add("answers", word("FILE"),
      "write origin, target, label, probability and logit of each example, one JSON object a line; -: to "
      "standard output, and the figures to standard error");
  add("intervals",
      "beside each metric its 95 % interval: exact for shares of examples, else of 1,000 resamples "
      "(bootstrap)");
  add("by-length", "the figures of short and long texts, too: four parts by their number of words");
  add("by", words("COLUMN"),
      "the figures of each value of a column of PATH, too, such as a source or a language; read as "
      "data.columns.group; repeats: each by itself");
  add("top", value_of<std::vector<int64_t>>("K")->composing(),
      "of several labels precision_at_K and recall_at_K, too: of the K most probable ones; repeats");
  add_threshold_option(options);
  add("json", "print one JSON object");
  add_data_options(options);
  return options;
}

const Usage kEvaluateUsage = {
    "evaluate RUN|FILE.pt [options]",
    "All metrics of a run folder (native text path) or an exported file (TorchScript path, raw text in) on a "
    "data set.",
    "  bernoulli evaluate runs/quickstart-1 --intervals\n"
    "  bernoulli evaluate runs/quickstart-1 --part validation --threshold 0.7\n"
    "  bernoulli evaluate runs/topics-1 --threshold sports=0.7 --threshold politics=0.3 --top 3\n"
    "  bernoulli evaluate runs/quickstart-1 --answers answers.jsonl\n"
    "  bernoulli evaluate runs/quickstart-1 --by-length --data reviews.csv --by source --by year \\\n"
    "    --set data.columns.header=true --set data.columns.text=review \\\n"
    "    --set data.columns.label=rating --set 'data.columns.quote=\"\\\"\"'\n"
    "  bernoulli evaluate runs/quickstart-1/model.pt --data reviews.jsonl --json \\\n"
    "    --set data.columns.text=text --set data.columns.label=label\n",
    "model",
    1,
    "--data"};

/// What says how --data is read.
void check_data_words(const EvaluateArguments& arguments) {
  const std::vector<std::string>& formats = config::source_formats();
  if (std::ranges::find(formats, arguments.format) == formats.end())
    throw UsageError(
        fmt::format("--format is '{}'; it may be {}", arguments.format, fmt::join(formats, ", ")));
  if (arguments.data.empty() && arguments.format != "auto")
    throw UsageError("--format says how --data PATH is written; set data.test.format for the run's own data");
  for (const std::string& word : arguments.overrides) {
    if (!arguments.data.empty() && !word.starts_with("data.columns."))
      throw UsageError(fmt::format("--set {}: of --data PATH only data.columns can be set", word));
  }
  if (!arguments.part) return;
  place_among({"train", "validation", "test"}, "part", *arguments.part);
  if (!arguments.data.empty())
    throw UsageError("--part names a part of the run's own data, and --data other data: give one of them");
}

/// @throws UsageError where the answers would replace what is read, or share standard output with --json
void check_answers(const EvaluateArguments& arguments) {
  if (!arguments.answers) return;
  if (*arguments.answers == "-") {
    if (arguments.json)
      throw UsageError("--answers - and --json both write to standard output: name a file for the answers");
    return;
  }
  const RunPaths run = run_around(arguments.model);
  if (is_run_folder(run.folder)) refuse_files_of_run("--answers", *arguments.answers, run);
  SourceConfig read{arguments.data, arguments.format, false};
  if (run.folder != arguments.model) read.paths.push_back(arguments.model);
  refuse_source("--answers", *arguments.answers, "", read);
}

void check_evaluate(const EvaluateArguments& arguments) {
  check_data_words(arguments);
  if (std::ranges::find(arguments.by, "") != arguments.by.end())
    throw UsageError("--by is empty: it names a column of --data PATH");
  refuse_repeated("by", arguments.by);
  check_answers(arguments);
}

po::options_description export_options() {
  po::options_description options("options");
  auto add = options.add_options();
  add("format", word("F")->default_value("torchscript"),
      "torchscript: raw texts to probabilities; onnx: token ids to probabilities; triton: a folder that "
      "Triton serves, raw texts to probabilities; safetensors: the weights");
  add("output", word("PATH"),
      "where to write; default: model.pt, model.onnx, triton or model.safetensors in the run folder");
  add("weights", word("F"),
      "of the table of the tokens: float32, float16 or int8; these options default to the keys export.* of "
      "the run");
  add("buckets", word("B"), "all, or used: hashed buckets that no training text has are left out");
  add("fold", "keep the table times the linear layers: a number a token and label");
  add("no-fold", "keep the table itself, where the run's configuration folds it");
  add("max-changed", word("SHARE"),
      "of the held-out texts whose decision may change; more, and there is no file");
  add("json", "print one JSON object");
  add_data_options(options);
  return options;
}

const Usage kExportUsage = {
    "export RUN [options]",
    "Writes the model of a run for use elsewhere, after checking what was written against the run's own\n"
    "model on the raw texts of the run's data. If it differs there is no file. docs/artifact.md has a\n"
    "section a format.",
    "  bernoulli export runs/quickstart-1 --output model.pt\n"
    "  bernoulli export runs/quickstart-1 --format onnx\n"
    "  bernoulli export runs/quickstart-1 --format triton --output model_repository\n"
    "  bernoulli export runs/quickstart-1 --format safetensors --json\n"
    "  bernoulli export runs/quickstart-1 --fold --weights int8 --max-changed 0.001 --output small.pt\n",
    "run",
    1,
    "--output"};

struct ExportForm {
  ExportFormat format;
  std::filesystem::path (RunPaths::*default_output)() const;
};

ExportForm export_form(const po::variables_map& values) {
  return choice<ExportForm>(values, "format",
                            {{"torchscript", {ExportFormat::kTorchScript, &RunPaths::artifact}},
                             {"onnx", {ExportFormat::kOnnx, &RunPaths::onnx}},
                             {"triton", {ExportFormat::kTriton, &RunPaths::triton}},
                             {"safetensors", {ExportFormat::kSafetensors, &RunPaths::safetensors}}});
}

/// What the words say of the keys `export`.
std::vector<config::Override> form_overrides(const po::variables_map& values) {
  std::vector<config::Override> overrides;
  for (const auto& [option, key] : {std::pair("weights", "weights"), std::pair("buckets", "buckets"),
                                    std::pair("max-changed", "max_changed")}) {
    if (const auto word = optional_word(values, option))
      overrides.emplace_back(fmt::format("export.{}={}", key, *word), fmt::format("--{} {}", option, *word));
  }
  if (values.contains("fold") && values.contains("no-fold"))
    throw UsageError("--fold and --no-fold say the opposite: give one of them");
  if (values.contains("fold")) overrides.emplace_back("export.fold=true", "--fold");
  if (values.contains("no-fold")) overrides.emplace_back("export.fold=false", "--no-fold");
  return overrides;
}

po::options_description report_options() {
  po::options_description options("options");
  auto add = options.add_options();
  add("output", word("FILE"),
      "where to write; default: report.html in the run folder, for several runs comparison.html here");
  add("json", "print one JSON object");
  add_data_options(options);
  return options;
}

const Usage kReportUsage = {
    "report RUN... [options]",
    "One HTML page that needs neither script nor network. Of one run: training curves, confusion counts, "
    "ROC,\n"
    "precision-recall and reliability curves, worst errors, all metrics, the audit of the data, "
    "configuration.\n"
    "Of several: metrics and curves side by side, paired tests against the first run, settings that differ.",
    "  bernoulli report runs/quickstart-1\n"
    "  bernoulli report runs/seed7 --output seed7.html --set data.root=/elsewhere\n"
    "  bernoulli report runs/logits-1 runs/probabilities-1 --output losses.html\n",
    "run"};

}  // namespace

std::optional<EvaluateArguments> evaluate_arguments(const std::vector<std::string>& words) {
  const auto values = parse_words(kEvaluateUsage, evaluate_options(), words);
  if (!values) return std::nullopt;
  EvaluateArguments arguments;
  arguments.model = positional_words(*values, kEvaluateUsage, "a run folder or an exported file").front();
  arguments.data = repeated_words(*values, "data");
  arguments.part = optional_word(*values, "part");
  arguments.format = (*values)["format"].as<std::string>();
  arguments.overrides = data_overrides(*values);
  arguments.device = device_word(*values);
  arguments.answers = optional_word(*values, "answers");
  arguments.intervals = values->contains("intervals");
  arguments.thresholds = given_thresholds(*values);
  arguments.by_length = values->contains("by-length");
  arguments.by = repeated_words(*values, "by");
  arguments.top = optional_value<std::vector<int64_t>>(*values, "top").value_or(std::vector<int64_t>());
  arguments.json = values->contains("json");
  check_evaluate(arguments);
  return arguments;
}

std::optional<ExportArguments> export_arguments(const std::vector<std::string>& words) {
  const auto values = parse_words(kExportUsage, export_options(), words);
  if (!values) return std::nullopt;
  const std::string folder = positional_words(*values, kExportUsage, "a run folder").front();
  const ExportForm form = export_form(*values);
  ExportArguments arguments;
  arguments.run = run_at(folder);
  arguments.format = form.format;
  const std::filesystem::path usual = (arguments.run.*form.default_output)();
  arguments.output = optional_word(*values, "output").value_or(usual.string());
  arguments.overrides = data_overrides(*values);
  arguments.form = form_overrides(*values);
  arguments.json = values->contains("json");
  refuse_files_of_run("--output", arguments.output, arguments.run, usual);
  return arguments;
}

std::optional<ReportArguments> report_arguments(const std::vector<std::string>& words) {
  const auto values = parse_words(kReportUsage, report_options(), words);
  if (!values) return std::nullopt;
  ReportArguments arguments;
  for (const std::string& word : positional_words(*values, kReportUsage, "one or more run folders"))
    arguments.runs.push_back(run_at(word));
  const std::vector<RunPaths>& runs = arguments.runs;
  const std::filesystem::path usual = runs.size() == 1 ? runs[0].report() : "comparison.html";
  const std::optional<std::string> chosen = optional_word(*values, "output");
  arguments.output = chosen.value_or(usual.string());
  arguments.usual_output = !chosen;
  arguments.overrides = data_overrides(*values);
  arguments.json = values->contains("json");
  for (const RunPaths& run : runs) refuse_files_of_run("--output", arguments.output, run, usual);
  return arguments;
}

}  // namespace bernoulli::cli
