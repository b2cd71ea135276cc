#include "infer/run_files.h"

#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/differences.h"
#include "config/faults.h"
#include "core/error.h"
#include "core/file.h"
#include "core/json_fault.h"
#include "core/shallow_json.h"
#include "core/shell_word.h"
#include "metrics/thresholds.h"
#include "store/run_folder.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct SavedModel {
  RawCheckpoint checkpoint;
  std::optional<DecisionRule> rule;
  LogitScaling scaling;
  std::string warning;
};

[[noreturn]] void refuse_unfinished(const RunPaths& paths, const std::string& fault) {
  throw ArtifactError(fmt::format("{}; bernoulli train --resume --run-dir {} goes on with what is left",
                                  fault, shell_word(paths.folder.string())));
}

/// The best checkpoint of a training that did not finish.
RawCheckpoint load_best(const RunPaths& paths, int64_t step) {
  try {
    return load_raw_checkpoint(checkpoint_path(paths.checkpoints(), step));
  } catch (const ArtifactError& error) {
    refuse_unfinished(paths, error.what());
  } catch (const IoError& error) {
    refuse_unfinished(paths, error.what());
  }
}

/// Of a training that did not finish: what it would have kept if it had ended here.
SavedModel load_unfinished(const RunPaths& paths, const RunConfig& config) {
  std::optional<RawCheckpoint> newest = load_newest_checkpoint(paths.checkpoints());
  if (!newest)
    throw ArtifactError(
        fmt::format("run '{}' has no checkpoint yet; let the training reach one", paths.folder.string()));
  const Json best = newest->state.value("best", Json::array());
  const bool takes_best = config.training.restore_best && !best.empty();
  const int64_t step = takes_best ? whole_number<int64_t>(best.front().at("step")) : newest->step;
  std::string not_fitted;
  if (config.metrics.fits_temperature) not_fitted += "; its temperature was not fitted yet and is 1";
  if (config.metrics.fits_shift) not_fitted += "; its shift was not fitted yet and is 0";
  if (config.metrics.threshold.is_fitted()) not_fitted += "; its threshold was not fitted yet and is 0.5";
  SavedModel saved;
  saved.warning = fmt::format("the training of '{}' did not finish: using its {} checkpoint, of step {}{}",
                              paths.folder.string(), takes_best ? "best" : "newest", step, not_fitted);
  saved.checkpoint = step == newest->step ? std::move(*newest) : load_best(paths, step);
  return saved;
}

/// What `read` makes of a member of a file. @throws ArtifactError naming both where it cannot
template <class Read>
auto read_member(const Json& json, const fs::path& file, const char* key, const Read& read) {
  const auto refuse = [&](const std::string& cause) -> ArtifactError {
    return ArtifactError(fmt::format("'{}' is damaged: {}: {}", file.string(), key, cause));
  };
  const auto member = json.find(key);
  if (member == json.end()) throw refuse("is missing");
  try {
    return read(*member);
  } catch (const Json::exception& error) {
    throw refuse(json_cause(error));
  } catch (const ArtifactError& error) {
    throw refuse(error.what());
  }
}

template <class Value>
Value value_of(const Json& json, const fs::path& file, const char* key) {
  return read_member(json, file, key, [](const Json& member) { return member.get<Value>(); });
}

/// Of a member that earlier builds did not write.
template <class Value>
Value later_value_of(const Json& json, const fs::path& file, const char* key) {
  return json.contains(key) ? value_of<Value>(json, file, key) : Value();
}

[[noreturn]] void refuse_finished(const RunPaths& paths, const std::string& fault) {
  throw ArtifactError(fmt::format("{}; bernoulli train --resume --run-dir {} ends the run anew", fault,
                                  shell_word(paths.folder.string())));
}

/// What summary.json says, and the checkpoint that it names.
SavedModel load_finished(const RunPaths& paths) {
  SavedModel saved;
  std::string checkpoint;
  std::string checksum;
  try {
    const fs::path file = paths.summary();
    const Json summary = read_json(file);
    using Numbers = std::vector<double>;
    checkpoint = value_of<std::string>(summary, file, "checkpoint");
    checksum = later_value_of<std::string>(summary, file, "checkpoint_checksum");
    saved.rule = read_member(summary, file, "thresholds", decision_rule_from_json);
    saved.scaling = {later_value_of<Numbers>(summary, file, "temperatures"),
                     later_value_of<Numbers>(summary, file, "shifts")};
  } catch (const ArtifactError& error) {
    refuse_finished(paths, error.what());
  }
  try {
    saved.checkpoint = load_raw_checkpoint(paths.checkpoints() / checkpoint);
  } catch (const ArtifactError& error) {
    refuse_finished(paths, error.what());
  } catch (const IoError& error) {
    refuse_finished(paths, error.what());
  }
  if (!checksum.empty() && checksum != saved.checkpoint.checksum)
    refuse_finished(paths, fmt::format("'{}' is another checkpoint than that which the training ended with "
                                       "(its checksum is {}, '{}' has {}): restore it",
                                       (paths.checkpoints() / checkpoint).string(), saved.checkpoint.checksum,
                                       paths.summary().string(), checksum));
  return saved;
}

SavedModel load_saved_model(const RunPaths& paths, const RunConfig& config) {
  return path_exists(paths.summary()) ? load_finished(paths) : load_unfinished(paths, config);
}

