#include "predict/open_classifier.h"

#include <system_error>

#include <fmt/format.h>

#include "core/error.h"
#include "predict/artifact_classifier.h"
#include "predict/run_classifier.h"

namespace bernoulli {

std::unique_ptr<Classifier> open_classifier(const std::filesystem::path& path, c10::Device device) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored))
    throw ArtifactError(
        fmt::format("'{}' does not exist (expected a run folder or an exported file)", path.string()));
  if (!std::filesystem::is_directory(path, ignored)) return open_artifact_classifier(path, device);
  if (!is_run_folder(path))
    throw ArtifactError(fmt::format("'{}' is not a run folder: it has no config.yaml", path.string()));
  return open_run_classifier(RunPaths{path}, device);
}

}  // namespace bernoulli
