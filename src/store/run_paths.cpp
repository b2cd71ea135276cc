#include "store/run_paths.h"

#include <string>
#include <system_error>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;

}  // namespace

bool is_run_folder(const fs::path& folder) {
  std::error_code ignored;
  return fs::is_regular_file(folder / "config.yaml", ignored);
}

std::string json_text(const nlohmann::ordered_json& value) {
  return value.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

void write_json(const fs::path& path, const nlohmann::ordered_json& value) {
  write_file_atomic(path, json_text(value));
}

nlohmann::ordered_json read_json(const fs::path& path) {
  const std::string text = read_file(path);
  try {
    return nlohmann::ordered_json::parse(text);
  } catch (const nlohmann::json::exception& error) {
    throw ArtifactError(fmt::format("'{}' is damaged: {}", path.string(), error.what()));
  }
}

}  // namespace bernoulli
