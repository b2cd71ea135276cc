#include "predict/open_classifier.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/stop.h"
#include "export/artifact.h"
#include "infer/run_files.h"
#include "predict/run_classifier.h"
#include "text/padded_batches.h"

namespace bernoulli {
namespace {

class ArtifactClassifier : public Classifier {
 public:
  ArtifactClassifier(ClassifierInfo info, Artifact artifact)
      : Classifier(std::move(info)), artifact_(std::move(artifact)) {}

  /// In the trainer's batches but where a long text would make one wide, which bytes tell here and tokens
  /// there.
  std::vector<float> logits(const std::vector<std::string>& texts) override {
    std::vector<float> logits;
    const std::vector<int64_t> begins =
        padded_batches(static_cast<int64_t>(texts.size()), config().training.eval_batch_size,
                       kMostPaddedBytes, [&](int64_t text) {
                         return config().text.sequence_length ? 0 : texts[static_cast<size_t>(text)].size();
                       });
    for (size_t batch = 0; batch + 1 < begins.size(); ++batch) {
      throw_if_stopped();
      const at::Tensor z =
          artifact_.logits({texts.data() + begins[batch], texts.data() + begins[batch + 1]}).contiguous();
      logits.insert(logits.end(), z.const_data_ptr<float>(), z.const_data_ptr<float>() + z.numel());
    }
    return logits;
  }

  Explanation explain(const std::string& /*text*/) override {
    throw UsageError(
        "--explain: the torchscript engine, which answers here, sees no tokens; name the run folder instead "
        "of its file, or take --engine native, which runs the file or says why it cannot");
  }

 private:
  Artifact artifact_;
};

std::unique_ptr<Classifier> open_artifact_classifier(const std::filesystem::path& path, c10::Device device) {
  Artifact artifact = load_artifact(path, device);
  ClassifierInfo info = classifier_info(artifact.info(), path.string());
  return std::make_unique<ArtifactClassifier>(std::move(info), std::move(artifact));
}

}  // namespace

std::unique_ptr<Classifier> open_classifier(const std::filesystem::path& path, c10::Device device) {
  const std::optional<RunPaths> run = run_or_file_at(path);
  return run ? open_run_classifier(*run, device) : open_artifact_classifier(path, device);
}

}  // namespace bernoulli
