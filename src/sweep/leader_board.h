#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "metrics/significance.h"
#include "sweep/figures.h"
#include "sweep/rows.h"
#include "sweep/trial.h"

namespace bernoulli::sweep {

/// A row of the sweep (sweep/rows.h), and what it came to.
struct BoardRow {
  std::optional<int64_t> rank;    ///< from 1, equal figures share one; absent where a figure is missing
  std::vector<Setting> settings;  ///< without the seeds that rows are means over
  std::vector<std::string> folders;
  std::optional<Spread> validation;
  std::optional<Spread> test;
  std::optional<double> seconds;  ///< mean of a trial
  std::string note;               ///< which figures are missing, and why; or why it was left behind
  int64_t epochs = 0;             ///< trained, of its longest trial
  int64_t rung = 0;               ///< that it got to
  bool is_final = true;           ///< its trials were trained to their ends
};

/// Best first: rows that were trained to their ends, then those that were left behind, the later rungs
/// before the earlier; rows without a rank last, in the order of their trials. Rows that were never begun
/// are not there.
struct LeaderBoard {
  Ranking ranking;
  std::vector<std::string> seeds;  ///< keys whose values rows are means over
  std::vector<BoardRow> rows;
  bool has_rungs = false;  ///< rows were trained for different times: the board has their epochs
};

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
