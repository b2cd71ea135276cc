#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace bernoulli {

/// Calls with each object of a file of JSON lines, and its place, "FILE:LINE", where white space alone is no
/// line. An object is flat; what is nested deeper than 16 is dropped, because the library copies, compares
/// and prints by recursion.
/// @param take  what it returns is wrong with the line, empty: nothing
/// @throws DataError with the lines that are no objects, and what take returned; StopRequested
void each_json_line(
    std::string_view content, const std::filesystem::path& file,
    const std::function<std::string(const nlohmann::json& row, const std::string& origin)>& take);

}  // namespace bernoulli
