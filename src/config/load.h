#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "config/faults.h"
#include "config/kind_schema.h"
#include "config/override.h"
#include "config/run_config.h"
#include "config/setting_checks.h"

namespace bernoulli::config {

struct LoadedConfig {
  RunConfig run;
  Json resolved;                              ///< every key, in schema order
  std::map<std::string, std::string> origin;  ///< key path -> "default", "file:line:column" or "--set"
};

/// Which contradictions between settings are told. None of what was accepted when a run was made: a newer
/// program may know more of them, and must open the run all the same.
enum class Contradictions {
  kRefused,
  kRefusedIfNew,  ///< those that overrides bring
  kIgnored
};

/// Where a configuration comes from. Later ones win: the files that the `base` keys name, deeper ones first
/// and those of the first file before those of the second; then the files left to right; then overrides left
/// to right.
struct ConfigSources {
  std::vector<std::filesystem::path> files;
  std::vector<std::string> overrides;  ///< "a.b[2].c=VALUE", VALUE in YAML
  Contradictions contradictions = Contradictions::kRefused;
};

/// What is looked at after this folder's own checks and told with their faults.
using FurtherCheck = std::function<void(const CheckedSettings& settings)>;

/// Reads, merges, validates and resolves. `layer_kinds` is what `model.layers` may hold.
/// @throws ConfigError listing every fault found; UsageError where no file is named
LoadedConfig load_config(const ConfigSources& sources, const std::vector<KindSchema>& layer_kinds,
                         const FurtherCheck& check = {});

/// The same for the configuration inside a run folder or an exported file; `name` stands for the file in
/// messages.
LoadedConfig load_config_text(const std::string& yaml, const std::string& name,
                              const std::vector<KindSchema>& layer_kinds,
                              const std::vector<Override>& overrides = {},
                              Contradictions contradictions = Contradictions::kRefused);

}  // namespace bernoulli::config
