#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/run_trials.h"
#include "cli/sweep_arguments.h"
#include "cli/sweep_configs.h"
#include "cli/trial_figures.h"
#include "cli/verb.h"
#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "core/shell_word.h"
#include "core/stop.h"
#include "core/usual_threads.h"
#include "core/write_files.h"
#include "distributed/place.h"
#include "store/run_folder.h"
#include "sweep/halving.h"
#include "sweep/leader_board.h"
#include "sweep/naming.h"

namespace bernoulli::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using sweep::Sweep;
using sweep::Trial;
using sweep::TrialState;

/// The trials and their configurations, one each.
struct Planned {
  Sweep sweep;
  std::vector<config::LoadedConfig> configs;
};

std::vector<sweep::TrialLength> lengths_of(const Planned& planned) {
  std::vector<sweep::TrialLength> lengths;
  for (const config::LoadedConfig& config : planned.configs)
    lengths.push_back(length_of(config.run.training));
  return lengths;
}

/// @throws UsageError where the first of a grid would be tried and the last not
void check_time_limit(const Sweep& sweep, const SweepArguments& arguments) {
  if (sweep.halving && arguments.max_seconds && !sweep.random)
    throw UsageError(
        "--max-seconds with --halving begins as many trials as there is time for, and those must be random "
        "ones: give --random N, N more than can be trained, or leave one of them out");
}

Planned plan(const SweepArguments& arguments) {
  Planned planned;
  planned.sweep = sweep::make_sweep(
      sweep::parse_axes(arguments.axes, arguments.sources.overrides, arguments.random.has_value()),
      arguments.random);
  planned.configs = load_trials(arguments.sources, planned.sweep);
  planned.sweep.rank_by = arguments.rank_by;
  choose_ranking(planned.configs, arguments.rank_by);  // a fault shows before there is a folder
  if (!arguments.halving) return planned;
  const std::vector<sweep::TrialLength> lengths = lengths_of(planned);
  const sweep::Halving halving =
      choose_halving(planned.sweep, lengths, *arguments.halving, arguments.max_seconds.has_value());
  begin_halving(planned.sweep, halving, lengths);
  check_time_limit(planned.sweep, arguments);
  return planned;
}

std::string dry_run(const Planned& planned, const SweepArguments& arguments) {
  if (arguments.json) return json_text(to_json(planned.sweep));
  std::string text;
  for (const Trial& trial : planned.sweep.trials)
    text += fmt::format("trial {}{}\n", trial.number, settings_text(planned.sweep, trial));
  if (planned.sweep.halving)
    text += plan_text(planned.sweep, lengths_of(planned), arguments.max_seconds.has_value());
  return text + fmt::format("dry run: {} trials, all configurations are sound; nothing was written\n",
                            planned.sweep.trials.size());
}

/// Whether a trial that has no summary is left as it is. @param rung  the current one
bool stays(const Planned& kept, const Trial& trial, int64_t rung, const fs::path& folder) {
  if (trial.state == TrialState::kPaused) {
    const auto place = static_cast<size_t>(trial.number - 1);
    const TrainingConfig& training = kept.configs[place].run.training;
    return figures_at_rung(folder, trial, training, training.monitor).epochs >= trial.epochs;
  }
  // Where others have gone on meanwhile, a failed one has not taken part.
  const bool was_passed = trial.state == TrialState::kFailed && trial.rung < rung;
  return was_passed || (trial.is_settled() && trial.state != TrialState::kFinished);
}

/// What is known of the trials, by what their run folders hold.
void take_stock(Planned& kept, const fs::path& folder) {
  reopen_rung(kept.sweep);
  const int64_t rung = current_rung(kept.sweep);
  for (Trial& trial : kept.sweep.trials) {
    if (summary_of(folder, trial)) {
      trial.state = TrialState::kFinished;
    } else if (!stays(kept, trial, rung, folder)) {
      trial.state = TrialState::kWaiting;
    }
  }
}

