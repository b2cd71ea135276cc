#include "cli/resume.h"

#include <array>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/differences.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/log.h"
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
    if (dot == path.npos)
      resolved.erase(std::string(path));
    else
      resolved[std::string(path.substr(0, dot))].erase(std::string(path.substr(dot + 1)));
  }
  return resolved;
}

/// Without keys that this program added to those of earlier ones and that say what these did: checkpoints of
/// theirs do not count them.
Json without_later_keys(Json settings) {
  const auto drop = [](Json& section, const char* key, const Json& as_before) {
    if (section.is_object() && section.contains(key) && section[key] == as_before) section.erase(key);
  };
  drop(settings["data"]["train"], "fraction", nullptr);
  drop(settings["data"]["train"], "seed", nullptr);
  drop(settings["data"]["columns"], "text_separator", " ");
  drop(settings["data"]["columns"], "split", nullptr);
  drop(settings["data"]["columns"], "group", nullptr);
  drop(settings["task"], "min_count", nullptr);
  drop(settings["model"], "start_from", nullptr);
  return settings;
}

}  // namespace

void check_continues(const RunPaths& paths, const config::LoadedConfig& saved,
                     const config::LoadedConfig& loaded) {
  std::string lines;
  for (const auto& [key, values] :
       config::differences({fixed_settings(saved.resolved), fixed_settings(loaded.resolved)}))
    lines += fmt::format("\n  {}: {} in the run, {} now", key, values[0].dump(), values[1].dump());
  if (lines.empty()) return;
  throw UsageError(
      fmt::format("the configuration is not that of '{}' and cannot continue it (a resumed run may change "
                  "{}); it differs "
                  "in:{}",
                  paths.folder.string(), fmt::join(kMayChange, ", "), lines));
}

std::string config_fingerprint(const config::LoadedConfig& loaded) {
  return hash_hex(without_later_keys(fixed_settings(loaded.resolved)).dump());
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
                  "will be others "
                  "than if it had not been interrupted",
                  engine_of(*checkpoint), checkpoint->step, engine.family()));
}

}  // namespace bernoulli::cli
