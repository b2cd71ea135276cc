#include "sweep/trial.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json_fault.h"
#include "core/shallow_json.h"

namespace bernoulli::sweep {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::pair<TrialState, const char*>, 7> kStates = {
    {{TrialState::kWaiting, "waiting"},
     {TrialState::kRunning, "running"},
     {TrialState::kFinished, "finished"},
     {TrialState::kStopped, "stopped"},
     {TrialState::kFailed, "failed"},
     {TrialState::kPaused, "paused"},
     {TrialState::kLeftBehind, "left_behind"}}};

std::vector<Trial> every_combination(const std::vector<Axis>& axes) {
  int64_t count = 1;
  for (const Axis& axis : axes) {
    count *= static_cast<int64_t>(axis.values.size());
    if (count > kMaxTrials)
      throw UsageError(
          fmt::format("the axes have more than {} combinations: name fewer values, or draw some of "
                      "them with --random N",
                      kMaxTrials));
  }
  std::vector<Trial> trials;
  for (int64_t number = 1; number <= count; ++number) {
    Trial trial;
    trial.number = number;
    int64_t rest = number - 1;
    for (auto axis = axes.rbegin(); axis != axes.rend(); ++axis) {
      const auto size = static_cast<int64_t>(axis->values.size());
      trial.settings.push_back({axis->key, axis->values[static_cast<size_t>(rest % size)]});
      rest /= size;
    }
    std::reverse(trial.settings.begin(), trial.settings.end());
    trials.push_back(std::move(trial));
  }
  return trials;
}

std::vector<std::string> draw_values(const std::vector<Axis>& axes, Random& random) {
  std::vector<std::string> values;
  values.reserve(axes.size());
  for (const Axis& axis : axes)
    values.push_back(axis.range ? axis.range->draw(random) : axis.values[random.below(axis.values.size())]);
  return values;
}

std::vector<Trial> draws(const std::vector<Axis>& axes, const RandomSearch& search) {
  constexpr int kMostAttempts = 20'000;
  if (search.count > kMaxTrials)
    throw UsageError(fmt::format("--random {}: at most {} trials are drawn", search.count, kMaxTrials));
  std::vector<Trial> trials;
  std::set<std::vector<std::string>> taken;
  for (int64_t number = 1; number <= search.count; ++number) {
    Random random(mix_seed(search.seed, random_stream::kSweep, static_cast<uint64_t>(number)));
    std::vector<std::string> values = draw_values(axes, random);
    for (int attempt = 0; attempt < kMostAttempts && taken.contains(values); ++attempt)
      values = draw_values(axes, random);
    if (!taken.insert(values).second)
      throw UsageError(fmt::format(
          "--random {}: {} different trials were found, and no other in {} draws: ask for no more, or leave "
          "--random out to train every combination",
          search.count, number - 1, kMostAttempts));
    Trial trial;
    trial.number = number;
    for (size_t i = 0; i < axes.size(); ++i) trial.settings.push_back({axes[i].key, std::move(values[i])});
    trials.push_back(std::move(trial));
  }
  return trials;
}

Json to_json(const Trial& trial) {
  Json settings = Json::object();
  for (const auto& [key, value] : trial.settings) settings[key] = value;
  const auto state = std::find_if(kStates.begin(), kStates.end(),
                                  [&](const auto& entry) { return entry.first == trial.state; });
  Json json = {{"number", trial.number},
               {"settings", std::move(settings)},
               {"state", state->second},
               {"warnings", trial.num_warnings}};
  if (trial.epochs > 0) {
    json["rung"] = trial.rung;
    json["epochs"] = trial.epochs;
  }
  if (trial.state == TrialState::kFailed) {
    json["exit_code"] = trial.exit_code;
    json["error"] = trial.reason;
  }
  if (trial.state == TrialState::kLeftBehind) json["reason"] = trial.reason;
  return json;
}

TrialState state_named(const std::string& name) {
  for (const auto& [state, word] : kStates) {
    if (name == word) return state;
  }
  throw UsageError(fmt::format("there is no state '{}'", name));
}

/// @param halving  of its sweep
Trial trial_from_json(const Json& json, const std::optional<Halving>& halving) {
  Trial trial;
  trial.number = whole_number<int64_t>(json.at("number"));
  for (const auto& [key, value] : json.at("settings").items())
    trial.settings.push_back({key, value.get<std::string>()});
  trial.state = state_named(json.at("state").get<std::string>());
  trial.num_warnings = whole_number<int64_t>(json.at("warnings"));
  if (trial.state == TrialState::kFailed) {
    trial.exit_code = whole_number<int>(json.at("exit_code"));
    trial.reason = json.at("error").get<std::string>();
  }
  if (trial.state == TrialState::kLeftBehind) trial.reason = json.at("reason").get<std::string>();
  if (!halving) return trial;
  trial.rung = whole_number<int64_t>(json.at("rung"));
  trial.epochs = whole_number<int64_t>(json.at("epochs"));
  return trial;
}

void check_consistent(const Sweep& sweep) {
  if (sweep.trials.empty()) throw UsageError("it has no trials");
  int64_t number = 0;
  for (const Trial& trial : sweep.trials) {
    if (trial.number != ++number) throw UsageError("its trials are not numbered from 1");
    const bool fits =
        std::equal(trial.settings.begin(), trial.settings.end(), sweep.axes.begin(), sweep.axes.end(),
                   [](const Setting& setting, const Axis& axis) { return setting.key == axis.key; });
    if (!fits) throw UsageError(fmt::format("trial {} has other settings than the axes", number));
    const bool was_halved = trial.state == TrialState::kPaused || trial.state == TrialState::kLeftBehind;
    if (was_halved && !sweep.halving)
      throw UsageError(fmt::format("trial {} is in a rung, and there are none", number));
    if (sweep.halving && (trial.rung < 0 || trial.rung > sweep.halving->num_rungs || trial.epochs < 1))
      throw UsageError(fmt::format("trial {} is in rung {} of {}, for {} epochs", number, trial.rung,
                                   sweep.halving->num_rungs, trial.epochs));
  }
}

std::string halving_text(const std::optional<Halving>& halving) {
  return halving ? fmt::format("--halving {}", halving->factor) : "no --halving";
}

std::optional<Halving> halving_from_json(const Json& json) {
  const auto found = json.find("halving");  // earlier versions wrote none
  if (found == json.end() || found->is_null()) return std::nullopt;
  const Halving halving{whole_number<int64_t>(found->at("factor")),
                        whole_number<int64_t>(found->at("rungs"))};
  if (halving.factor < 2 || halving.num_rungs < 1)
    throw UsageError(fmt::format("there is no halving by {} in {} rungs", halving.factor, halving.num_rungs));
  return halving;
}

std::string random_text(const std::optional<RandomSearch>& random) {
  return random ? fmt::format("--random {} --seed {}", random->count, random->seed) : "every combination";
}

}  // namespace

