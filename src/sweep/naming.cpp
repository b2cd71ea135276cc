#include "sweep/naming.h"

#include <algorithm>

#include <fmt/format.h>

namespace bernoulli::sweep {
namespace {

/// The last `num_parts` parts of a key, or all of it.
std::string tail(const std::string& key, int num_parts) {
  size_t dot = key.size();
  for (int part = 0; part < num_parts; ++part) {
    if (dot == 0) return key;
    dot = key.rfind('.', dot - 1);
    if (dot == std::string::npos) return key;
  }
  return key.substr(dot + 1);
}

}  // namespace

std::vector<std::string> short_names(const std::vector<std::string>& keys) {
  std::vector<std::string> names;
  for (const std::string& key : keys) {
    int num_parts = 1;
    const auto is_like_this = [&](const std::string& other) {
      return other != key && tail(other, num_parts) == tail(key, num_parts);
    };
    while (std::any_of(keys.begin(), keys.end(), is_like_this)) ++num_parts;
    names.push_back(tail(key, num_parts));
  }
  return names;
}

bool takes_several_values(const Sweep& sweep, const std::string& key) {
  const std::string* first = nullptr;
  for (const Trial& trial : sweep.trials) {
    for (const Setting& setting : trial.settings) {
      if (setting.key != key) continue;
      if (first != nullptr && *first != setting.value) return true;
      first = &setting.value;
    }
  }
  return false;
}

std::string settings_text(const Sweep& sweep, const Trial& trial) {
  std::vector<std::string> keys;
  for (const Setting& setting : trial.settings) keys.push_back(setting.key);
  const std::vector<std::string> names = short_names(keys);
  std::string text;
  for (size_t i = 0; i < keys.size(); ++i) {
    if (takes_several_values(sweep, keys[i]))
      text += fmt::format("  {}={}", names[i], trial.settings[i].value);
  }
  return text;
}

std::string number_list(const std::vector<int64_t>& ascending) {
  constexpr int kMostRanges = 12;
  std::string list;
  int num_ranges = 0;
  for (size_t begin = 0; begin < ascending.size();) {
    size_t end = begin + 1;
    while (end < ascending.size() && ascending[end] == ascending[end - 1] + 1) ++end;
    if (++num_ranges > kMostRanges) return list + fmt::format(" and {} more", ascending.size() - begin);
    const int64_t first = ascending[begin], last = ascending[end - 1];
    list += list.empty() ? "" : ", ";
    list += first == last ? fmt::format("{}", first) : fmt::format("{}-{}", first, last);
    begin = end;
  }
  return list;
}

}  // namespace bernoulli::sweep
