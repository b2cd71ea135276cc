#include "sweep/leader_board.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bernoulli::sweep {
namespace {

using Json = nlohmann::ordered_json;

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

/// @param figures  one a trial of the sweep
BoardRow summarised(const Row& of, const Sweep& sweep, const std::vector<Figures>& all) {
  BoardRow row;
  row.settings = of.settings;
  std::vector<Figures> figures;
  for (const size_t i : of.trials) {
    const Trial& trial = sweep.trials[i];
    figures.push_back(all[i]);
    row.folders.push_back(trial.folder());
    row.rung = std::max(row.rung, trial.rung);
    row.epochs = std::max(row.epochs, all[i].epochs.value_or(0));
    row.is_final &= all[i].is_final;
    if (trial.state == TrialState::kLeftBehind) row.note = trial.reason;
    if (trial.state == TrialState::kPaused) row.note = "not trained to its end";
  }
  row.validation = spread(present(figures, &Figures::validation));
  const std::vector<double> test = present(figures, &Figures::test);
  if (test.size() == figures.size()) row.test = spread(test);
  if (const auto seconds = spread(present(figures, &Figures::seconds))) row.seconds = seconds->mean;
  std::string missing;
  for (size_t i = 0; i < figures.size(); ++i) {
    if (figures[i].validation) continue;
    const std::string where = figures.size() > 1 ? row.folders[i] + ": " : "";
    missing += fmt::format("{}{}{}", missing.empty() ? "" : "; ", where, figures[i].why_none);
  }
  if (missing.empty()) {
    row.rank = 0;  // make_leader_board counts
  } else {
    row.note = std::move(missing);
  }
  return row;
}

bool was_begun(const Row& row, const std::vector<Figures>& figures) {
  return std::ranges::any_of(row.trials, [&](size_t i) { return figures[i].was_begun; });
}

/// What is trained longer stands before, for its figures are of another kind.
std::pair<bool, int64_t> stage_of(const BoardRow& row) { return {row.is_final, row.is_final ? 0 : row.rung}; }

}  // namespace

std::string runs_of(const BoardRow& row, const std::filesystem::path& folder) {
  if (row.folders.size() == 1) return (folder / row.folders[0]).string();
  std::string names;
  for (const std::string& name : row.folders) names += (names.empty() ? "" : ",") + name;
  return (folder / ("{" + names + "}")).string();
}

LeaderBoard make_leader_board(const Sweep& sweep, const std::vector<Figures>& figures,
                              const Ranking& ranking) {
  LeaderBoard board{ranking, seeds_of(sweep), {}, sweep.halving.has_value()};
  for (const Row& row : rows_of(sweep)) {
    if (was_begun(row, figures)) board.rows.push_back(summarised(row, sweep, figures));
  }
  const auto better = [&](const BoardRow& a, const BoardRow& b) {
    if (!a.rank || !b.rank) return a.rank && !b.rank;
    if (stage_of(a) != stage_of(b)) return stage_of(a) > stage_of(b);
    return ranking.better(a.validation->mean, b.validation->mean);
  };
  std::stable_sort(board.rows.begin(), board.rows.end(), better);
  for (size_t i = 0; i < board.rows.size() && board.rows[i].rank; ++i) {
    const bool ties = i > 0 && stage_of(board.rows[i - 1]) == stage_of(board.rows[i]) &&
                      are_equal(board.rows[i - 1].validation->mean, board.rows[i].validation->mean);
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
    Json entry = {{"rank", row.rank ? Json(*row.rank) : Json(nullptr)},
                  {"validation", figure(row.validation)},
                  {"test", figure(row.test)},
                  {"settings", std::move(settings)},
                  {"seconds", row.seconds ? Json(*row.seconds) : Json(nullptr)},
                  {"runs", std::move(runs)},
                  {"note", row.note}};
    if (board.has_rungs) entry.update({{"epochs", row.epochs}, {"trained_to_end", row.is_final}});
    json["rows"].push_back(std::move(entry));
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
  csv += board.has_rungs ? ",epochs,seconds,runs,note\n" : ",seconds,runs,note\n";
  for (const BoardRow& row : board.rows) {
    csv += fmt::format("{},{},{}", number(row.rank), figures(row.validation), figures(row.test));
    for (const Setting& setting : row.settings) csv += "," + quoted(setting.value);
    if (board.has_rungs) csv += fmt::format(",{}", row.epochs);
    csv += fmt::format(",{},{},{}\n", number(row.seconds), quoted(runs_of(row, folder)), quoted(row.note));
  }
  return csv;
}

}  // namespace bernoulli::sweep
