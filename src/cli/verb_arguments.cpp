#include "cli/verb_arguments.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/arguments.h"
#include "cli/load_arguments.h"
#include "cli/own_files.h"
#include "config/schema.h"
#include "core/error.h"
#include "distributed/place.h"
#include "infer/run_files.h"

namespace bernoulli::cli {
namespace {

namespace po = boost::program_options;

constexpr const char* kDevices = "auto, cpu, cuda or cuda:N";

/// For a run that is there: where its data are now, and how they are written.
void add_data_options(po::options_description& options) {
  options.add_options()("set", po::value<std::vector<std::string>>()->composing()->value_name("KEY=VALUE"),
                        "override a key of data, such as data.root=DIR or data.columns.text=body; repeats");
}
std::vector<std::string> data_overrides(const po::variables_map& values) {
  if (!values.contains("set")) return {};
  const auto& overrides = values["set"].as<std::vector<std::string>>();
  for (const std::string& word : overrides) {
    if (!word.starts_with("data."))
      throw UsageError(fmt::format("--set {}: only keys of data can be set here, as data.root=DIR", word));
  }
  return overrides;
}

/// @throws UsageError where the answers would replace what is read, or share standard output with --json
void check_answers(const EvaluateArguments& arguments) {
  if (!arguments.answers) return;
  if (*arguments.answers == "-") {
    if (arguments.json)
      throw UsageError("--answers - and --json both write to standard output: name a file for the answers");
    return;
  }
  const std::filesystem::path model = arguments.model;
  const bool is_folder = std::filesystem::is_directory(model);
  const RunPaths run{is_folder ? model : model.parent_path()};
  if (is_run_folder(run.folder)) refuse_files_of_run("--answers", *arguments.answers, run);
  SourceConfig read{arguments.data, arguments.format, false};
  if (!is_folder) read.paths.push_back(arguments.model);
  refuse_source("--answers", *arguments.answers, "", read);
}

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

}  // namespace

std::optional<TrainArguments> train_arguments(const std::vector<std::string>& words) {
  po::options_description options("options");
  add_config_options(options);
  options.add_options()("run-dir", po::value<std::string>()->value_name("DIR"),
                        "the run folder; default runs/<config name>-<n>")(
      "resume", "go on with the run in --run-dir, bit for bit; CONFIG may then be left out")(
      "device", po::value<std::string>()->default_value("auto")->value_name("D"), kDevices)(
      "processes", po::value<int>()->value_name("N"),
      "share the batches of each update among N processes of this machine; torchrun starts them on several "
      "(docs/distributed.md)")("pause-after", po::value<int64_t>()->value_name("E"),
                               "save at the end of epoch E and end there; --resume goes on, bit for bit")(
      "dry-run", "read, build and run one batch; write nothing")(
      "json", "print the summary, or what the dry run found, as JSON");
  const Usage usage{
      "train CONFIG... [options]",
      "Trains on the configured data, evaluates the best checkpoint, exports model.pt, and writes the run "
      "folder.",
      "  bernoulli train configs/quickstart.yaml\n"
      "  bernoulli train configs/imdb_tutorial.yaml --set training.seed=7 --run-dir runs/seed7\n"
      "  bernoulli train --resume --run-dir runs/seed7\n",
      "config"};
  const auto values = parse_words(usage, options, words);
  if (!values) return std::nullopt;
  TrainArguments arguments{config_sources(*values),
                           optional_word(*values, "run-dir"),
                           device_word(*values),
                           values->contains("resume"),
                           values->contains("dry-run"),
                           values->contains("json"),
                           std::nullopt,
                           std::nullopt,
                           words};
  if (values->contains("processes")) arguments.processes = (*values)["processes"].as<int>();
  if (arguments.processes && (*arguments.processes < 1 || *arguments.processes > kMostProcesses))
    throw UsageError(
        fmt::format("--processes is {} (expected 1 to {})", *arguments.processes, kMostProcesses));
  if (arguments.processes.value_or(1) > 1 && arguments.dry_run)
    throw UsageError("--dry-run runs one batch, in one process: leave --processes out");
  if (values->contains("pause-after")) arguments.pause_after_epoch = (*values)["pause-after"].as<int64_t>();
  if (arguments.pause_after_epoch && *arguments.pause_after_epoch < 1)
    throw UsageError(fmt::format("--pause-after is {} (expected 1 or more, the epoch to end with)",
                                 *arguments.pause_after_epoch));
  if (arguments.pause_after_epoch && arguments.dry_run)
    throw UsageError("--dry-run runs one batch and --pause-after ends an epoch: give one of them");
  if (arguments.resume && !arguments.run_dir)
    throw UsageError("--resume needs --run-dir DIR, the run to go on with");
  if (arguments.resume && arguments.dry_run)
    throw UsageError("--dry-run writes nothing and --resume goes on with a run: give one of them");
  if (arguments.resume && arguments.sources.files.empty()) {
    if (!is_run_folder(*arguments.run_dir))
      throw UsageError(
          fmt::format("'{}' is not a run folder (no config.yaml in it): nothing to resume; name a CONFIG to "
                      "begin a run there",
                      arguments.run_dir->string()));
    arguments.sources.files = {RunPaths{*arguments.run_dir}.config()};
  }
  if (arguments.resume && arguments.sources.files == std::vector{RunPaths{*arguments.run_dir}.config()})
    arguments.sources.contradictions = config::Contradictions::kRefusedIfNew;
  return arguments;
}

std::optional<EvaluateArguments> evaluate_arguments(const std::vector<std::string>& words) {
  po::options_description options("options");
  options.add_options()(
      "data", po::value<std::vector<std::string>>()->composing()->value_name("PATH"),
      "class folders, csv, tsv, jsonl or __label__ lines, or a pattern of such files in "
      "quotes; repeats: all together; default: the test data of the run, else its validation "
      "data")("part", po::value<std::string>()->value_name("PART"),
              "of the run's own data: train, validation or test")(
      "format", po::value<std::string>()->default_value("auto")->value_name("F"),
      "of PATH: auto (by its ending), class_folders, csv, tsv, jsonl or fasttext")(
      "device", po::value<std::string>()->default_value("cpu")->value_name("D"), kDevices)(
      "answers", po::value<std::string>()->value_name("FILE"),
      "write origin, target, label, probability and logit of each example, one JSON object a line; -: to "
      "standard output, and the figures to standard error")(
      "intervals",
      "beside each metric its 95 % interval: exact for shares of examples, else of 1,000 resamples "
      "(bootstrap)")("by-length",
                     "the figures of short and long texts, too: four parts by their number of words")(
      "by", po::value<std::vector<std::string>>()->composing()->value_name("COLUMN"),
      "the figures of each value of a column of PATH, too, such as a source or a language; read as "
      "data.columns.group; repeats: each by itself")(
      "top", po::value<std::vector<int64_t>>()->composing()->value_name("K"),
      "of several labels precision_at_K and recall_at_K, too: of the K most probable ones; repeats");
  add_threshold_option(options);
  options.add_options()("json", "print one JSON object");
  add_data_options(options);
  const Usage usage{
      "evaluate RUN|FILE.pt [options]",
      "All metrics of a run folder (native text path) or an exported file (TorchScript path, "
      "raw text in) on a data set.",
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
  const auto values = parse_words(usage, options, words);
  if (!values) return std::nullopt;
  const auto& format = (*values)["format"].as<std::string>();
  const std::vector<std::string>& formats = config::source_formats();
  if (std::find(formats.begin(), formats.end(), format) == formats.end())
    throw UsageError(fmt::format("--format is '{}'; it may be {}", format, fmt::join(formats, ", ")));
  if (!values->contains("data") && format != "auto")
    throw UsageError("--format says how --data PATH is written; set data.test.format for the run's own data");
  const std::vector<std::string> overrides = data_overrides(*values);
  for (const std::string& word : overrides) {
    if (values->contains("data") && !word.starts_with("data.columns."))
      throw UsageError(fmt::format("--set {}: of --data PATH only data.columns can be set", word));
  }
  EvaluateArguments arguments{
      positional_words(*values, usage, "a run folder or an exported file").front(),
      repeated_words(*values, "data"),
      optional_word(*values, "part"),
      format,
      overrides,
      device_word(*values),
      optional_word(*values, "answers"),
      values->contains("intervals"),
      given_thresholds(*values),
      values->contains("by-length"),
      repeated_words(*values, "by"),
      values->contains("top") ? (*values)["top"].as<std::vector<int64_t>>() : std::vector<int64_t>(),
      values->contains("json")};
  if (std::ranges::find(arguments.by, "") != arguments.by.end())
    throw UsageError("--by is empty: it names a column of --data PATH");
  refuse_repeated("by", arguments.by);
  if (arguments.part) place_among({"train", "validation", "test"}, "part", *arguments.part);
  if (arguments.part && !arguments.data.empty())
    throw UsageError("--part names a part of the run's own data, and --data other data: give one of them");
  check_answers(arguments);
  return arguments;
}

std::optional<ExportArguments> export_arguments(const std::vector<std::string>& words) {
  po::options_description options("options");
  options.add_options()(
      "format", po::value<std::string>()->default_value("torchscript")->value_name("F"),
      "torchscript: raw texts to probabilities; onnx: token ids to probabilities; triton: a folder that "
      "Triton serves, raw texts to probabilities; safetensors: the weights")(
      "output", po::value<std::string>()->value_name("PATH"),
      "where to write; default: model.pt, model.onnx, triton or model.safetensors in the run folder")(
      "weights", po::value<std::string>()->value_name("F"),
      "of the table of the tokens: float32, float16 or int8; these options default to the keys "
      "export.* of the run")("buckets", po::value<std::string>()->value_name("B"),
                             "all, or used: hashed buckets that no training text has are left out")(
      "fold", "keep the table times the linear layers: a number a token and label")(
      "no-fold", "keep the table itself, where the run's configuration folds it")(
      "max-changed", po::value<std::string>()->value_name("SHARE"),
      "of the held-out texts whose decision may change; more, and there is no file")("json",
                                                                                     "print one JSON object");
  add_data_options(options);
  const Usage usage{
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
  const auto values = parse_words(usage, options, words);
  if (!values) return std::nullopt;
  const std::string folder = positional_words(*values, usage, "a run folder").front();
  const ExportForm format = export_form(*values);
  const RunPaths run = run_at(folder);
  const std::filesystem::path usual = (run.*format.default_output)();
  const std::string output = optional_word(*values, "output").value_or(usual.string());
  refuse_files_of_run("--output", output, run, usual);
  const auto form = [&] {
    std::vector<config::Override> overrides;
    for (const auto& [option, key] : {std::pair("weights", "weights"), std::pair("buckets", "buckets"),
                                      std::pair("max-changed", "max_changed")}) {
      if (const auto word = optional_word(*values, option))
        overrides.emplace_back(fmt::format("export.{}={}", key, *word),
                               fmt::format("--{} {}", option, *word));
    }
    if (values->contains("fold") && values->contains("no-fold"))
      throw UsageError("--fold and --no-fold say the opposite: give one of them");
    if (values->contains("fold")) overrides.emplace_back("export.fold=true", "--fold");
    if (values->contains("no-fold")) overrides.emplace_back("export.fold=false", "--no-fold");
    return overrides;
  };
  return ExportArguments{run,    format.format,           output, data_overrides(*values),
                         form(), values->contains("json")};
}

std::optional<ReportArguments> report_arguments(const std::vector<std::string>& words) {
  po::options_description options("options");
  options.add_options()("output", po::value<std::string>()->value_name("FILE"),
                        "where to write; default: report.html in the run folder, for several runs "
                        "comparison.html here")("json", "print one JSON object");
  add_data_options(options);
  const Usage usage{"report RUN... [options]",
                    "One HTML page that needs neither script nor network. Of one run: training curves, "
                    "confusion counts, ROC,\n"
                    "precision-recall and reliability curves, worst errors, all metrics, the audit of the "
                    "data, configuration.\n"
                    "Of several: metrics and curves side by side, paired tests against the first run, "
                    "settings that differ.",
                    "  bernoulli report runs/quickstart-1\n"
                    "  bernoulli report runs/seed7 --output seed7.html --set data.root=/elsewhere\n"
                    "  bernoulli report runs/logits-1 runs/probabilities-1 --output losses.html\n",
                    "run"};
  const auto values = parse_words(usage, options, words);
  if (!values) return std::nullopt;
  std::vector<RunPaths> runs;
  for (const std::string& word : positional_words(*values, usage, "one or more run folders"))
    runs.push_back(run_at(word));
  const std::optional<std::string> chosen = optional_word(*values, "output");
  const std::filesystem::path usual = runs.size() == 1 ? runs[0].report() : "comparison.html";
  const std::filesystem::path output = chosen.value_or(usual.string());
  for (const RunPaths& run : runs) refuse_files_of_run("--output", output, run, usual);
  return ReportArguments{std::move(runs), output, !chosen, data_overrides(*values), values->contains("json")};
}

std::optional<StabilityArguments> stability_arguments(const std::vector<std::string>& words) {
  po::options_description options("options");
  add_config_options(options);
  options.add_options()("output", po::value<std::string>()->value_name("DIR"),
                        "folder for the three files; default runs/<config name>-stability-<n>")(
      "seeds", po::value<int64_t>()->value_name("K"), "the same as --set stability.seeds=K")(
      "device", po::value<std::string>()->default_value("auto")->value_name("D"), kDevices)(
      "json", "print stability.json instead of the table");
  const Usage usage{
      "stability CONFIG... [options]",
      "Does it matter for this configuration whether the loss sees logits or probabilities, from where on, "
      "and "
      "why? Measures the losses themselves, trains all modes in lock-step, ordinarily and under stress, and "
      "writes stability.html, stability.json and curves.csv.",
      "  bernoulli stability configs/quickstart.yaml\n"
      "  bernoulli stability configs/quickstart.yaml --seeds 5 --set stability.epochs=3\n"
      "  bernoulli stability configs/imdb_tutorial.yaml --set 'stability.stress=[{output_bias: 30}]' --set "
      "stability.epochs=5 --output bias30\n",
      "config"};
  const auto values = parse_words(usage, options, words);
  if (!values) return std::nullopt;
  StabilityArguments arguments{config_sources(*values), optional_word(*values, "output"),
                               device_word(*values), values->contains("json")};
  if (values->contains("seeds"))
    arguments.sources.overrides.push_back(
        fmt::format("stability.seeds={}", (*values)["seeds"].as<int64_t>()));
  return arguments;
}

std::optional<DoctorArguments> doctor_arguments(const std::vector<std::string>& words) {
  po::options_description options("options");
  options.add_options()("json", "print one JSON object");
  const Usage usage{"doctor [options]",
                    "Versions, devices, threads, instruction sets, and a tiny training, export and check.",
                    "  bernoulli doctor\n  bernoulli doctor --json\n", ""};
  const auto values = parse_words(usage, options, words);
  if (!values) return std::nullopt;
  return DoctorArguments{values->contains("json")};
}

}  // namespace bernoulli::cli
