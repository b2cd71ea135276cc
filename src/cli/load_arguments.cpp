#include "cli/load_arguments.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/arguments.h"
#include "config/faults.h"
#include "config/schema.h"
#include "config/yaml_writer.h"
#include "core/error.h"
#include "core/log.h"
#include "core/name_list.h"
#include "core/shell_word.h"
#include "data/source_files.h"
#include "layers/folding.h"

namespace bernoulli::cli {
namespace po = boost::program_options;

void add_config_options(po::options_description& options) {
  options.add_options()("set", words("KEY=VALUE"),
                        "override one key, such as training.epochs=3 or model.layers[2].dropout=0.5; "
                        "repeats, the right-most wins");
}

std::string root_override(const std::filesystem::path& folder) {
  return "data.root=" + config::write_yaml_inline(folder.string());
}

config::ConfigSources config_sources(const po::variables_map& values) {
  config::ConfigSources sources;
  if (values.contains("config")) {
    for (const std::string& file : values["config"].as<std::vector<std::string>>())
      sources.files.emplace_back(file);
  }
  sources.overrides = repeated_words(values, "set");
  return sources;
}

void refuse_repeated(const char* option, const std::vector<std::string>& names) {
  for (auto name = names.begin(); name != names.end(); ++name) {
    if (std::find(name + 1, names.end(), *name) != names.end())
      throw UsageError(fmt::format("--{} names '{}' twice; once is enough", option, *name));
  }
}

namespace {

/// The words of optimizer.no_decay in which no parameter of the model ends.
void check_no_decay(const config::CheckedSettings& settings, const layers::ModelPlan& plan) {
  if (!settings.sound({"optimizer.no_decay"})) return;
  std::vector<std::string> names;
  for (const layers::NamedLayer* layer : plan.all_layers()) {
    for (const layers::ParameterSpec& parameter : layer->plan.parameters)
      names.push_back(layer->tensor_name(parameter.name));
  }
  const std::vector<std::string>& endings = settings.run.optimizer.no_decay;
  for (size_t i = 0; i < endings.size(); ++i) {
    if (std::none_of(names.begin(), names.end(),
                     [&](const std::string& name) { return has_no_decay({endings[i]}, name); })) {
      settings.fault(fmt::format("optimizer.no_decay[{}]", i),
                     fmt::format("no parameter of the model ends in {} (it has {})",
                                 config::quote(endings[i]), item_list(names)));
    }
  }
}

void check_folding(const config::CheckedSettings& settings, const layers::ModelPlan& plan) {
  if (!settings.run.exported.fold) return;
  if (const std::string fault = layers::folding_fault(plan); !fault.empty())
    settings.fault("export.fold", fmt::format("is true, but {} (set it to false)", fault));
}

/// Whether nothing that shapes are made of is broken. The loss decides about a sigmoid at the end only.
bool has_shapes(const config::CheckedSettings& settings) {
  if (!settings.sound({"model.layers", "text.sequence_length", "text.vocabulary", "text.hashing"}))
    return false;
  return settings.run.model.layers.back().kind != "sigmoid" || settings.sound({"loss.mode"});
}

/// Of the task, or of the model where the labels of the data will tell, or where the task is at fault.
int64_t num_outputs(const config::CheckedSettings& settings, int64_t num_ids) {
  const RunConfig& run = settings.run;
  const config::Faults& faults = settings.faults;
  const bool labels_are_sound = !faults.touch("task.labels") && !faults.touch("data.columns.label_columns");
  if (!faults.touch("task.kind")) {
    if (settings.is_binary()) return 1;
    if (!run.task.labels.empty() && labels_are_sound) return static_cast<int64_t>(run.task.labels.size());
  }
  return layers::output_features(run.model, run.text, num_ids).value_or(1);
}

/// The plan of a model; where its layers do not fit each other, nothing and a fault for each.
std::optional<layers::ModelPlan> plan_of(const config::CheckedSettings& settings) {
  constexpr int64_t kLongest = 1 << 20;
  const RunConfig& run = settings.run;
  const config::Faults told = settings.faults;
  const int64_t num_ids =
      run.text.hash_buckets ? *run.text.hash_buckets + 1 : run.text.max_tokens.value_or(2);
  TextConfig text = run.text;
  const bool told_of_padding = told.touch("model.layers");  // which needs a length: with one the others show
  if (told_of_padding && !text.sequence_length) text.sequence_length = kLongest;
  try {
    return layers::plan_model(run.model, text, run.loss.mode, num_ids, num_outputs(settings, num_ids));
  } catch (const layers::ModelError& error) {
    for (const layers::LayerFault& fault : error.faults()) {
      if (!told.cover(fault.path)) settings.fault(fault.path, fault.message);
    }
  }
  return std::nullopt;
}

/// What is named where a configuration is expected, and is none. Others are for the reading to refuse.
/// @throws UsageError
void refuse_other_files(const std::vector<std::filesystem::path>& files) {
  std::error_code ignored;
  for (const std::filesystem::path& file : files) {
    const std::string name = file.string();
    if (is_run_folder(file))
      throw UsageError(
          fmt::format("'{}' is a run folder: name its configuration, {}, or go on with the run: bernoulli "
                      "train --resume --run-dir {}",
                      name, RunPaths{file}.config().string(), shell_word(name)));
    const bool folder = std::filesystem::is_directory(file, ignored);
    const bool data = std::filesystem::is_regular_file(file, ignored) && file.extension() != ".txt" &&
                      !config::format_by_name(file).empty();
    if (folder || data)
      throw UsageError(fmt::format("'{}' is {}, not a configuration; bernoulli init {} writes one for {}",
                                   name, folder ? "a folder" : "data", shell_word(name),
                                   folder ? "the texts in it" : "it"));
  }
}

}  // namespace

CheckedConfig load_checked_config(const config::ConfigSources& sources) {
  refuse_other_files(sources.files);
  CheckedConfig loaded;
  const auto check_model = [&](const config::CheckedSettings& settings) {
    if (!has_shapes(settings)) return;
    const std::optional<layers::ModelPlan> plan = plan_of(settings);
    if (!plan) return;
    loaded.plan = *plan;
    check_no_decay(settings, loaded.plan);
    check_folding(settings, loaded.plan);
  };
  static_cast<config::LoadedConfig&>(loaded) =
      config::load_config(sources, layers::layer_schemas(), check_model);
  return loaded;
}

namespace {

DataConfig overridden(const RunConfig& run, const std::vector<std::string>& overrides,
                      config::Contradictions contradictions) {
  if (overrides.empty()) return run.data;
  return config::load_config_text(run.resolved_yaml, "the configuration of the run", layers::layer_schemas(),
                                  {overrides.begin(), overrides.end()}, contradictions)
      .run.data;
}

/// A relative root without the training data may be meant from where the run was trained: the one there.
std::optional<std::string> root_where_trained(const RunPaths& run, const DataConfig& data) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  const auto has_data = [&](const fs::path& root) { return !is_absent(root, data.train); };
  if (fs::path(data.root).is_absolute() || has_data(data.root) || !fs::exists(run.environment(), ignored))
    return std::nullopt;
  const nlohmann::ordered_json environment = read_json(run.environment());
  const auto folder = environment.find("working_directory");
  if (folder == environment.end() || !folder->is_string()) return std::nullopt;
  const fs::path there = fs::path(folder->get<std::string>()) / data.root;
  if (!has_data(there)) return std::nullopt;
  log_info(fmt::format("data.root '{}' has no training data here: taking '{}', where the run was trained",
                       data.root, there.string()));
  return there.string();
}

bool set_root(const std::vector<std::string>& overrides) {
  return std::ranges::any_of(overrides,
                             [](const std::string& word) { return word.starts_with("data.root="); });
}

/// The run whose config.yaml says what data.root is.
std::optional<RunPaths> run_that_names_root(const config::ConfigSources& sources,
                                            const config::LoadedConfig& loaded) {
  const RunPaths run{sources.files.back().parent_path()};
  const bool names_root = sources.files.back() == run.config() &&
                          loaded.origin.at("data.root").starts_with(sources.files.back().string() + ":");
  return names_root ? std::optional(run) : std::nullopt;
}

}  // namespace

