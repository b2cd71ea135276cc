#include "cli/sweep_configs.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/verb.h"
#include "config/differences.h"
#include "config/faults.h"
#include "config/key_path.h"
#include "config/metric_facts.h"
#include "core/error.h"
#include "core/json_text.h"
#include "core/log.h"
#include "core/name_list.h"
#include "core/stop.h"
#include "core/text_distance.h"
#include "sweep/naming.h"

namespace bernoulli::cli {
namespace {

namespace fs = std::filesystem;
using Json = config::Json;

/// What trials say, each line once with the trials that say it.
class TrialFaults {
 public:
  void add(int64_t trial, const std::string& line) {
    auto& trials = trials_[line];
    if (trials.empty()) order_.push_back(line);
    if (trials.empty() || trials.back() != trial) trials.push_back(trial);
  }
  void throw_if_any(size_t num_trials) const {
    constexpr size_t kMostShown = 100;
    if (order_.empty()) return;
    std::vector<std::string> lines;
    for (size_t i = 0; i < std::min(order_.size(), kMostShown); ++i) {
      const std::vector<int64_t>& trials = trials_.at(order_[i]);
      const std::string who = trials.size() == num_trials ? "every trial"
                              : trials.size() == 1        ? fmt::format("trial {}", trials[0])
                                                   : fmt::format("trials {}", sweep::number_list(trials));
      lines.push_back(fmt::format("{} [{}]", order_[i], who));
    }
    if (order_.size() > kMostShown)
      lines.push_back(fmt::format("... and {} more", order_.size() - kMostShown));
    throw config::ConfigError(std::move(lines), order_.size());
  }

