#include "cli/sweep_arguments.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "cli/arguments.h"
#include "cli/load_arguments.h"
#include "core/error.h"
#include "core/parse_number.h"
#include "sweep/halving.h"

namespace bernoulli::cli {
namespace {

namespace po = boost::program_options;

constexpr int64_t kMostJobs = 1024;
constexpr const char* kHalving = "--halving";

const Usage& usage() {
  static const Usage usage{
      "sweep CONFIG... KEY=A,B,C... [options]",
      "Trains the configuration once for every combination of the values, or for N random ones, each as a "
      "process and\n"
      "a run folder of its own below the sweep folder, and prints a leader board.\n\n"
      "A word with a '=' that names no file is an axis: a key as --set takes it, and YAML values between "
      "commas; commas in brackets or\n"
      "quotes belong to a value. With --random an axis may be a range: 16..128 or log:1e-4..1e-1, both ends "
      "included;\n"
      "whole numbers stay whole. All configurations are checked before the first training. Trials that "
      "differ in\n"
      "training.seed, the seeds of the splits and data.validation.fold alone are one row of the board, with "
      "mean\n"
      "and standard deviation.\n\n"
      "The board ranks by figures of the validation data. Do not choose by the test figures beside them: the "
      "best of\n"
      "many trials on the test data is not what new data will show.\n\n"
      "A trial that fails is reported and the others go on; the exit code is then that of the first one that "
      "failed.\n"
      "After Ctrl-C all trials have saved; --resume goes on, and leaves alone what is trained.\n\n"
      "--halving spends less on settings that do badly: all are trained for a part of their epochs, the best "
      "third\n"
      "(FACTOR: 3) for three times as many, and so on. Who is trained to the end has the bytes of a training "
      "that was\n"
      "never paused. With --random N and --max-seconds S as many of the N are begun as fit into S.",
      "  bernoulli sweep configs/quickstart.yaml optimizer.adam.lr=1e-3,3e-3 "
      "'model.layers[0].embedding.dim=16,32'\n"
      "  bernoulli sweep configs/quickstart.yaml optimizer.adam.lr=1e-3,3e-3 training.seed=1,2,3 --rank-by "
      "roc_auc\n"
      "  bernoulli sweep configs/quickstart.yaml optimizer.adam.lr=log:1e-4..1e-1 "
      "training.batch_size=16,32,64 "
      "--random 20 --seed 1\n"
      "  bernoulli sweep configs/imdb_bigrams.yaml optimizer.adam.lr=log:1e-4..1e-1 text.ngrams=1,2,3 "
      "--random 500 --halving --max-seconds 300\n"
      "  bernoulli sweep --resume --sweep-dir runs/quickstart-sweep-1\n",
      "config"};
  return usage;
}

void add_options(po::options_description& options) {
  add_config_options(options);
  options.add_options()("sweep-dir", word("DIR"),
                        "folder of the sweep; default runs/<config name>-sweep-<n>")(
      "random", whole("N"), "draw N trials, no two alike, instead of all")(
      "seed", whole("S")->default_value(0), "of the draws")(
      "rank-by", word("METRIC"), "metric of the validation data; default training.monitor")(
      "halving", whole("FACTOR")->implicit_value(sweep::kUsualFactor),
      "train all for a part of their epochs, and one of FACTOR (2 to 10; 3 where it is left out) for longer")(
      "max-seconds", value_of<double>("S"),
      "begin no trial after S seconds, and stop those under way, which --resume goes on with; with --halving "
      "and --random N: begin as many of N as can be halved in about S")(
      "resume", "go on with the sweep in --sweep-dir; CONFIG and axes may then be left out")(
      "jobs", whole("J")->default_value(1),
      "trials at once; each takes training.threads threads; 0: the cores divided by J, or BERNOULLI_THREADS")(
      "device", word("D")->default_value("auto"), "of every trial: auto, cpu, cuda or cuda:N")(
      "dry-run", "check all configurations and print the trials; write nothing")(
      "json", "print the leader board (with --dry-run: the trials) as JSON");
}

std::optional<sweep::RandomSearch> random_search(const po::variables_map& values) {
  if (!values.contains("random")) {
    if (!values["seed"].defaulted())
      throw UsageError(
          "--seed is that of --random N; the seed of a training is the axis training.seed=1,2,3");
    return std::nullopt;
  }
  const auto count = values["random"].as<int64_t>();
  if (count < 1) throw UsageError(fmt::format("--random is {} (expected at least 1)", count));
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  return sweep::RandomSearch{count, static_cast<uint64_t>(number_within(values, "seed", 0, kMost))};
}

/// Its number may stand behind a space, too, which the parser of options would not take for it.
std::vector<std::string> with_factor_joined(std::vector<std::string> words) {
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i] != kHalving || !parse_number<int64_t>(words[i + 1])) continue;
    words[i] += "=" + words[i + 1];
    words.erase(words.begin() + static_cast<std::ptrdiff_t>(i) + 1);
  }
  return words;
}

