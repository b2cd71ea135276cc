#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "metrics/significance.h"
#include "sweep/trial.h"

namespace bernoulli::sweep {

/// What trials are ranked by, on validation data.
struct Ranking {
  std::string metric;
  bool lower_is_better = false;
};

/// What a trial came to.
struct Figures {
  std::optional<double> validation;
  std::optional<double> test;
  std::string why_none;           ///< where there is no figure of validation
  std::optional<double> seconds;  ///< of the whole training, interruptions left out
};

/// Of a trial whose summary.json is there; the metric may be undefined in it.
Figures figures_of(const nlohmann::ordered_json& summary, const std::string& metric);
/// Of one that failed, or has not ended.
Figures figures_of(const Trial& trial);

/// One trial, or all trials that differ in seeds alone.
struct BoardRow {
  std::optional<int64_t> rank;    ///< from 1, equal figures share one; absent where a figure is missing
  std::vector<Setting> settings;  ///< without the seeds that rows are means over
  std::vector<std::string> folders;
  std::optional<Spread> validation;
  std::optional<Spread> test;
  std::optional<double> seconds;  ///< mean of a trial
  std::string note;               ///< which figures are missing, and why
};

/// Best first; rows without a rank last, in the order of their trials.
struct LeaderBoard {
  Ranking ranking;
  std::vector<std::string> seeds;  ///< keys whose values rows are means over
  std::vector<BoardRow> rows;
};

/// The axes of `training.seed`, `data.validation.seed`, `data.test.seed` and `data.validation.fold` that take
/// several values: of a lucky draw of weights or examples nothing is to be learned.
std::vector<std::string> seeds_of(const Sweep& sweep);

/// Whether every row is a mean over the same values of `key`, one of seeds_of.
bool rows_share(const Sweep& sweep, const std::string& key);

/// @param figures  one a trial of the sweep
LeaderBoard make_leader_board(const Sweep& sweep, const std::vector<Figures>& figures,
                              const Ranking& ranking);

/// The run folder of a row, or its folders as a shell expands them: "D/{001,004}". @param folder  of the
/// sweep
std::string runs_of(const BoardRow& row, const std::filesystem::path& folder);

nlohmann::ordered_json to_json(const LeaderBoard& board, const std::filesystem::path& folder);
/// One line a row below a line of names; texts in double quotes where they need them.
std::string to_csv(const LeaderBoard& board, const std::filesystem::path& folder);
/// For people: the columns that differ, then the settings of the best row.
std::string to_table(const LeaderBoard& board, const std::filesystem::path& folder);

}  // namespace bernoulli::sweep
