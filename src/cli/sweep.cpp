#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/run_trials.h"
#include "cli/sweep_arguments.h"
#include "cli/sweep_configs.h"
#include "cli/verb.h"
#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "core/stop.h"
#include "core/usual_threads.h"
#include "distributed/place.h"
#include "store/run_folder.h"
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

Planned plan(const SweepArguments& arguments) {
  Planned planned;
  planned.sweep = sweep::make_sweep(
      sweep::parse_axes(arguments.axes, arguments.sources.overrides, arguments.random.has_value()),
      arguments.random);
  planned.configs = load_trials(arguments.sources, planned.sweep);
  planned.sweep.rank_by = arguments.rank_by;
  choose_ranking(planned.configs, arguments.rank_by);  // a fault shows before there is a folder
  return planned;
}

std::string dry_run(const Planned& planned, bool json) {
  if (json) return json_text(to_json(planned.sweep));
  std::string text;
  for (const Trial& trial : planned.sweep.trials)
    text += fmt::format("trial {}{}\n", trial.number, settings_text(planned.sweep, trial));
  return text + fmt::format("dry run: {} trials, all configurations are sound; nothing was written\n",
                            planned.sweep.trials.size());
}

/// What is known of the trials, by what their run folders hold.
void take_stock(Sweep& sweep, const fs::path& folder) {
  for (Trial& trial : sweep.trials) {
    if (summary_of(folder, trial)) {
      trial.state = TrialState::kFinished;
    } else if (trial.state == TrialState::kFinished || !trial.is_settled()) {
      trial.state = TrialState::kWaiting;
    }
  }
}

/// Nothing where the folder holds no sweep yet.
std::optional<Planned> kept_sweep(const fs::path& folder) {
  const fs::path file = folder / kSweepKind.marker;
  if (!fs::exists(file)) return std::nullopt;
  Planned kept{sweep::sweep_from_json(read_json(file), file.string()), {}};
  kept.configs = load_kept_trials(folder, kept.sweep);
  take_stock(kept.sweep, folder);
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
  std::copy(kept->sweep.trials.begin(), kept->sweep.trials.end(), asked->sweep.trials.begin());
  return std::move(*asked);
}

/// The configurations first: where sweep.json is, they are.
void write_plan(const Planned& planned, const fs::path& folder) {
  for (size_t i = 0; i < planned.configs.size(); ++i) {
    const fs::path file = config_of(folder, planned.sweep.trials[i]);
    if (!fs::exists(file)) write_file_atomic(file, planned.configs[i].run.resolved_yaml);
  }
  write_json(folder / kSweepKind.marker, to_json(planned.sweep));
}

sweep::LeaderBoard board_of(const Sweep& sweep, const fs::path& folder, const sweep::Ranking& ranking) {
  std::vector<sweep::Figures> figures;
  for (const Trial& trial : sweep.trials) {
    const std::optional<Json> summary = summary_of(folder, trial);
    figures.push_back(summary ? sweep::figures_of(*summary, ranking.metric) : sweep::figures_of(trial));
  }
  return make_leader_board(sweep, figures, ranking);
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
  const auto arguments = sweep_arguments(words);
  if (!arguments) return 0;
  if (const std::optional<Place> place = place_from_environment())
    throw UsageError(fmt::format(
        "WORLD_SIZE is {}, and a sweep starts its trials itself, on one machine: unset it", place->size));
  std::optional<Planned> asked;
  if (!arguments->resume || !arguments->sources.files.empty()) asked = plan(*arguments);
  if (arguments->dry_run) {
    warn_of_other_examples(asked->sweep, asked->configs);
    print(dry_run(*asked, arguments->json));
    return 0;
  }

  const RunFolder owned =
      arguments->resume
          ? RunFolder::open_for_resume(*arguments->sweep_dir, kSweepKind)
          : RunFolder::create(arguments->sweep_dir, asked->configs.front().run.name + "-sweep", kSweepKind);
  const fs::path& folder = owned.paths().folder;
  Planned planned = agreed(std::move(asked), arguments->resume ? kept_sweep(folder) : std::nullopt, folder);
  if (arguments->rank_by) planned.sweep.rank_by = arguments->rank_by;
  const sweep::Ranking ranking = choose_ranking(planned.configs, planned.sweep.rank_by);
  write_plan(planned, folder);
  log_info(fmt::format("sweep folder {}: {} trials", folder.string(), planned.sweep.trials.size()));
  if (arguments->jobs > 1) share_cores(arguments->jobs);  // trials inherit the environment
  warn_of_other_examples(planned.sweep, planned.configs);
  try {
    run_trials(planned.sweep, {folder, ranking, arguments->device, arguments->jobs});
  } catch (const StopRequested&) {
    log_info(fmt::format("stopped; go on with: bernoulli sweep --resume --sweep-dir {} --device {} --jobs {}",
                         folder.string(), arguments->device, arguments->jobs));
    throw;
  }
  print(publish(board_of(planned.sweep, folder, ranking), folder, arguments->json));
  return exit_code_of(planned.sweep);
}

}  // namespace bernoulli::cli
