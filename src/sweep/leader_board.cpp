#include "sweep/leader_board.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "sweep/naming.h"

namespace bernoulli::sweep {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 4> kSeeds = {"training.seed", "data.validation.seed", "data.test.seed",
                                                    "data.validation.fold"};

std::vector<Setting> without(std::vector<Setting> settings, const std::vector<std::string>& keys) {
  std::erase_if(settings,
                [&](const Setting& setting) { return std::ranges::find(keys, setting.key) != keys.end(); });
  return settings;
}

/// The numbers that are there.
std::vector<double> present(const std::vector<Figures>& figures, std::optional<double> Figures::*member) {
  std::vector<double> values;
  for (const Figures& one : figures) {
    if (one.*member) values.push_back(*(one.*member));
  }
  return values;
}

std::optional<Spread> spread(const std::vector<double>& values) {
  return values.empty() ? std::nullopt : std::optional(spread_of(values));
}

/// Null where there is no such value.
Json value_at(const Json& json, const std::vector<std::string>& path) {
  const Json* value = &json;
  for (const std::string& key : path) {
    if (!value->is_object() || !value->contains(key)) return nullptr;
    value = &value->at(key);
  }
  return *value;
}

std::optional<double> number_at(const Json& json, const std::vector<std::string>& path) {
  const Json value = value_at(json, path);
  return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

/// The figures of the trials of one row, in the order of their numbers.
struct Group {
  BoardRow row;
  std::vector<Figures> figures;
};

std::vector<Group> grouped(const Sweep& sweep, const std::vector<Figures>& figures,
                           const std::vector<std::string>& seeds) {
  std::vector<Group> groups;
  for (size_t i = 0; i < sweep.trials.size(); ++i) {
    const Trial& trial = sweep.trials[i];
    const std::vector<Setting> settings = without(trial.settings, seeds);
    auto group = std::find_if(groups.begin(), groups.end(),
                              [&](const Group& other) { return other.row.settings == settings; });
    if (group == groups.end()) {
      groups.emplace_back();
      group = groups.end() - 1;
      group->row.settings = settings;
    }
    group->row.folders.push_back(trial.folder());
    group->figures.push_back(figures[i]);
  }
  return groups;
}

BoardRow summarised(Group group) {
  BoardRow row = std::move(group.row);
  row.validation = spread(present(group.figures, &Figures::validation));
  const std::vector<double> test = present(group.figures, &Figures::test);
  if (test.size() == group.figures.size()) row.test = spread(test);
  if (const auto seconds = spread(present(group.figures, &Figures::seconds))) row.seconds = seconds->mean;
  for (size_t i = 0; i < group.figures.size(); ++i) {
    if (group.figures[i].validation) continue;
    const std::string where = group.figures.size() > 1 ? row.folders[i] + ": " : "";
    row.note += fmt::format("{}{}{}", row.note.empty() ? "" : "; ", where, group.figures[i].why_none);
  }
  return row;
}

/// Up to the rounding of float32 logits, which no setting should win by.
bool are_equal(double a, double b) { return std::fabs(a - b) <= 1e-6 * std::max(std::fabs(a), std::fabs(b)); }

}  // namespace

std::string runs_of(const BoardRow& row, const std::filesystem::path& folder) {
  if (row.folders.size() == 1) return (folder / row.folders[0]).string();
  std::string names;
  for (const std::string& name : row.folders) names += (names.empty() ? "" : ",") + name;
  return (folder / ("{" + names + "}")).string();
}

Figures figures_of(const Json& summary, const std::string& metric) {
  Figures figures;
  figures.validation = number_at(summary, {"validation", "metrics", metric});
  figures.test = number_at(summary, {"test", "metrics", metric});
  figures.seconds = number_at(summary, {"timings", "total_seconds"});
  if (figures.validation) return figures;
  const Json reason = value_at(summary, {"validation", "undefined", metric});
  figures.why_none = fmt::format("validation {} is undefined ({})", metric,
                                 reason.is_string() ? reason.get<std::string>() : "summary.json has none");
  return figures;
}

Figures figures_of(const Trial& trial) {
  Figures figures;
  figures.why_none = trial.state == TrialState::kFailed
                         ? fmt::format("failed with exit code {}: {}", trial.exit_code, trial.error)
                         : "not trained to its end";
  return figures;
}

std::vector<std::string> seeds_of(const Sweep& sweep) {
  std::vector<std::string> seeds;
  for (const Axis& axis : sweep.axes) {
    if (std::ranges::find(kSeeds, axis.key) != kSeeds.end() && takes_several_values(sweep, axis.key))
      seeds.push_back(axis.key);
  }
  return seeds;
}

bool rows_share(const Sweep& sweep, const std::string& key) {
  const std::vector<std::string> seeds = seeds_of(sweep);
  std::map<std::string, std::multiset<std::string>> values_of_row;
  for (const Trial& trial : sweep.trials) {
    std::string row;
    for (const Setting& setting : without(trial.settings, seeds)) row += setting.value + '\n';
    for (const Setting& setting : trial.settings) {
      if (setting.key == key) values_of_row[row].insert(setting.value);
    }
  }
  return std::ranges::all_of(values_of_row,
                             [&](const auto& row) { return row.second == values_of_row.begin()->second; });
}

LeaderBoard make_leader_board(const Sweep& sweep, const std::vector<Figures>& figures,
                              const Ranking& ranking) {
  LeaderBoard board{ranking, seeds_of(sweep), {}};
  for (Group& group : grouped(sweep, figures, board.seeds))
    board.rows.push_back(summarised(std::move(group)));
  const auto is_ranked = [](const BoardRow& row) { return row.validation && row.note.empty(); };
  const auto better = [&](const BoardRow& a, const BoardRow& b) {
    if (!is_ranked(a) || !is_ranked(b)) return is_ranked(a) && !is_ranked(b);
    return ranking.lower_is_better ? a.validation->mean < b.validation->mean
                                   : a.validation->mean > b.validation->mean;
  };
  std::stable_sort(board.rows.begin(), board.rows.end(), better);
  for (size_t i = 0; i < board.rows.size() && is_ranked(board.rows[i]); ++i) {
    const bool ties = i > 0 && are_equal(board.rows[i - 1].validation->mean, board.rows[i].validation->mean);
    board.rows[i].rank = ties ? *board.rows[i - 1].rank : static_cast<int64_t>(i) + 1;
  }
  return board;
}

Json to_json(const LeaderBoard& board, const std::filesystem::path& folder) {
  const auto figure = [](const std::optional<Spread>& spread) -> Json {
    if (!spread) return nullptr;
    return {{"mean", spread->mean}, {"std", spread->deviation ? Json(*spread->deviation) : Json(nullptr)}};
  };
  Json json = {{"metric", board.ranking.metric}, {"lower_is_better", board.ranking.lower_is_better},
               {"chosen_on", "validation"},      {"over_seeds", !board.seeds.empty()},
               {"seeds", board.seeds},           {"rows", Json::array()}};
  for (const BoardRow& row : board.rows) {
    Json settings = Json::object(), runs = Json::array();
    for (const auto& [key, value] : row.settings) settings[key] = value;
    for (const std::string& name : row.folders) runs.push_back((folder / name).string());
    json["rows"].push_back({{"rank", row.rank ? Json(*row.rank) : Json(nullptr)},
                            {"validation", figure(row.validation)},
                            {"test", figure(row.test)},
                            {"settings", std::move(settings)},
                            {"seconds", row.seconds ? Json(*row.seconds) : Json(nullptr)},
                            {"runs", std::move(runs)},
                            {"note", row.note}});
  }
  return json;
}

std::string to_csv(const LeaderBoard& board, const std::filesystem::path& folder) {
  const auto quoted = [](const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string inside;
    for (const char c : text) inside += c == '"' ? std::string("\"\"") : std::string(1, c);
    return fmt::format("\"{}\"", inside);
  };
  const auto number = [](const auto& value) { return value ? fmt::format("{}", *value) : std::string(); };
  const auto figures = [&](const std::optional<Spread>& spread) {
    return spread ? fmt::format("{},{}", spread->mean, number(spread->deviation)) : std::string(",");
  };
  std::string csv = fmt::format("rank,validation_{0},validation_std,test_{0},test_std", board.ranking.metric);
  for (const Setting& setting : board.rows.front().settings) csv += "," + quoted(setting.key);
  csv += ",seconds,runs,note\n";
  for (const BoardRow& row : board.rows) {
    csv += fmt::format("{},{},{}", number(row.rank), figures(row.validation), figures(row.test));
    for (const Setting& setting : row.settings) csv += "," + quoted(setting.value);
    csv += fmt::format(",{},{},{}\n", number(row.seconds), quoted(runs_of(row, folder)), quoted(row.note));
  }
  return csv;
}

}  // namespace bernoulli::sweep
