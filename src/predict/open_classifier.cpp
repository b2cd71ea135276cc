#include "predict/open_classifier.h"

#include <optional>

#include "infer/run_files.h"
#include "predict/artifact_classifier.h"
#include "predict/run_classifier.h"

namespace bernoulli {

std::unique_ptr<Classifier> open_classifier(const std::filesystem::path& path, c10::Device device) {
  const std::optional<RunPaths> run = run_or_file_at(path);
  return run ? open_run_classifier(*run, device) : open_artifact_classifier(path, device);
}

}  // namespace bernoulli