CheckedConfig load_config_with_data(const config::ConfigSources& sources,
                                    const std::optional<RunPaths>& resumed) {
  CheckedConfig loaded = load_checked_config(sources);
  const std::optional<RunPaths> run = resumed ? resumed : run_that_names_root(sources, loaded);
  if (!run || set_root(sources.overrides)) return loaded;
  const std::optional<std::string> root = root_where_trained(*run, loaded.run.data);
  if (!root) return loaded;
  config::ConfigSources moved = sources;
  moved.overrides.push_back(root_override(*root));
  return load_checked_config(moved);
}

RunPaths run_around(const std::filesystem::path& model) {
  std::error_code ignored;  // whoever opens the model tells
  return {std::filesystem::is_directory(model, ignored) ? model
                                                        : std::filesystem::absolute(model).parent_path()};
}

DataConfig data_of_run(const RunConfig& run, const RunPaths& paths,
                       const std::vector<std::string>& overrides) {
  DataConfig data = overridden(run, overrides, config::Contradictions::kRefusedIfNew);
  if (set_root(overrides)) return data;
  if (const auto root = root_where_trained(paths, data)) data.root = *root;
  return data;
}

ColumnsConfig columns_of_run(const RunConfig& run, const std::vector<std::string>& overrides) {
  return overridden(run, overrides, config::Contradictions::kIgnored).columns;
}

}  // namespace bernoulli::cli