 private:
  std::map<std::string, std::vector<int64_t>> trials_;
  std::vector<std::string> order_;
};

/// Without the sections that a training does not read.
Json what_trains(Json resolved) {
  for (const char* key : {"name", "stability"}) resolved.erase(key);
  return resolved;
}

void refuse_equals(const std::vector<config::LoadedConfig>& trials) {
  std::map<std::string, int64_t> seen;
  TrialFaults faults;
  for (size_t i = 0; i < trials.size(); ++i) {
    const auto number = static_cast<int64_t>(i) + 1;
    const auto [first, is_new] = seen.emplace(compact_json(what_trains(trials[i].resolved)), number);
    if (!is_new)
      faults.add(number,
                 fmt::format("the same training as trial {}: its settings make no difference (name and "
                             "stability are not read by a training)",
                             first->second));
  }
  faults.throw_if_any(trials.size());
}

bool has_metric(const config::LoadedConfig& trial, const std::string& metric) {
  const std::vector<std::string> names = metric_names(trial.run.task.kind);
  return std::find(names.begin(), names.end(), metric) != names.end();
}

}  // namespace

std::vector<config::LoadedConfig> load_trials(const config::ConfigSources& sources,
                                              const sweep::Sweep& sweep) {
  std::vector<config::LoadedConfig> loaded;
  TrialFaults faults;
  for (const sweep::Trial& trial : sweep.trials) {
    throw_if_stopped();
    config::ConfigSources own = sources;
    for (const auto& [key, value] : trial.settings) own.overrides.push_back(fmt::format("{}={}", key, value));
    try {
      loaded.push_back(load_checked_config(own));
    } catch (const UsageError& error) {
      for (const std::string& line : config::lines_of(error)) faults.add(trial.number, line);
    }
  }
  faults.throw_if_any(sweep.trials.size());
  refuse_equals(loaded);
  return loaded;
}

fs::path config_of(const fs::path& folder, const sweep::Trial& trial) {
  return folder / (trial.folder() + ".yaml");
}

std::vector<config::LoadedConfig> load_kept_trials(const fs::path& folder, const sweep::Sweep& sweep) {
  std::vector<config::LoadedConfig> loaded;
  for (const sweep::Trial& trial : sweep.trials)
    loaded.push_back(load_checked_config({{config_of(folder, trial)}, {}, config::Contradictions::kIgnored}));
  return loaded;
}

void check_same_configs(const std::vector<config::LoadedConfig>& kept,
                        const std::vector<config::LoadedConfig>& now) {
  TrialFaults faults;
  for (size_t i = 0; i < kept.size(); ++i) {
    for (const config::Difference& difference :
         config::differences({what_trains(kept[i].resolved), what_trains(now[i].resolved)}))
      faults.add(static_cast<int64_t>(i) + 1, config::difference_text(difference, "in the sweep"));
  }
  try {
    faults.throw_if_any(kept.size());
  } catch (const config::ConfigError& error) {
    throw UsageError(fmt::format(
        "the configuration is not that of the sweep and cannot go on with it (leave CONFIG and axes out, or "
        "start another sweep); it differs in:\n{}",
        fmt::join(error.lines(), "\n")));
  }
}

/// The keys in which trials may not differ where figures of `metric` are ranked, for it is another metric
/// then.
std::vector<std::string> keys_that_define(const std::string& metric) {
  if (metric == "loss") return {"loss"};
  if (metric == "f_beta") return {"metrics.f_beta"};
  if (metric == "expected_calibration_error") return {"metrics.calibration_bins"};
  return {};
}

std::vector<config::Difference> differences_of(const std::vector<config::LoadedConfig>& trials) {
  std::vector<Json> resolved;
  for (const config::LoadedConfig& trial : trials) resolved.push_back(trial.resolved);
  return config::differences(resolved);
}

/// Figures that cannot be told apart by size are refused.
void check_comparable(const std::vector<config::LoadedConfig>& trials, const std::string& metric) {
  for (const config::Difference& difference : differences_of(trials)) {
    for (const std::string& key : keys_that_define(metric)) {
      if (config::is_in(difference.key, key))
        throw UsageError(fmt::format(
            "the {} of trials that differ in {} are not the same figure: rank them with --rank-by METRIC by "
            "another one",
            metric, difference.key));
    }
  }
}

/// Whether the held-out data of a trial may be others where `key` has another value.
bool decides_on_examples(const std::string& key, const DataConfig& data) {
  for (const char* section : {"data.root", "data.validation", "data.test", "data.columns", "task"}) {
    if (config::is_in(key, section)) return true;
  }
  return config::is_in(key, "data.train") && (data.validation.split || data.test.split);
}

void warn_of_other_examples(const sweep::Sweep& sweep, const std::vector<config::LoadedConfig>& trials) {
  const std::vector<std::string> seeds = sweep::seeds_of(sweep);
  std::vector<std::string> keys;
  for (const config::Difference& difference : differences_of(trials)) {
    const std::string& key = difference.key;
    const bool decides = std::ranges::any_of(
        trials, [&](const config::LoadedConfig& trial) { return decides_on_examples(key, trial.run.data); });
    const bool is_averaged = std::ranges::find(seeds, key) != seeds.end() && sweep::rows_share(sweep, key);
    if (decides && !is_averaged) keys.push_back(key);
  }
  if (!keys.empty())
    log_warning(fmt::format(
        "trials differ in {}: their figures may be of other examples or labels, and are ranked all the same",
        item_list(keys)));
}

sweep::TrialLength length_of(const TrainingConfig& training) {
  return {training.epochs.value_or(0), training.validate_every_epochs};
}

sweep::Halving choose_halving(const sweep::Sweep& sweep, const std::vector<sweep::TrialLength>& lengths,
                              int64_t factor, bool as_time_allows) {
  for (size_t i = 0; i < lengths.size(); ++i) {
    if (lengths[i].epochs == 0)
      throw UsageError(
          fmt::format("--halving trains parts of training.epochs, and trial {} has none: set it, beside what "
                      "limits it now",
                      i + 1));
  }
  const auto num_rows = static_cast<int64_t>(sweep::rows_of(sweep).size());
  const int64_t num_rungs =
      sweep::num_rungs(factor, lengths, as_time_allows ? std::nullopt : std::optional(num_rows));
  if (num_rungs < 2)
    throw UsageError(fmt::format(
        "--halving {0}: nothing would be left behind: it takes {0} rows or more (there are {1}), and {0} "
        "validations or more in training.epochs of every trial: a smaller factor, longer trainings or more "
        "values",
        factor, num_rows));
  return {factor, num_rungs};
}

sweep::Ranking choose_ranking(const std::vector<config::LoadedConfig>& trials,
                              const std::optional<std::string>& metric) {
  const TrainingConfig& first = trials.front().run.training;
  const std::string& chosen = metric ? *metric : first.monitor;
  for (const config::LoadedConfig& trial : trials) {
    if (!trial.run.data.validation.present())
      throw UsageError("data.validation: a sweep chooses by figures of validation data, and there are none");
    const TrainingConfig& training = trial.run.training;
    if (!metric && (training.monitor != chosen || training.monitor_mode != first.monitor_mode))
      throw UsageError(
          "trials differ in training.monitor: say with --rank-by METRIC what they "
          "are compared by");
    if (!has_metric(trial, chosen)) {
      const std::vector<std::string> names = metric_names(trial.run.task.kind);
      throw UsageError(fmt::format("--rank-by: there is no metric '{}' of this task (expected {}){}", chosen,
                                   config::join_words(names), did_you_mean(chosen, names)));
    }
  }
  check_comparable(trials, chosen);
  return {chosen, metric ? facts_of_metric(chosen).lower_is_better : monitor_is_better_lower(first)};
}

}  // namespace bernoulli::cli
