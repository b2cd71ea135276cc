#include "cli/trial_figures.h"

#include <system_error>

#include <fmt/format.h>

#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "store/run_paths.h"

namespace bernoulli::cli {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using sweep::Trial;
using sweep::TrialState;

std::optional<Json> summary_of(const fs::path& folder, const Trial& trial) {
  const fs::path path = RunPaths{folder / trial.folder()}.summary();
  if (!path_exists(path)) return std::nullopt;
  try {
    return read_json(path);
  } catch (const ArtifactError& error) {
    log_warning(fmt::format("{}; trial {} counts as not trained to its end", error.what(), trial.number));
    return std::nullopt;
  }
}

sweep::Figures figures_at_rung(const fs::path& folder, const Trial& trial, const TrainingConfig& training,
                               const std::string& metric) {
  const fs::path path = RunPaths{folder / trial.folder()}.metrics();
  std::error_code ignored;
  const std::string events = fs::exists(path, ignored) ? read_file(path) : "";
  return sweep::figures_after(events, trial.epochs, training, metric);
}

std::vector<sweep::Figures> board_figures(const sweep::Sweep& sweep, const fs::path& folder,
                                          const std::vector<config::LoadedConfig>& configs,
                                          const std::string& metric) {
  std::vector<sweep::Figures> figures;
  for (size_t i = 0; i < sweep.trials.size(); ++i) {
    const Trial& trial = sweep.trials[i];
    const bool in_rung =
        trial.state == TrialState::kPaused || (trial.state == TrialState::kLeftBehind && trial.rung > 0);
    if (in_rung) {
      figures.push_back(figures_at_rung(folder, trial, configs[i].run.training, metric));
    } else if (const std::optional<Json> summary = summary_of(folder, trial)) {
      figures.push_back(sweep::figures_of(*summary, metric));
    } else {
      figures.push_back(sweep::figures_of(trial));
    }
  }
  return figures;
}

}  // namespace bernoulli::cli
