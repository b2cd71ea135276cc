#include "cli/resume.h"

#include <array>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/differences.h"
#include "core/error.h"
#include "core/log.h"
#include "core/shallow_json.h"
#include "train/trainer.h"

namespace bernoulli::cli {
namespace {

using Json = nlohmann::ordered_json;

/// How long, with how many threads, where the data are, what is decided when all is trained, and what
/// training does not read.
constexpr std::array kMayChange{"training.epochs",
                                "training.max_steps",
                                "training.max_seconds",
                                "training.early_stopping",
                                "training.checkpoint_every_steps",
                                "training.threads",
                                "data.root",
                                "data.cache",
                                "metrics.temperature",
                                "metrics.shift",
                                "metrics.threshold",
                                "export",
                                "stability",
                                "name"};

Json fixed_settings(Json resolved) {
  for (const std::string_view path : kMayChange) {
    const size_t dot = path.find('.');
    if (dot == path.npos) {
      resolved.erase(std::string(path));
    } else if (const auto section = resolved.find(std::string(path.substr(0, dot)));
               section != resolved.end() && section->is_object()) {
      section->erase(std::string(path.substr(dot + 1)));
    }
  }
  return resolved;
}

}  // namespace

void check_continues(const RunPaths& paths, const config::LoadedConfig& saved,
                     const config::LoadedConfig& loaded) {
  const std::string lines = config::difference_lines(
      config::differences({fixed_settings(saved.resolved), fixed_settings(loaded.resolved)}), "in the run");
  if (lines.empty()) return;
  throw UsageError(
      fmt::format("the configuration is not that of '{}' and cannot continue it (a resumed run may change "
                  "{}); it differs in:{}",
                  paths.folder.string(), fmt::join(kMayChange, ", "), lines));
}

std::string settings_text(const config::LoadedConfig& loaded) {
  return fixed_settings(loaded.resolved).dump();
}

void check_belongs(const Checkpoint& checkpoint, const config::LoadedConfig& loaded) {
  const std::string text = settings_of(checkpoint);
  if (text.empty()) return;
  const Json settings = parse_shallow_json(text);
  if (!settings.is_object())
    throw ArtifactError(fmt::format(
        "checkpoint of step {}: its settings are damaged; restore it, or start a new run", checkpoint.step));
  const std::string lines = config::difference_lines(
      config::differences_since(fixed_settings(settings), fixed_settings(loaded.resolved)),
      "in the checkpoint");
  if (lines.empty()) return;
  throw ArtifactError(
      fmt::format("checkpoint of step {} belongs to another configuration (restore it and the run's "
                  "config.yaml, or start a new run); it differs in:{}",
                  checkpoint.step, lines));
}

RunConfig with_engine_of(RunConfig config, const std::optional<Checkpoint>& checkpoint) {
  if (checkpoint && config.training.engine == "auto" && engine_of(*checkpoint) == "reference")
    config.training.engine = "reference";
  return config;
}

void warn_of_other_engine(const std::optional<Checkpoint>& checkpoint, const EngineChoice& engine) {
  if (!checkpoint || engine_of(*checkpoint).empty() || engine_of(*checkpoint) == engine.family()) return;
  log_warning(
      fmt::format("the {} engine trained this run up to step {}, and the {} engine goes on: the last digits "
                  "will be others than if it had not been interrupted",
                  engine_of(*checkpoint), checkpoint->step, engine.family()));
}

}  // namespace bernoulli::cli
