#include "core/available_memory.h"

#include <algorithm>
#include <fstream>
#include <string>

namespace bernoulli {

std::optional<uint64_t> available_memory_of(std::istream& meminfo) {
  std::optional<uint64_t> available;
  uint64_t swap = 0, kibibytes = 0;
  for (std::string name, rest; meminfo >> name >> kibibytes; std::getline(meminfo, rest)) {
    if (name == "MemAvailable:") available = kibibytes * 1024;
    if (name == "SwapFree:") swap = kibibytes * 1024;
  }
  return available ? std::optional(*available + swap) : std::nullopt;
}

std::optional<uint64_t> available_memory() {
  std::ifstream meminfo("/proc/meminfo"), limit_of_group("/sys/fs/cgroup/memory.max");
  std::optional<uint64_t> available = available_memory_of(meminfo);
  uint64_t limit = 0;
  if (limit_of_group >> limit) available = std::min(available.value_or(limit), limit);  // "max": none
  return available;
}

}  // namespace bernoulli
