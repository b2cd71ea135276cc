#include "core/control_groups.h"

#include <fstream>
#include <string>

namespace bernoulli {

/// In a container the path may be the host's, of which nothing is there but the end of the walk, where the
/// container's own group is mounted.
std::vector<std::filesystem::path> control_groups(std::string_view controller,
                                                  const std::filesystem::path& root) {
  std::vector<std::filesystem::path> groups;
  std::ifstream lines(root / "proc/self/cgroup");
  for (std::string line; std::getline(lines, line);) {  // NUMBER:CONTROLLERS:PATH
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const bool is_version_2 = controllers == ",,";
    if (!is_version_2 && controllers.find("," + std::string(controller) + ",") == std::string::npos) continue;
    const auto mounted = is_version_2 ? root / "sys/fs/cgroup" : root / "sys/fs/cgroup" / controller;
    auto group = std::filesystem::path(line.substr(second + 1)).relative_path();
    for (; !group.empty(); group = group.parent_path()) groups.push_back(mounted / group);
    groups.push_back(mounted);
  }
  return groups;
}

}  // namespace bernoulli
