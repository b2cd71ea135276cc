#include "config/cross_checks.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "config/resolve.h"
#include "config/setting_checks.h"

namespace bernoulli::config {
namespace {

void check_name(const CheckedSettings& settings) {
  const std::string& name = settings.run.name;
  if (name.find('/') != std::string::npos || name.starts_with('.')) {
    settings.fault(
        "name", fmt::format("is {} (expected a folder name: no '/', and no '.' at the start)", quote(name)));
  }
}

void check_dtypes(const CheckedSettings& settings) {
  settings.each_once("stability.dtypes", settings.run.stability.dtypes, "format");
}

struct Check {
  std::vector<const char*> sections;  ///< that must be sound for it
  void (*check)(const CheckedSettings&);
};

/// Faults of one place are told in this order.
const std::vector<Check>& checks() {
  static const std::vector<Check> checks{
      {{"name"}, check_name},
      {{"data"}, check_columns},
      {{"data"}, check_split_column},
      {{"data"}, check_group},
      {{"data"}, check_paths},
      {{"data"}, check_cache},
      {{"data", "task"}, check_splits},
      {{"data", "task"}, check_task},
      {{"text"}, check_text},
      {{"model", "text"}, check_padding},
      {{"model"}, check_start},
      {{"model", "loss"}, check_last_layer},
      {{"loss", "task"}, check_pos_weight},
      {{"loss", "training"}, check_precision},
      {{"optimizer"}, check_optimizer},
      {{"training"}, check_limits},
      {{"training"}, check_schedule},
      {{"data", "training"}, check_training_without_validation},
      {{"data", "metrics"}, check_fitting_without_validation},
      {{"data", "metrics", "task"}, check_threshold},
      {{"export", "model", "text"}, check_export},
      {{"stability"}, check_dtypes},
      {{}, check_monitor},
  };
  return checks;
}

}  // namespace

void CheckedSettings::fault(const std::string& path, const std::string& message) const {
  faults.add(place_of(places, path), path, message);
}

bool CheckedSettings::sound(const std::vector<const char*>& sections) const {
  return std::none_of(sections.begin(), sections.end(),
                      [&](const char* section) { return unsound.contains(section); });
}

void CheckedSettings::each_once(const std::string& path, const std::vector<std::string>& items,
                                const char* what) const {
  for (size_t i = 0; i < items.size(); ++i) {
    const auto end = items.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(items.begin(), end, items[i]) != end)
      fault(fmt::format("{}[{}]", path, i),
            fmt::format("{} stands in the list twice (each {} once)", quote(items[i]), what));
  }
}

void check_across(const Json& resolved, const RunConfig& run, const std::map<std::string, Place>& places,
                  Faults& faults) {
  const CheckedSettings settings{resolved, run, places, faults};
  for (const Check& check : checks()) {
    if (settings.sound(check.sections)) check.check(settings);
  }
}

}  // namespace bernoulli::config
