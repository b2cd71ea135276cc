#include "store/run_paths.h"

#include <string>
#include <system_error>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"
#include "core/shallow_json.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;

}  // namespace

fs::path RunPaths::lock() const { return folder / FolderLock::kFileName; }

std::vector<fs::path> RunPaths::all() const {
  return {config(),   environment(), data(),   vocabulary(),  metrics(), checkpoints(), summary(),
          artifact(), onnx(),        triton(), safetensors(), report(),  lock()};
}

bool is_run_folder(const fs::path& folder) {
  const fs::path config = folder / "config.yaml";
  return path_exists(config) && fs::is_regular_file(config);
}

std::string json_text(const nlohmann::ordered_json& value) {
  return value.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

void write_json(const fs::path& path, const nlohmann::ordered_json& value) {
  write_file_atomic(path, json_text(value));
}

nlohmann::ordered_json read_json(const fs::path& path) {
  const auto value = parse_shallow_json(read_file(path));
  if (value.is_discarded())
    throw ArtifactError(fmt::format("'{}' is damaged: it is no JSON, or nested more than {} levels deep",
                                    path.string(), kDeepestJson));
  if (!value.is_object())
    throw ArtifactError(fmt::format("'{}' is damaged: it is JSON of type {} (expected an object)",
                                    path.string(), value.type_name()));
  return value;
}

}  // namespace bernoulli
