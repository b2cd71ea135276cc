#include "sweep/rows.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>

#include "sweep/naming.h"

namespace bernoulli::sweep {
namespace {

constexpr std::array<std::string_view, 5> kSeeds = {
    "training.seed", "data.train.seed", "data.validation.seed", "data.test.seed", "data.validation.fold"};

std::vector<Setting> without(std::vector<Setting> settings, const std::vector<std::string>& keys) {
  std::erase_if(settings,
                [&](const Setting& setting) { return std::ranges::find(keys, setting.key) != keys.end(); });
  return settings;
}

}  // namespace

std::vector<std::string> seeds_of(const Sweep& sweep) {
  std::vector<std::string> seeds;
  for (const Axis& axis : sweep.axes) {
    if (std::ranges::find(kSeeds, axis.key) != kSeeds.end() && takes_several_values(sweep, axis.key))
      seeds.push_back(axis.key);
  }
  return seeds;
}

std::vector<Row> rows_of(const Sweep& sweep) {
  const std::vector<std::string> seeds = seeds_of(sweep);
  std::vector<Row> rows;
  std::map<std::vector<std::string>, size_t> places;  // by the values, whose keys are the axes
  for (size_t i = 0; i < sweep.trials.size(); ++i) {
    std::vector<Setting> settings = without(sweep.trials[i].settings, seeds);
    std::vector<std::string> values;
    for (const Setting& setting : settings) values.push_back(setting.value);
    const auto [place, is_new] = places.emplace(std::move(values), rows.size());
    if (is_new) rows.push_back({std::move(settings), {}});
    rows[place->second].trials.push_back(i);
  }
  return rows;
}

bool rows_share(const Sweep& sweep, const std::string& key) {
  std::set<std::set<std::string>> values_of_rows;
  for (const Row& row : rows_of(sweep)) {
    std::set<std::string> values;
    for (const size_t i : row.trials) {
      for (const Setting& setting : sweep.trials[i].settings) {
        if (setting.key == key) values.insert(setting.value);
      }
    }
    values_of_rows.insert(std::move(values));
  }
  return values_of_rows.size() == 1;
}

}  // namespace bernoulli::sweep