std::string Trial::folder() const { return fmt::format("{:03}", number); }

bool Trial::is_settled() const {
  return state == TrialState::kFinished || state == TrialState::kLeftBehind ||
         (state == TrialState::kFailed && exit_code == static_cast<int>(ExitCode::kNonFinite));
}

Sweep make_sweep(std::vector<Axis> axes, std::optional<RandomSearch> random) {
  if (axes.empty())
    throw UsageError(
        "no axis was named (expected at least one key.path=a,b,c, as optimizer.adam.lr=1e-3,3e-3)");
  std::vector<Trial> trials = random ? draws(axes, *random) : every_combination(axes);
  return {std::move(axes), random, std::nullopt, std::move(trials), std::nullopt};
}

Json to_json(const Sweep& sweep) {
  Json json = {{"axes", Json::array()}, {"random", nullptr}, {"rank_by", nullptr}};
  for (const Axis& axis : sweep.axes) json["axes"].push_back({{"key", axis.key}, {"values", axis.values}});
  if (sweep.random) json["random"] = {{"count", sweep.random->count}, {"seed", sweep.random->seed}};
  if (sweep.rank_by) json["rank_by"] = *sweep.rank_by;
  if (sweep.halving)
    json["halving"] = {{"factor", sweep.halving->factor}, {"rungs", sweep.halving->num_rungs}};
  json["trials"] = Json::array();
  for (const Trial& trial : sweep.trials) json["trials"].push_back(to_json(trial));
  return json;
}

Sweep sweep_from_json(const Json& json, const std::string& name) {
  try {
    Sweep sweep;
    for (const Json& entry : json.at("axes")) {
      Axis axis{entry.at("key").get<std::string>(), entry.at("values").get<std::vector<std::string>>(), {}};
      if (axis.values.size() == 1) axis.range = parse_range(axis.values[0]);
      sweep.axes.push_back(std::move(axis));
    }
    if (const Json& random = json.at("random"); !random.is_null())
      sweep.random = {whole_number<int64_t>(random.at("count")), whole_number<uint64_t>(random.at("seed"))};
    if (const Json& metric = json.at("rank_by"); !metric.is_null()) sweep.rank_by = metric.get<std::string>();
    sweep.halving = halving_from_json(json);
    for (const Json& trial : json.at("trials")) sweep.trials.push_back(trial_from_json(trial, sweep.halving));
    check_consistent(sweep);
    return sweep;
  } catch (const Json::exception& error) {
    throw ArtifactError(fmt::format("'{}' is damaged: {}", name, json_cause(error)));
  } catch (const UsageError& error) {
    throw ArtifactError(fmt::format("'{}' is damaged: {}", name, error.what()));
  }
}

std::string sweep_differences(const Sweep& before, const Sweep& now) {
  std::string lines;
  const auto add = [&](const std::string& was, const std::string& is) {
    lines += fmt::format("\n  {} in the sweep, {} now", was, is);
  };
  for (size_t i = 0; i < std::max(before.axes.size(), now.axes.size()); ++i) {
    const auto text = [&](const Sweep& sweep) {
      return i < sweep.axes.size() ? sweep.axes[i].text() : std::string("no further axis");
    };
    if (text(before) != text(now)) add(text(before), text(now));
  }
  if (halving_text(before.halving) != halving_text(now.halving))
    add(halving_text(before.halving), halving_text(now.halving));
  const bool goes_on = before.random && now.random && before.random->seed == now.random->seed &&
                       before.random->count <= now.random->count && !before.halving;
  if (before.random != now.random && !goes_on) add(random_text(before.random), random_text(now.random));
  return lines;
}

}  // namespace bernoulli::sweep
