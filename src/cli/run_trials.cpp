#include "cli/run_trials.h"

#include <algorithm>
#include <csignal>
#include <memory>
#include <vector>

#include <fmt/format.h>

#include "cli/sweep_configs.h"
#include "cli/trial_figures.h"
#include "cli/verb.h"
#include "core/child_process.h"
#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "core/stop.h"
#include "store/run_folder.h"
#include "sweep/halving.h"
#include "sweep/naming.h"
#include "sweep/rows.h"

namespace bernoulli::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using sweep::Trial;
using sweep::TrialState;

/// A line of a training on standard error that means something here (core/log.h).
constexpr std::string_view kWarning = "warning: ";

void save_states(const sweep::Sweep& sweep, const TrialRuns& runs) {
  runs.owned.check_is_there();
  write_json(runs.folder / kSweepKind.marker, to_json(sweep));
}

/// A trial that is being trained.
struct Running {
  Running(Trial& of, const fs::path& log_file, std::vector<std::string> words)
      : trial(of), log(log_file), process(std::move(words)) {}

  Trial& trial;
  LineFile log;
  ChildProcess process;
  double started_s = monotonic_seconds();
  std::string last_line = "starting";
  std::string error;
};

class TrialRunner {
 public:
  TrialRunner(sweep::Sweep& sweep, const TrialRuns& runs)
      : sweep_(sweep), runs_(runs), rows_(sweep::rows_of(sweep)) {}

  void run();

 private:
  Trial* next();
  bool time_is_over() const;
  double seconds_to_begin_in() const;
  void note_cost(const Running& running);
  void start(Trial& trial);
  void pass_on_stop();
  void wait();
  void listen(Running& running);
  void conclude(Running& running);
  void fail(Trial& trial, const ChildProcess::End& end, const std::string& error) const;
  void tell(const Running& running) const;
  sweep::Figures figures_of(const Trial& trial) const;
  std::string time_left() const;
  void show_progress();
  void save() const { save_states(sweep_, runs_); }
  /// "trial 3/12  lr=0.01"
  std::string name_of(const Trial& trial) const {
    return fmt::format("trial {}/{}{}", trial.number, sweep_.trials.size(), settings_text(sweep_, trial));
  }

  sweep::Sweep& sweep_;
  const TrialRuns& runs_;
  std::vector<sweep::Row> rows_;
  std::vector<std::unique_ptr<Running>> running_;
  int passed_on_ = 0;  ///< the signal, or SIGTERM because the time was over
  std::vector<sweep::TrialCost> costs_;
  int64_t num_ended_ = 0;  ///< in this process
  double ended_s_ = 0;     ///< that they took
  ProgressLine progress_;
};

void TrialRunner::run() {
  while (true) {
    pass_on_stop();
    while (stop_signal() == 0 && static_cast<int64_t>(running_.size()) < runs_.jobs) {
      Trial* trial = next();
      if (trial == nullptr) break;
      start(*trial);
    }
    if (running_.empty()) break;
    wait();
    for (const auto& running : running_) {
      listen(*running);
      if (running->process.ended()) conclude(*running);
    }
    std::erase_if(running_, [](const auto& running) { return running->process.ended(); });
    show_progress();
  }
  throw_if_stopped();
}

/// No longer than the progress line may stand still, or a signal that came just before may wait.
void TrialRunner::wait() {
  constexpr int kTickMs = 100;
  std::vector<const ChildProcess*> processes;
  for (const auto& running : running_) processes.push_back(&running->process);
  ChildProcess::wait_for_any(processes, kTickMs);
}

Trial* TrialRunner::next() {
  const auto is_waiting = [&](const Trial& trial) { return trial.state == TrialState::kWaiting; };
  if (!time_is_over()) {
    const auto found = std::ranges::find_if(sweep_.trials, is_waiting);
    return found == sweep_.trials.end() ? nullptr : &*found;
  }
  if (!sweep_.halving) return nullptr;
  for (const sweep::Row& row : rows_) {  // that was begun is begun whole
    Trial* waiting = nullptr;
    bool was_begun = false;
    for (const size_t i : row.trials) {
      Trial& trial = sweep_.trials[i];
      was_begun |= !is_waiting(trial);
      if (waiting == nullptr && is_waiting(trial)) waiting = &trial;
    }
    if (was_begun && waiting != nullptr) return waiting;
  }
  return nullptr;
}

/// For rows that are not begun yet, of which one is begun always.
bool TrialRunner::time_is_over() const {
  if (!runs_.seconds || (sweep_.halving && sweep::current_rung(sweep_) > 1)) return false;
  const int64_t num_begun = std::ranges::count_if(
      sweep_.trials, [](const Trial& trial) { return trial.state != TrialState::kWaiting; });
  if (num_begun == 0) return false;
  const double spent_s = monotonic_seconds() - runs_.started_s;
  if (spent_s >= seconds_to_begin_in()) return true;
  return sweep_.halving && !costs_.empty() &&
         spent_s + sweep::seconds_to_the_end(*sweep_.halving, num_begun + 1, costs_, runs_.ranking,
                                             runs_.jobs) >=
             *runs_.seconds;
}