Vectorizer load_vectorizer(const RunPaths& paths, const TextConfig& text) {
  if (text.hash_buckets) return Vectorizer(text);
  return Vectorizer(text, Vocabulary::parse(read_file(paths.vocabulary()), paths.vocabulary().string()));
}

/// What data.json says, which a run that is gone on with writes anew.
void load_data_record(const RunPaths& paths, ClassifierInfo& info) {
  try {
    const fs::path file = paths.data();
    const Json data = read_json(file);
    info.labels = read_member(data, file, "labels", labels_from_json);
    info.pos_weight = value_of<std::vector<double>>(data, file, "pos_weight");
  } catch (const ArtifactError& error) {
    throw ArtifactError(fmt::format("{}; bernoulli train --resume --run-dir {} writes it anew", error.what(),
                                    shell_word(paths.folder.string())));
  }
}

[[noreturn]] void refuse_config(const RunPaths& paths, const UsageError& error) {
  throw ArtifactError(fmt::format("run '{}' has a configuration that does not load:\n{}",
                                  paths.folder.string(), fmt::join(config::lines_of(error), "\n")));
}

/// For a config.yaml that was edited, and a checkpoint that was brought from another run: what makes ids of a
/// text, and a network of the weights, must be what the checkpoint was trained with. That of an earlier
/// program says nothing of it.
void check_settings(const RunPaths& paths, const Json& resolved, const RawCheckpoint& checkpoint) {
  const Json settings = parse_shallow_json(checkpoint.state.value("settings", ""));
  Json trained = Json::object();
  for (const char* section : {"text", "model"})
    if (settings.is_object() && settings.contains(section)) trained[section] = settings[section];
  const std::string lines = config::difference_lines(config::differences_since(trained, resolved),
                                                     "in the checkpoint", "in config.yaml");
  if (!lines.empty())
    throw ArtifactError(
        fmt::format("'{}' is not the configuration that the weights of step {} were trained "
                    "with (restore it); it differs in:{}",
                    paths.config().string(), checkpoint.step, lines));
}

RunFiles load_checked(const RunPaths& paths) {
  ClassifierInfo info;
  config::LoadedConfig config = load_run_config(paths);
  info.config = std::move(config.run);
  load_data_record(paths, info);
  const int64_t num_outputs = info.labels.num_outputs();
  SavedModel saved = load_saved_model(paths, info.config);
  check_settings(paths, config.resolved, saved.checkpoint);
  info.scaling = saved.scaling;
  info.rule = saved.rule ? std::move(*saved.rule)
                         : configured_rule(info.config.metrics.threshold, num_outputs, info.labels.names);
  if (const std::string fault = fault_of(info, num_outputs); !fault.empty())
    refuse_finished(paths, fmt::format("run '{}' is damaged: it has {}", paths.folder.string(), fault));

  Vectorizer vectorizer = load_vectorizer(paths, info.config.text);
  if (saved.checkpoint.fingerprints.value("vocabulary", "") != vectorizer.ids_fingerprint()) {
    throw ArtifactError(
        fmt::format("'{}' is not the vocabulary that the weights of run '{}' were trained with; "
                    "restore it",
                    paths.vocabulary().string(), paths.folder.string()));
  }
  layers::ModelPlan plan = layers::plan_model(info.config.model, info.config.text, info.config.loss.mode,
                                              vectorizer.num_ids(), num_outputs);
  return {std::move(info), std::move(vectorizer), std::move(plan), std::move(saved.checkpoint),
          std::move(saved.warning)};
}

}  // namespace

RunPaths run_at(const fs::path& path) {
  if (!path_exists(path))
    throw ArtifactError(fmt::format("'{}' does not exist (expected a run folder)", path.string()));
  if (path_exists(path / kSweepKind.marker))
    throw ArtifactError(fmt::format(
        "'{}' is the folder of a sweep: name its runs, which are the folders in it", path.string()));
  if (!is_run_folder(path))
    throw ArtifactError(fmt::format("'{}' is not a run folder: it has no config.yaml", path.string()));
  return {path};
}

std::optional<RunPaths> run_or_file_at(const fs::path& path) {
  if (!path_exists(path))
    throw ArtifactError(
        fmt::format("'{}' does not exist (expected a run folder or an exported file)", path.string()));
  return fs::is_directory(path) ? std::optional(run_at(path)) : std::nullopt;
}

config::LoadedConfig load_run_config(const RunPaths& paths) {
  try {
    return config::load_config({{paths.config()}, {}, config::Contradictions::kIgnored},
                               layers::layer_schemas());
  } catch (const UsageError& error) {
    refuse_config(paths, error);
  }
}

RunFiles load_run_files(const RunPaths& paths) {
  try {
    return load_checked(paths);
  } catch (const nlohmann::json::exception& error) {
    throw ArtifactError(fmt::format("run '{}' is damaged: {}", paths.folder.string(), json_cause(error)));
  } catch (const IoError& error) {
    throw ArtifactError(fmt::format("run '{}' is not whole: {}", paths.folder.string(), error.what()));
  } catch (const UsageError& error) {  // a model that does not fit the vocabulary
    refuse_config(paths, error);
  }
}

}  // namespace bernoulli
