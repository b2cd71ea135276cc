#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace bernoulli {

/// What to do about a file that is one JSON array of objects, as pandas' to_json(orient='records') writes it,
/// on one line or over many; empty where it is none.
std::string json_array_fault(std::string_view content, const std::filesystem::path& file);

/// Calls with each object of a file of JSON lines, and its place, "FILE:LINE", where white space alone is no
/// line. A row may be nested as deep as its line is long: the library copies, compares and prints such a
/// value by recursion, which would end the process there; shown_json does not.
/// @param take  what it returns is wrong with the line, empty: nothing
/// @throws DataError for an array of objects, else with the lines that are no objects or have a name twice,
/// and what take returned; StopRequested
void each_json_line(
    std::string_view content, const std::filesystem::path& file,
    const std::function<std::string(const nlohmann::json& row, const std::string& origin)>& take);

}  // namespace bernoulli
