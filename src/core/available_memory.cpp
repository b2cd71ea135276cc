#include "core/available_memory.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

#include "core/control_groups.h"

namespace bernoulli {
namespace {

constexpr uint64_t kUnlimited = std::numeric_limits<uint64_t>::max();

/// What is left of each, bytes.
struct Room {
  uint64_t memory = kUnlimited;
  uint64_t swap = kUnlimited;
  uint64_t both = kUnlimited;  ///< together: version 1 has no limit for swap alone
};

/// Of a file that holds one number. Nothing for "max", and where there is no such file.
std::optional<uint64_t> number_in(const std::filesystem::path& file) {
  std::ifstream stream(file);
  uint64_t number = 0;
  return stream >> number ? std::optional(number) : std::nullopt;
}

/// Of a file with lines of a name and a number.
std::optional<uint64_t> number_in(const std::filesystem::path& file, const std::string& name) {
  std::ifstream stream(file);
  uint64_t number = 0;
  for (std::string found, rest; stream >> found >> number; std::getline(stream, rest))
    if (found == name) return number;
  return std::nullopt;
}

/// @param cache  bytes of what is used that can be given up
uint64_t left_of(const std::filesystem::path& limit_file, const std::filesystem::path& used_file,
                 uint64_t cache) {
  const auto limit = number_in(limit_file);
  if (!limit) return kUnlimited;
  const uint64_t used = number_in(used_file).value_or(0);
  return *limit - std::min(*limit, used - std::min(used, cache));
}

/// Of either version: the files of the other one are not there.
void narrow_by_group(const std::filesystem::path& group, Room& room) {
  const auto statistics = group / "memory.stat";
  uint64_t cache = 0;
  for (const std::string list : {"inactive_file", "active_file"}) {
    const uint64_t own = number_in(statistics, list).value_or(0);  // in version 1 without the groups below
    cache += number_in(statistics, "total_" + list).value_or(own);
  }
  const auto left = [&](const char* limit, const char* used, uint64_t of_cache) {
    return left_of(group / limit, group / used, of_cache);
  };
  room.memory = std::min({room.memory, left("memory.max", "memory.current", cache),
                          left("memory.limit_in_bytes", "memory.usage_in_bytes", cache)});
  room.swap = std::min(room.swap, left("memory.swap.max", "memory.swap.current", 0));
  room.both = std::min(room.both, left("memory.memsw.limit_in_bytes", "memory.memsw.usage_in_bytes", cache));
}

/// Of a line of /proc/meminfo, in bytes.
std::optional<uint64_t> bytes_in(const std::filesystem::path& meminfo, const std::string& name) {
  const auto kibibytes = number_in(meminfo, name);
  return kibibytes ? std::optional(*kibibytes * 1024) : std::nullopt;
}

}  // namespace

std::optional<uint64_t> available_memory(const std::filesystem::path& root) {
  Room room;
  for (const auto& group : control_groups("memory", root)) narrow_by_group(group, room);
  const auto meminfo = root / "proc/meminfo";
  const uint64_t memory = std::min(room.memory, bytes_in(meminfo, "MemAvailable:").value_or(kUnlimited));
  if (memory == kUnlimited) return std::nullopt;
  const uint64_t swap = std::min(room.swap, bytes_in(meminfo, "SwapFree:").value_or(0));
  return std::min(room.both, memory + swap);
}

}  // namespace bernoulli