/// Nothing where the folder holds no sweep yet.
std::optional<Planned> kept_sweep(const fs::path& folder) {
  const fs::path file = folder / kSweepKind.marker;
  if (!path_exists(file)) return std::nullopt;
  Planned kept{sweep::sweep_from_json(read_json(file), file.string()), {}};
  kept.configs = load_kept_trials(folder, kept.sweep);
  take_stock(kept, folder);
  return kept;
}

/// What is trained in `folder`: what is asked for, with the states of the trials that the folder holds; or,
/// where nothing is asked for, what the folder holds.
/// @throws UsageError where the folder holds something else, or nothing
Planned agreed(std::optional<Planned> asked, std::optional<Planned> kept, const fs::path& folder) {
  if (!asked && !kept)
    throw UsageError(fmt::format("'{}' holds no sweep yet: name CONFIG and the axes", folder.string()));
  if (!asked) return std::move(*kept);
  if (!kept) return std::move(*asked);
  const std::string differences = sweep_differences(kept->sweep, asked->sweep);
  if (!differences.empty())
    throw UsageError(
        fmt::format("these are not the trials of '{}' (leave CONFIG and axes out, or start another sweep); "
                    "they differ in:{}",
                    folder.string(), differences));
  check_same_configs(kept->configs, asked->configs);
  if (!asked->sweep.rank_by) asked->sweep.rank_by = kept->sweep.rank_by;
  asked->sweep.halving = kept->sweep.halving;  // in as many rungs as it was begun with
  std::copy(kept->sweep.trials.begin(), kept->sweep.trials.end(), asked->sweep.trials.begin());
  return std::move(*asked);
}

/// The configurations first: where sweep.json is, they are. @param num_kept  of them are there
void write_plan(const Planned& planned, const fs::path& folder, size_t num_kept) {
  std::vector<FileContent> files;
  for (size_t i = num_kept; i < planned.configs.size(); ++i)
    files.push_back({config_of(folder, planned.sweep.trials[i]), planned.configs[i].run.resolved_yaml});
  write_files_atomic(files);
  write_json(folder / kSweepKind.marker, to_json(planned.sweep));
}

/// Rungs that were decided by one metric cannot be gone on with by another.
/// @throws UsageError
void check_same_ranking(const Planned& kept, const std::optional<std::string>& rank_by) {
  const bool is_between =
      current_rung(kept.sweep) > 1 && std::ranges::any_of(kept.sweep.trials, [](const Trial& trial) {
        return trial.state == TrialState::kWaiting || trial.state == TrialState::kPaused;
      });
  if (!rank_by || !is_between) return;
  const sweep::Ranking before = choose_ranking(kept.configs, kept.sweep.rank_by);
  if (choose_ranking(kept.configs, rank_by) != before)
    throw UsageError(
        fmt::format("--rank-by {}: the rungs so far were decided by {}, and the others are, too; the leader "
                    "board can be had by another metric when all is trained",
                    *rank_by, before.metric));
}

std::string how_to_go_on(const SweepArguments& arguments, const fs::path& folder) {
  return fmt::format("go on with: bernoulli sweep --resume --sweep-dir {} --device {} --jobs {}{}",
                     shell_word(folder.string()), arguments.device, arguments.jobs,
                     arguments.max_seconds ? fmt::format(" --max-seconds {}", *arguments.max_seconds) : "");
}

/// Of --max-seconds: what there was no time for.
void tell_what_is_left(const Sweep& sweep, const SweepArguments& arguments, const fs::path& folder) {
  const auto numbers_of = [&](const auto& is_meant) {
    std::vector<int64_t> numbers;
    for (const Trial& trial : sweep.trials) {
      if (is_meant(trial)) numbers.push_back(trial.number);
    }
    return numbers;
  };
  const auto stopped = numbers_of([](const Trial& trial) { return trial.state == TrialState::kStopped; });
  const auto waiting = numbers_of([](const Trial& trial) { return trial.state == TrialState::kWaiting; });
  if (!stopped.empty())
    log_info(fmt::format("the time is over: stopped trials {}", sweep::number_list(stopped)));
  if (!waiting.empty())
    log_info(fmt::format("the time is over: not begun trials {}", sweep::number_list(waiting)));
  if (!stopped.empty() || !waiting.empty()) log_info(how_to_go_on(arguments, folder));
  const auto left_out = numbers_of(
      [](const Trial& trial) { return trial.state == TrialState::kLeftBehind && trial.rung == 0; });
  if (!left_out.empty())
    log_info(fmt::format("there was time to begin {} of {} trials", sweep.trials.size() - left_out.size(),
                         sweep.trials.size()));
}

