#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sweep/figures.h"
#include "sweep/trial.h"

/// Successive halving: all rows are trained for a part of their epochs, the best of them go on for longer,
/// and so on until few are trained to their ends. Each training is paused and gone on with to the bit.
namespace bernoulli::sweep {

inline constexpr int64_t kUsualFactor = 3, kLeastFactor = 2, kMostFactor = 10;

/// How long a trial trains, and where it is validated.
struct TrialLength {
  int64_t epochs = 0;
  int64_t validate_every_epochs = 1;
};

/// As many as the trials and rows allow: the first rung of each trial has room for a validation, and in the
/// last one there is a row for each `factor` times as many before. 1: nothing would be left behind.
/// @param num_rows  absent: as many as there is time for
int64_t num_rungs(int64_t factor, const std::vector<TrialLength>& lengths, std::optional<int64_t> num_rows);

/// The epoch to whose end a rung, from 1, trains: epochs / factor^(rungs after it), rounded up to one behind
/// which is validated; in the last rung the last epoch.
int64_t rung_epochs(const Halving& halving, const TrialLength& length, int64_t rung);

/// Of so many rows in a rung: ceil(num_rows / factor).
int64_t num_going_on(const Halving& halving, int64_t num_rows);

/// Puts every trial into the first rung. @param lengths  one a trial
void begin_halving(Sweep& sweep, const Halving& halving, const std::vector<TrialLength>& lengths);

/// The last rung that a trial has got to; 0 without halving.
int64_t current_rung(const Sweep& sweep);

/// What came of a rung.
struct RungEnd {
  int64_t rung = 0;
  int64_t num_rows = 0;           ///< that were begun
  int64_t num_going_on = 0;       ///< rows of them
  std::vector<int64_t> going_on;  ///< numbers of their trials
  /// Where the cut runs through rows with equal figures: how many have that figure, and how many of them go
  /// on, by their numbers alone. Else 0.
  int64_t num_tied = 0, num_tied_going_on = 0;
  double tied_at = 0;
};

/// Ends the current rung, of which no trial is waiting but those of rows that were never begun: the best rows
/// go on, of equal ones that with the smaller number; their paused trials wait for the next rung. The other
/// paused ones are left behind. A row of which a trial has failed or has no figure goes nowhere.
/// @param figures  of all trials, as of the ends of their rungs
/// @return nothing without halving, and in the last rung, where nothing is changed
std::optional<RungEnd> end_rung(Sweep& sweep, const std::vector<Figures>& figures, const Ranking& ranking,
                                const std::vector<TrialLength>& lengths);

/// What a trial that was trained to its rung's end, or left behind, was, as far as nobody has decided about
/// it yet: a rung that nobody survived is decided anew where one of its failures went away.
void reopen_rung(Sweep& sweep);

/// What a trial came to in the first rung, and what it took.
struct TrialCost {
  double figure = 0;
  double around_s = 0;  ///< before its first update and after its last one
  double epoch_s = 0;
  TrialLength length;
};

/// Seconds that one more trial and all later rungs will take, as far as the others are like those measured:
/// those that go on, which often take longer, like the best of them.
/// @param num_trials  in the first rung, that one included
/// @param measured  one or more
double seconds_to_the_end(const Halving& halving, int64_t num_trials, std::vector<TrialCost> measured,
                          const Ranking& ranking, int64_t jobs);

/// What will be trained, a line a rung. @param as_time_allows  rows are begun as long as there is time
std::string plan_text(const Sweep& sweep, const std::vector<TrialLength>& lengths, bool as_time_allows);

}  // namespace bernoulli::sweep
