#include "core/available_cores.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <sched.h>
#include <thread>

#include "core/control_groups.h"
#include "core/divide_up.h"

namespace bernoulli {
namespace {

/// Of time in a period. Nothing where there is no limit: the time is "max" or -1 then.
std::optional<int64_t> cores_of(std::istream& time_file, std::istream& period_file) {
  int64_t time = 0, period = 0;
  const bool is_limit = time_file >> time && period_file >> period && time > 0 && period > 0;
  return is_limit ? std::optional(divide_up(time, period)) : std::nullopt;
}

/// Of either version: the files of the other one are not there.
std::optional<int64_t> quota_of(const std::filesystem::path& group) {
  std::ifstream both(group / "cpu.max"), time(group / "cpu.cfs_quota_us"),
      period(group / "cpu.cfs_period_us");
  return both ? cores_of(both, both) : cores_of(time, period);
}

int64_t cores_of_affinity() {
  std::array<cpu_set_t, 16> cores = {};  // 16,384: the call fails where there are more
  if (::sched_getaffinity(0, sizeof(cores), cores.data()) != 0) return std::thread::hardware_concurrency();
  return CPU_COUNT_S(sizeof(cores), cores.data());
}

}  // namespace

std::optional<int64_t> quota_of_cores(const std::filesystem::path& root) {
  std::optional<int64_t> least;
  for (const auto& group : control_groups("cpu", root))
    if (const auto quota = quota_of(group)) least = std::min(*quota, least.value_or(*quota));
  return least;
}

int available_cores() {
  static const std::optional<int64_t> quota = quota_of_cores();
  const int64_t cores = cores_of_affinity();
  return static_cast<int>(std::max<int64_t>(1, std::min(cores, quota.value_or(cores))));
}

}  // namespace bernoulli
