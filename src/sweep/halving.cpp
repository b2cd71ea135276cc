#include "sweep/halving.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/divide_up.h"
#include "sweep/rows.h"

namespace bernoulli::sweep {
namespace {

/// How often `factor` can be taken out of `count`.
int64_t whole_logarithm(int64_t factor, int64_t count) {
  int64_t times = 0;
  for (; count >= factor; count /= factor) ++times;
  return times;
}

/// A row of the rung under way.
struct Candidate {
  std::vector<size_t> trials;  ///< places in Sweep::trials
  double figure = 0;           ///< mean over them
  std::string fault;           ///< why it cannot go on
};

bool was_never_begun(const Sweep& sweep, const Row& row) {
  return std::ranges::all_of(row.trials,
                             [&](size_t i) { return sweep.trials[i].state == TrialState::kWaiting; });
}

/// Of the trials of a row that are in this rung.
Candidate candidate(const Sweep& sweep, const Row& row, int64_t rung, const std::vector<Figures>& figures) {
  Candidate candidate;
  double sum = 0;
  for (const size_t i : row.trials) {
    const Trial& trial = sweep.trials[i];
    if (trial.rung != rung) continue;
    candidate.trials.push_back(i);
    sum += figures[i].validation.value_or(0);
    if (!candidate.fault.empty()) continue;
    if (trial.state == TrialState::kFailed) {
      candidate.fault = trial.folder() + " failed";
    } else if (!figures[i].validation) {
      candidate.fault = fmt::format("{}: {}", trial.folder(), figures[i].why_none);
    }
  }
  candidate.figure = sum / static_cast<double>(candidate.trials.size());
  return candidate;
}

void leave_behind(Sweep& sweep, const Candidate& row, const std::string& reason) {
  for (const size_t i : row.trials) {
    Trial& trial = sweep.trials[i];
    if (trial.state != TrialState::kPaused) continue;  // failed, or at its end already
    trial.state = TrialState::kLeftBehind;
    trial.reason = reason;
  }
}

void leave_out(Sweep& sweep, const Row& row) {
  for (const size_t i : row.trials) {
    Trial& trial = sweep.trials[i];
    trial.state = TrialState::kLeftBehind;
    trial.rung = 0;
    trial.reason = "never begun: the time for the first rung was over";
  }
}

void let_go_on(Sweep& sweep, const Candidate& row, const std::vector<TrialLength>& lengths, RungEnd& end) {
  for (const size_t i : row.trials) {
    Trial& trial = sweep.trials[i];
    trial.rung = end.rung + 1;
    trial.epochs = rung_epochs(*sweep.halving, lengths[i], trial.rung);
    if (trial.state == TrialState::kPaused) trial.state = TrialState::kWaiting;
    end.going_on.push_back(trial.number);
  }
}

/// @param best  in their order
void count_ties(const std::vector<Candidate>& best, RungEnd& end) {
  const auto cut = static_cast<size_t>(end.num_going_on);
  if (cut == 0 || cut >= best.size() || !are_equal(best[cut - 1].figure, best[cut].figure)) return;
  end.tied_at = best[cut - 1].figure;
  const auto is_tied = [&](const Candidate& row) { return are_equal(row.figure, end.tied_at); };
  end.num_tied = std::ranges::count_if(best, is_tied);
  end.num_tied_going_on = std::count_if(best.begin(), best.begin() + end.num_going_on, is_tied);
}

/// "4", or "4 to 12".
std::string epochs_text(const Halving& halving, const std::vector<TrialLength>& lengths, int64_t rung) {
  std::vector<int64_t> epochs;
  epochs.reserve(lengths.size());
  for (const TrialLength& length : lengths) epochs.push_back(rung_epochs(halving, length, rung));
  const auto [least, most] = std::ranges::minmax(epochs);
  return least == most ? fmt::format("{}", least) : fmt::format("{} to {}", least, most);
}

}  // namespace

int64_t num_rungs(int64_t factor, const std::vector<TrialLength>& lengths, std::optional<int64_t> num_rows) {
  int64_t after_the_first = num_rows ? whole_logarithm(factor, *num_rows) : INT64_MAX - 1;
  for (const TrialLength& length : lengths)
    after_the_first =
        std::min(after_the_first, whole_logarithm(factor, length.epochs / length.validate_every_epochs));
  return after_the_first + 1;
}

int64_t rung_epochs(const Halving& halving, const TrialLength& length, int64_t rung) {
  int64_t epochs = length.epochs;
  for (int64_t i = rung; i < halving.num_rungs; ++i) epochs = divide_up(epochs, halving.factor);
  const int64_t every = length.validate_every_epochs;
  return std::min(divide_up(epochs, every) * every, length.epochs);
}

int64_t num_going_on(const Halving& halving, int64_t num_rows) { return divide_up(num_rows, halving.factor); }

void begin_halving(Sweep& sweep, const Halving& halving, const std::vector<TrialLength>& lengths) {
  sweep.halving = halving;
  for (size_t i = 0; i < sweep.trials.size(); ++i) {
    sweep.trials[i].rung = 1;
    sweep.trials[i].epochs = rung_epochs(halving, lengths[i], 1);
  }
}

int64_t current_rung(const Sweep& sweep) {
  return std::ranges::max_element(sweep.trials, {}, &Trial::rung)->rung;
}

std::optional<RungEnd> end_rung(Sweep& sweep, const std::vector<Figures>& figures, const Ranking& ranking,
                                const std::vector<TrialLength>& lengths) {
  RungEnd end;
  end.rung = current_rung(sweep);
  if (!sweep.halving || end.rung >= sweep.halving->num_rungs) return std::nullopt;
  std::vector<Candidate> best;
  for (const Row& row : rows_of(sweep)) {
    if (was_never_begun(sweep, row)) {
      leave_out(sweep, row);
      continue;
    }
    Candidate one = candidate(sweep, row, end.rung, figures);
    if (one.trials.empty()) continue;
    ++end.num_rows;
    if (one.fault.empty()) {
      best.push_back(std::move(one));
    } else {
      leave_behind(sweep, one, "its row is out: " + one.fault);
    }
  }
  std::stable_sort(best.begin(), best.end(), [&](const Candidate& a, const Candidate& b) {
    return ranking.better(a.figure, b.figure);
  });
  end.num_going_on = std::min(static_cast<int64_t>(best.size()), num_going_on(*sweep.halving, end.num_rows));
  count_ties(best, end);
  for (size_t place = 0; place < best.size(); ++place) {
    if (static_cast<int64_t>(place) < end.num_going_on) {
      let_go_on(sweep, best[place], lengths, end);
    } else {
      leave_behind(sweep, best[place],
                   fmt::format("left behind after rung {} of {}: place {} of {}, {} went on", end.rung,
                               sweep.halving->num_rungs, place + 1, end.num_rows, end.num_going_on));
    }
  }
  std::ranges::sort(end.going_on);
  return end;
}

void reopen_rung(Sweep& sweep) {
  const int64_t rung = current_rung(sweep);
  for (Trial& trial : sweep.trials) {
    if (trial.state == TrialState::kLeftBehind && trial.rung == rung && rung > 0)
      trial.state = TrialState::kPaused;
  }
}

double seconds_to_the_end(const Halving& halving, int64_t num_trials, std::vector<TrialCost> measured,
                          const Ranking& ranking, int64_t jobs) {
  std::stable_sort(measured.begin(), measured.end(), [&](const TrialCost& a, const TrialCost& b) {
    return ranking.better(a.figure, b.figure);
  });
  double seconds = 0;
  for (int64_t rung = 1; rung <= halving.num_rungs; ++rung) {
    double a_trial = 0;
    for (const TrialCost& cost : measured) {
      const int64_t before = rung == 1 ? 0 : rung_epochs(halving, cost.length, rung - 1);
      const int64_t epochs = rung_epochs(halving, cost.length, rung) - before;
      a_trial += cost.around_s + cost.epoch_s * static_cast<double>(epochs);
    }
    a_trial /= static_cast<double>(measured.size());
    const int64_t num_turns = rung == 1 ? 1 : divide_up(num_trials, jobs);
    seconds += a_trial * static_cast<double>(num_turns);
    num_trials = num_going_on(halving, num_trials);
    measured.resize(static_cast<size_t>(num_going_on(halving, static_cast<int64_t>(measured.size()))));
  }
  return seconds;
}

std::string plan_text(const Sweep& sweep, const std::vector<TrialLength>& lengths, bool as_time_allows) {
  const Halving& halving = *sweep.halving;
  auto num_rows = static_cast<int64_t>(rows_of(sweep).size());
  std::string text;
  for (int64_t rung = 1; rung <= halving.num_rungs; ++rung) {
    std::string who = rung == 1 ? fmt::format("{} rows", num_rows) : fmt::format("the best {}", num_rows);
    if (as_time_allows) {
      who = rung == 1 ? fmt::format("as many of {} rows as there is time for", num_rows)
                      : fmt::format("one of {}", halving.factor);
    }
    text += fmt::format("rung {}: {}, to epoch {}{}\n", rung, who, epochs_text(halving, lengths, rung),
                        rung == halving.num_rungs ? ", their end" : "");
    num_rows = num_going_on(halving, num_rows);
  }
  return text;
}

}  // namespace bernoulli::sweep
