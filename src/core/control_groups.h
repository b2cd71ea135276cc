#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

namespace bernoulli {

/// The control groups that may limit this process, of versions 1 and 2: its own and those around it, as
/// folders, of which some need not be there. None where the system does not say.
/// @param controller  whose groups of version 1 these are: "memory", "cpu"
/// @param root  below which /proc and /sys are read
std::vector<std::filesystem::path> control_groups(std::string_view controller,
                                                  const std::filesystem::path& root);

}  // namespace bernoulli
