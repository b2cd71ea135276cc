#include "cli/run_trials.h"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <memory>
#include <vector>

#include <fmt/format.h>

#include "cli/sweep_configs.h"
#include "cli/verb.h"
#include "core/child_process.h"
#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "core/stop.h"
#include "store/run_folder.h"
#include "sweep/naming.h"

namespace bernoulli::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using sweep::Trial;
using sweep::TrialState;

/// A line of a training on standard error that means something here (core/log.h).
constexpr std::string_view kWarning = "warning: ";

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
  TrialRunner(sweep::Sweep& sweep, const TrialRuns& runs) : sweep_(sweep), runs_(runs) {}

  void run();

 private:
  Trial* next();
  void start(Trial& trial);
  void pass_on_stop();
  void wait();
  void listen(Running& running);
  void conclude(Running& running);
  void fail(Trial& trial, const ChildProcess::End& end, const std::string& error) const;
  void tell(const Running& running, const std::optional<Json>& summary) const;
  std::string time_left() const;
  void show_progress();
  void save() const { write_json(runs_.folder / kSweepKind.marker, to_json(sweep_)); }
  /// "trial 3/12  lr=0.01"
  std::string name_of(const Trial& trial) const {
    return fmt::format("trial {}/{}{}", trial.number, sweep_.trials.size(), settings_text(sweep_, trial));
  }

  sweep::Sweep& sweep_;
  const TrialRuns& runs_;
  std::vector<std::unique_ptr<Running>> running_;
  int passed_on_ = 0;      ///< the signal
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
  const auto found = std::find_if(sweep_.trials.begin(), sweep_.trials.end(),
                                  [](const Trial& trial) { return trial.state == TrialState::kWaiting; });
  return found == sweep_.trials.end() ? nullptr : &*found;
}

/// A run folder that holds nothing yet is begun by --resume too.
void TrialRunner::start(Trial& trial) {
  const fs::path run = runs_.folder / trial.folder();
  trial.state = TrialState::kRunning;
  save();
  try {
    running_.push_back(std::make_unique<Running>(
        trial, run.string() + ".log",
        std::vector<std::string>{kThisProgram, "train", config_of(runs_.folder, trial), "--resume",
                                 "--run-dir", run, "--device", runs_.device}));
  } catch (const IoError& error) {
    fail(trial, {static_cast<int>(ExitCode::kIo), 0}, error.what());
    save();
    progress_.clear();
    log_warning(fmt::format("{}  not started: {}", name_of(trial), trial.error));
  }
}

void TrialRunner::pass_on_stop() {
  if (stop_signal() == 0 || passed_on_ != 0) return;
  passed_on_ = stop_signal();
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
  const std::optional<Json> summary = end.exit_code == 0 ? summary_of(runs_.folder, trial) : std::nullopt;
  if (summary) {
    trial.state = TrialState::kFinished;
  } else if (stopped_by_us) {
    trial.state = TrialState::kStopped;
  } else {
    fail(trial, end, running.error);
  }
  save();
  ++num_ended_;
  ended_s_ += monotonic_seconds() - running.started_s;
  progress_.clear();
  tell(running, summary);
}

/// An end by a signal gets the exit code of what is probably behind it (README, "Exit codes").
void TrialRunner::fail(Trial& trial, const ChildProcess::End& end, const std::string& error) const {
  trial.state = TrialState::kFailed;
  trial.exit_code = end.exit_code;
  trial.error = error;
  if (end.signal == SIGKILL) {
    trial.exit_code = static_cast<int>(ExitCode::kIo);
    trial.error = "it was killed (signal 9), as the system does where memory runs out";
  } else if (end.signal != 0) {
    trial.exit_code = static_cast<int>(ExitCode::kInternal);
    trial.error = fmt::format("it was ended by signal {} ({})", end.signal, ::strsignal(end.signal));
  } else if (end.exit_code == 0) {
    trial.exit_code = static_cast<int>(ExitCode::kInternal);
    trial.error = "it ended well and left no summary.json";
  } else if (error.empty()) {
    trial.error = "it gave no reason";
  }
}

void TrialRunner::tell(const Running& running, const std::optional<Json>& summary) const {
  const Trial& trial = running.trial;
  const std::string log = (runs_.folder / (trial.folder() + ".log")).string();
  const std::string took = format_duration(monotonic_seconds() - running.started_s);
  if (trial.state == TrialState::kFailed) {
    log_warning(fmt::format("{}  failed after {} with exit code {}: {} ({})", name_of(trial), took,
                            trial.exit_code, trial.error, log));
    return;
  }
  if (!summary) {
    log_info(fmt::format("{}  stopped after {}", name_of(trial), took));
    return;
  }
  const sweep::Figures figures = sweep::figures_of(*summary, runs_.ranking.metric);
  const std::string figure =
      figures.validation ? fmt::format("validation {} {:.4f}", runs_.ranking.metric, *figures.validation)
                         : figures.why_none;
  const std::string warnings =
      trial.num_warnings > 0 ? fmt::format("  warnings {} ({})", trial.num_warnings, log) : "";
  log_info(fmt::format("{}  {}  {}{}{}", name_of(trial), figure, took, time_left(), warnings));
}

std::string TrialRunner::time_left() const {
  const int64_t num_left = std::count_if(sweep_.trials.begin(), sweep_.trials.end(), [](const Trial& trial) {
    return trial.state == TrialState::kWaiting || trial.state == TrialState::kRunning;
  });
  if (num_left == 0) return "";
  const double a_trial = ended_s_ / static_cast<double>(num_ended_);
  return fmt::format("  {} left", format_duration(a_trial * static_cast<double>(num_left) /
                                                  static_cast<double>(std::min(runs_.jobs, num_left))));
}

void TrialRunner::show_progress() {
  if (running_.empty() || !progress_.due()) return;
  progress_.update(fmt::format("{}: {}", name_of(running_.front()->trial), running_.front()->last_line));
}

}  // namespace

void run_trials(sweep::Sweep& sweep, const TrialRuns& runs) { TrialRunner(sweep, runs).run(); }

std::optional<Json> summary_of(const fs::path& folder, const Trial& trial) {
  const fs::path path = RunPaths{folder / trial.folder()}.summary();
  if (!fs::exists(path)) return std::nullopt;
  try {
    return read_json(path);
  } catch (const ArtifactError& error) {
    log_warning(fmt::format("{}; trial {} counts as not trained to its end", error.what(), trial.number));
    return std::nullopt;
  }
}

}  // namespace bernoulli::cli