/// Each rung costs about the same; what an export takes is not known before the last one.
double TrialRunner::seconds_to_begin_in() const {
  return *runs_.seconds / static_cast<double>(sweep_.halving ? sweep_.halving->num_rungs : 1);
}

/// Of a trial that was paused at the end of the first rung.
void TrialRunner::note_cost(const Running& running) {
  const Trial& trial = running.trial;
  const double took_s = monotonic_seconds() - running.started_s;
  const sweep::Figures figures = figures_of(trial);
  if (!figures.validation) return;
  const double trained_s = std::min(figures.seconds.value_or(0), took_s);
  const TrainingConfig& training = runs_.configs[static_cast<size_t>(trial.number - 1)].run.training;
  costs_.push_back({*figures.validation, took_s - trained_s, trained_s / static_cast<double>(trial.epochs),
                    length_of(training)});
}

/// A run folder that holds nothing yet is begun by --resume too.
void TrialRunner::start(Trial& trial) {
  const fs::path run = runs_.folder / trial.folder();
  trial.state = TrialState::kRunning;
  save();
  std::vector<std::string> words = {kThisProgram, "train",     config_of(runs_.folder, trial),
                                    "--resume",   "--run-dir", run,
                                    "--device",   runs_.device};
  if (sweep_.halving && trial.rung < sweep_.halving->num_rungs)
    words.insert(words.end(), {"--pause-after", std::to_string(trial.epochs)});
  try {
    running_.push_back(std::make_unique<Running>(trial, run.string() + ".log", std::move(words)));
  } catch (const IoError& error) {
    fail(trial, {static_cast<int>(ExitCode::kIo), 0}, error.what());
    save();
    progress_.clear();
    log_warning(fmt::format("{}  not started: {}", name_of(trial), trial.reason));
  }
}

void TrialRunner::pass_on_stop() {
  const int signal = stop_signal() != 0 ? stop_signal() : !sweep_.halving && time_is_over() ? SIGTERM : 0;
  if (signal == 0 || passed_on_ != 0) return;
  passed_on_ = signal;
  for (const auto& running : running_) running->process.send(passed_on_);
}

void TrialRunner::listen(Running& running) {
  for (std::string& line : running.process.take_lines()) {
    running.log.append(line);
    if (line.starts_with(kWarning)) ++running.trial.num_warnings;
    if (line.starts_with(kErrorPrefix)) {
      running.error = line.substr(std::string_view(kErrorPrefix).size());
    } else if (!running.error.empty()) {  // the message of an error is the last that a process says
      running.error += "; " + line;
    }
    running.last_line = std::move(line);
  }
}

void TrialRunner::conclude(Running& running) {
  const ChildProcess::End& end = running.process.end();
  Trial& trial = running.trial;
  const auto stopped = {static_cast<int>(ExitCode::kInterrupted), static_cast<int>(ExitCode::kTerminated)};
  const bool stopped_by_us =
      passed_on_ != 0 &&
      (end.signal == passed_on_ || std::find(stopped.begin(), stopped.end(), end.exit_code) != stopped.end());
  const bool ended_well = end.exit_code == 0 && end.signal == 0;
  if (ended_well && summary_of(runs_.folder, trial)) {
    trial.state = TrialState::kFinished;
  } else if (ended_well && sweep_.halving && trial.rung < sweep_.halving->num_rungs) {
    trial.state = TrialState::kPaused;
    if (trial.rung == 1) note_cost(running);
  } else if (stopped_by_us) {
    trial.state = TrialState::kStopped;
  } else {
    fail(trial, end, running.error);
  }
  save();
  ++num_ended_;
  ended_s_ += monotonic_seconds() - running.started_s;
  progress_.clear();
  tell(running);
}

/// An end by a signal gets the exit code of what is probably behind it (README, "Exit codes").
void TrialRunner::fail(Trial& trial, const ChildProcess::End& end, const std::string& error) const {
  trial.state = TrialState::kFailed;
  trial.exit_code = end.exit_code;
  trial.reason = error;
  if (end.signal != 0) {
    trial.exit_code = static_cast<int>(end.signal == SIGKILL ? ExitCode::kIo : ExitCode::kInternal);
    trial.reason = "it " + end_by_signal(end.signal);
  } else if (end.exit_code == 0) {
    trial.exit_code = static_cast<int>(ExitCode::kInternal);
    trial.reason = "it ended well and left no summary.json";
  } else if (error.empty()) {
    trial.reason = "it gave no reason";
  }
}

sweep::Figures TrialRunner::figures_of(const Trial& trial) const {
  const std::string& metric = runs_.ranking.metric;
  if (trial.state == TrialState::kPaused) {
    const auto place = static_cast<size_t>(trial.number - 1);
    return figures_at_rung(runs_.folder, trial, runs_.configs[place].run.training, metric);
  }
  const std::optional<Json> summary = summary_of(runs_.folder, trial);
  return summary ? sweep::figures_of(*summary, metric) : sweep::figures_of(trial);
}