int exit_code_of(const Sweep& sweep) {
  const auto failed = std::find_if(sweep.trials.begin(), sweep.trials.end(),
                                   [](const Trial& trial) { return trial.state == TrialState::kFailed; });
  return failed == sweep.trials.end() ? 0 : failed->exit_code;
}

/// Writes the leader board and gives what is printed of it.
std::string publish(const sweep::LeaderBoard& board, const fs::path& folder, bool as_json) {
  const Json json = to_json(board, folder);
  write_json(folder / "leaderboard.json", json);
  write_file_atomic(folder / "leaderboard.csv", to_csv(board, folder));
  return as_json ? json_text(json) : to_table(board, folder);
}

}  // namespace

int run_sweep(const std::vector<std::string>& words) {
  const double started_s = monotonic_seconds();
  const auto arguments = sweep_arguments(words);
  if (!arguments) return 0;
  if (const std::optional<Place> place = place_from_environment())
    throw UsageError(fmt::format(
        "WORLD_SIZE is {}, and a sweep starts its trials itself, on one machine: unset it", place->size));
  std::optional<Planned> asked;
  if (!arguments->resume || !arguments->sources.files.empty()) asked = plan(*arguments);
  if (arguments->dry_run) {
    warn_of_other_examples(asked->sweep, asked->configs);
    print(dry_run(*asked, *arguments));
    return 0;
  }

  const RunFolder owned =
      arguments->resume
          ? RunFolder::open_for_resume(*arguments->sweep_dir, kSweepKind)
          : RunFolder::create(arguments->sweep_dir, asked->configs.front().run.name + "-sweep", kSweepKind);
  const fs::path& folder = owned.paths().folder;
  std::optional<Planned> kept = arguments->resume ? kept_sweep(folder) : std::nullopt;
  if (kept) check_same_ranking(*kept, arguments->rank_by);
  const size_t num_kept = kept ? kept->configs.size() : 0;
  Planned planned = agreed(std::move(asked), std::move(kept), folder);
  check_time_limit(planned.sweep, *arguments);
  if (arguments->rank_by) planned.sweep.rank_by = arguments->rank_by;
  const sweep::Ranking ranking = choose_ranking(planned.configs, planned.sweep.rank_by);
  write_plan(planned, folder, num_kept);
  log_info(fmt::format(
      "sweep folder {}: {} trials{}", folder.string(), planned.sweep.trials.size(),
      planned.sweep.halving ? fmt::format(" in {} rungs", planned.sweep.halving->num_rungs) : ""));
  if (arguments->jobs > 1) share_cores(arguments->jobs);  // trials inherit the environment
  warn_of_other_examples(planned.sweep, planned.configs);
  try {
    run_trials(planned.sweep, {folder, ranking, arguments->device, arguments->jobs, planned.configs,
                               arguments->max_seconds, started_s, owned});
  } catch (const StopRequested&) {
    log_info("stopped; " + how_to_go_on(*arguments, folder));
    throw;
  }
  tell_what_is_left(planned.sweep, *arguments, folder);
  const auto figures = board_figures(planned.sweep, folder, planned.configs, ranking.metric);
  owned.check_is_there();
  print(publish(make_leader_board(planned.sweep, figures, ranking), folder, arguments->json));
  return exit_code_of(planned.sweep);
}

}  // namespace bernoulli::cli