std::optional<int64_t> halving_factor(const po::variables_map& values) {
  if (!values.contains("halving")) return std::nullopt;
  const auto factor = values["halving"].as<int64_t>();
  if (factor < sweep::kLeastFactor || factor > sweep::kMostFactor)
    throw UsageError(fmt::format("--halving is {} (expected {} to {}: one row of so many goes on)", factor,
                                 sweep::kLeastFactor, sweep::kMostFactor));
  return factor;
}

std::optional<double> time_limit(const po::variables_map& values) {
  if (!values.contains("max-seconds")) return std::nullopt;
  const auto seconds = values["max-seconds"].as<double>();
  if (!(seconds > 0) || !std::isfinite(seconds))
    throw UsageError(fmt::format("--max-seconds is {} (expected a number above 0)", seconds));
  return seconds;
}

void check_together(const SweepArguments& arguments) {
  if (arguments.resume && !arguments.sweep_dir)
    throw UsageError("--resume needs --sweep-dir DIR, the sweep to go on with");
  if (arguments.resume && arguments.dry_run)
    throw UsageError("--dry-run writes nothing and --resume goes on with a sweep: give one of them");
  if (arguments.jobs < 1 || arguments.jobs > kMostJobs)
    throw UsageError(fmt::format("--jobs is {} (expected 1 to {})", arguments.jobs, kMostJobs));
  const bool asks_for_trials = !arguments.axes.empty() || !arguments.sources.overrides.empty() ||
                               arguments.random || arguments.halving;
  if (arguments.resume && arguments.sources.files.empty() && asks_for_trials)
    throw UsageError(
        "axes, --set, --random and --halving go with CONFIG: name it too, or leave them out to go on with "
        "what the sweep folder holds");
}

}  // namespace

std::optional<SweepArguments> sweep_arguments(const std::vector<std::string>& words) {
  po::options_description options("options");
  add_options(options);
  const auto values = parse_words(usage(), options, with_factor_joined(words));
  if (!values) return std::nullopt;
  SweepArguments arguments;
  arguments.sources = config_sources(*values);
  std::erase_if(arguments.sources.files, [&](const std::filesystem::path& word) {
    std::error_code ignored;
    if (!sweep::is_axis(word.native()) || std::filesystem::exists(word, ignored)) return false;
    arguments.axes.push_back(word.native());
    return true;
  });
  arguments.sweep_dir = optional_word(*values, "sweep-dir");
  arguments.random = random_search(*values);
  arguments.rank_by = optional_word(*values, "rank-by");
  arguments.halving = halving_factor(*values);
  arguments.max_seconds = time_limit(*values);
  arguments.device = device_word(*values);
  arguments.jobs = (*values)["jobs"].as<int64_t>();
  arguments.resume = values->contains("resume");
  arguments.dry_run = values->contains("dry-run");
  arguments.json = values->contains("json");
  check_together(arguments);
  return arguments;
}

}  // namespace bernoulli::cli