void TrialRunner::tell(const Running& running) const {
  const Trial& trial = running.trial;
  const std::string log = (runs_.folder / (trial.folder() + ".log")).string();
  const std::string took = format_duration(monotonic_seconds() - running.started_s);
  if (trial.state == TrialState::kFailed) {
    log_warning(fmt::format("{}  failed after {} with exit code {}: {} ({})", name_of(trial), took,
                            trial.exit_code, trial.reason, log));
    return;
  }
  if (trial.state == TrialState::kStopped) {
    log_info(fmt::format("{}  stopped after {}", name_of(trial), took));
    return;
  }
  const sweep::Figures figures = figures_of(trial);
  const std::string figure =
      figures.validation ? fmt::format("validation {} {:.4f}", runs_.ranking.metric, *figures.validation)
                         : figures.why_none;
  const std::string warnings =
      trial.num_warnings > 0 ? fmt::format("  warnings {} ({})", trial.num_warnings, log) : "";
  const std::string rung = trial.state == TrialState::kPaused
                               ? fmt::format(" after epoch {}", figures.epochs.value_or(trial.epochs))
                               : "";
  log_info(fmt::format("{}  {}{}  {}{}{}", name_of(trial), figure, rung, took, time_left(), warnings));
}

std::string TrialRunner::time_left() const {
  const int64_t num_left = std::count_if(sweep_.trials.begin(), sweep_.trials.end(), [](const Trial& trial) {
    return trial.state == TrialState::kWaiting || trial.state == TrialState::kRunning;
  });
  if (num_left == 0) return "";
  const double a_trial = ended_s_ / static_cast<double>(num_ended_);
  double left_s =
      a_trial * static_cast<double>(num_left) / static_cast<double>(std::min(runs_.jobs, num_left));
  if (runs_.seconds && sweep::current_rung(sweep_) <= 1)
    left_s = std::min(left_s, std::max(0.0, runs_.started_s + seconds_to_begin_in() - monotonic_seconds()));
  return fmt::format("  {} left{}", format_duration(left_s), sweep_.halving ? " in this rung" : "");
}

void TrialRunner::show_progress() {
  if (running_.empty() || !progress_.due()) return;
  progress_.update(fmt::format("{}: {}", name_of(running_.front()->trial), running_.front()->last_line));
}

/// Of a sweep that was killed a training may still save: it is no failure by which a rung is decided.
bool is_in_use(const Trial& trial) {
  return trial.state == TrialState::kFailed && trial.exit_code == static_cast<int>(ExitCode::kRunFolder);
}

/// Where chance, and not the metric, decided who goes on.
void warn_of_ties(const sweep::RungEnd& end, const sweep::Halving& halving, const std::string& metric) {
  if (end.num_tied == 0) return;
  log_warning(fmt::format(
      "rung {} of {}: the cut runs through {} rows whose validation {} is {:.4f}, of which {} went on, those "
      "with the smaller numbers: who is left tells nothing of their settings; start a sweep with --rank-by "
      "METRIC, one that tells rows apart early, such as log_loss",
      end.rung, halving.num_rungs, end.num_tied, metric, end.tied_at, end.num_tied_going_on));
}

/// Decides who goes on. False where nobody does, or nobody needs to.
bool end_rung(sweep::Sweep& sweep, const TrialRuns& runs) {
  const bool is_last = !sweep.halving || sweep::current_rung(sweep) == sweep.halving->num_rungs;
  if (is_last || std::ranges::any_of(sweep.trials, is_in_use)) return false;
  std::vector<sweep::Figures> figures;
  std::vector<sweep::TrialLength> lengths;
  for (size_t i = 0; i < sweep.trials.size(); ++i) {
    const TrainingConfig& training = runs.configs[i].run.training;
    figures.push_back(figures_at_rung(runs.folder, sweep.trials[i], training, runs.ranking.metric));
    lengths.push_back(length_of(training));
  }
  const std::optional<sweep::RungEnd> end = sweep::end_rung(sweep, figures, runs.ranking, lengths);
  if (!end) return false;
  save_states(sweep, runs);
  log_info(fmt::format("rung {} of {}: {} of {} rows go on{}", end->rung, sweep.halving->num_rungs,
                       end->num_going_on, end->num_rows,
                       end->going_on.empty() ? "" : ": trials " + sweep::number_list(end->going_on)));
  warn_of_ties(*end, *sweep.halving, runs.ranking.metric);
  return !end->going_on.empty();
}

}  // namespace

void run_trials(sweep::Sweep& sweep, const TrialRuns& runs) {
  do {
    TrialRunner(sweep, runs).run();
  } while (end_rung(sweep, runs));
}

}  // namespace bernoulli::cli
