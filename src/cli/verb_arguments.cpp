#include "cli/verb_arguments.h"

#include <fmt/format.h>

#include "cli/arguments.h"
#include "cli/load_arguments.h"
#include "core/error.h"
#include "distributed/place.h"

namespace bernoulli::cli {
namespace {

namespace po = boost::program_options;

po::options_description train_options() {
  po::options_description options("options");
  add_config_options(options);
  auto add = options.add_options();
  add("run-dir", word("DIR"), "the run folder; default runs/<config name>-<n>");
  add("resume", "go on with the run in --run-dir, bit for bit; CONFIG may then be left out");
  add("device", word("D")->default_value("auto"), kDevices);
  add("processes", whole("N"),
      "share the batches of each update among N processes of this machine; torchrun starts them on several "
      "(docs/distributed.md)");
  add("pause-after", whole("E"), "save at the end of epoch E and end there; --resume goes on, bit for bit");
  add("dry-run", "read, build and run one batch; write nothing");
  add("json", "print the summary, or what the dry run found, as JSON");
  return options;
}

const Usage kTrainUsage = {
    "train CONFIG... [options]",
    "Trains on the configured data, evaluates the best checkpoint, exports model.pt, and writes the run "
    "folder.",
    "  bernoulli train configs/quickstart.yaml\n"
    "  bernoulli train configs/imdb_tutorial.yaml --set training.seed=7 --run-dir runs/seed7\n"
    "  bernoulli train --resume --run-dir runs/seed7\n",
    "config"};

std::optional<int> num_processes(const po::variables_map& values) {
  const auto processes = optional_value<int64_t>(values, "processes");
  if (!processes) return std::nullopt;
  if (*processes < 1 || *processes > kMostProcesses)
    throw UsageError(fmt::format("--processes is {} (expected 1 to {})", *processes, kMostProcesses));
  return static_cast<int>(*processes);
}

void check_train(const TrainArguments& arguments) {
  if (arguments.processes.value_or(1) > 1 && arguments.dry_run)
    throw UsageError("--dry-run runs one batch, in one process: leave --processes out");
  if (arguments.pause_after_epoch && *arguments.pause_after_epoch < 1)
    throw UsageError(fmt::format("--pause-after is {} (expected 1 or more, the epoch to end with)",
                                 *arguments.pause_after_epoch));
  if (arguments.pause_after_epoch && arguments.dry_run)
    throw UsageError("--dry-run runs one batch and --pause-after ends an epoch: give one of them");
  if (arguments.resume && !arguments.run_dir)
    throw UsageError("--resume needs --run-dir DIR, the run to go on with");
  if (arguments.resume && arguments.dry_run)
    throw UsageError("--dry-run writes nothing and --resume goes on with a run: give one of them");
}

/// Where --resume stands without CONFIG, the run's own. @throws UsageError where there is none
void complete_sources(TrainArguments& arguments) {
  if (!arguments.resume) return;
  const RunPaths run{*arguments.run_dir};
  config::ConfigSources& sources = arguments.sources;
  if (sources.files.empty()) {
    if (!is_run_folder(run.folder))
      throw UsageError(
          fmt::format("'{}' is not a run folder (no config.yaml in it): nothing to resume; name a CONFIG to "
                      "begin a run there",
                      run.folder.string()));
    sources.files = {run.config()};
  }
  if (sources.files == std::vector{run.config()})
    sources.contradictions = config::Contradictions::kRefusedIfNew;
}

po::options_description stability_options() {
  po::options_description options("options");
  add_config_options(options);
  auto add = options.add_options();
  add("output", word("DIR"), "folder for the three files; default runs/<config name>-stability-<n>");
  add("seeds", whole("K"), "the same as --set stability.seeds=K");
  add("device", word("D")->default_value("auto"), kDevices);
  add("json", "print stability.json instead of the table");
  return options;
}

const Usage kStabilityUsage = {
    "stability CONFIG... [options]",
    "Does it matter for this configuration whether the loss sees logits or probabilities, from where on, and "
    "why? Measures the losses themselves, trains all modes in lock-step, ordinarily and under stress, and "
    "writes stability.html, stability.json and curves.csv.",
    "  bernoulli stability configs/quickstart.yaml\n"
    "  bernoulli stability configs/quickstart.yaml --seeds 5 --set stability.epochs=3\n"
    "  bernoulli stability configs/imdb_tutorial.yaml --set 'stability.stress=[{output_bias: 30}]' --set "
    "stability.epochs=5 --output bias30\n",
    "config"};

po::options_description doctor_options() {
  po::options_description options("options");
  options.add_options()("json", "print one JSON object");
  return options;
}

const Usage kDoctorUsage = {
    "doctor [options]",
    "Versions, devices, threads, instruction sets, and a tiny training, export and check.",
    "  bernoulli doctor\n  bernoulli doctor --json\n", ""};

}  // namespace

std::optional<TrainArguments> train_arguments(const std::vector<std::string>& words) {
  const auto values = parse_words(kTrainUsage, train_options(), words);
  if (!values) return std::nullopt;
  TrainArguments arguments;
  arguments.sources = config_sources(*values);
  arguments.run_dir = optional_word(*values, "run-dir");
  arguments.device = device_word(*values);
  arguments.resume = values->contains("resume");
  arguments.dry_run = values->contains("dry-run");
  arguments.json = values->contains("json");
  arguments.processes = num_processes(*values);
  arguments.pause_after_epoch = optional_value<int64_t>(*values, "pause-after");
  arguments.words = words;
  check_train(arguments);
  complete_sources(arguments);
  return arguments;
}

std::optional<StabilityArguments> stability_arguments(const std::vector<std::string>& words) {
  const auto values = parse_words(kStabilityUsage, stability_options(), words);
  if (!values) return std::nullopt;
  StabilityArguments arguments;
  arguments.sources = config_sources(*values);
  arguments.output = optional_word(*values, "output");
  arguments.device = device_word(*values);
  arguments.json = values->contains("json");
  if (const auto seeds = optional_value<int64_t>(*values, "seeds"))
    arguments.sources.overrides.push_back(fmt::format("stability.seeds={}", *seeds));
  return arguments;
}

std::optional<DoctorArguments> doctor_arguments(const std::vector<std::string>& words) {
  const auto values = parse_words(kDoctorUsage, doctor_options(), words);
  if (!values) return std::nullopt;
  return DoctorArguments{values->contains("json")};
}

}  // namespace bernoulli::cli
