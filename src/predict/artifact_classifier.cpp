#include "predict/artifact_classifier.h"

#include <algorithm>
#include <span>
#include <utility>

#include "core/error.h"
#include "core/stop.h"
#include "export/artifact.h"

namespace bernoulli {
namespace {

class ArtifactClassifier : public Classifier {
 public:
  ArtifactClassifier(ClassifierInfo info, Artifact artifact)
      : Classifier(std::move(info)), artifact_(std::move(artifact)) {}

  /// In the trainer's batches, so that the same text gets the same bits.
  std::vector<float> logits(const std::vector<std::string>& texts) override {
    std::vector<float> logits;
    const auto batch_size = static_cast<size_t>(config().training.eval_batch_size);
    for (size_t begin = 0; begin < texts.size(); begin += batch_size) {
      throw_if_stopped();
      const auto batch = std::span(texts).subspan(begin, std::min(batch_size, texts.size() - begin));
      const at::Tensor z = artifact_.logits(batch).contiguous();
      logits.insert(logits.end(), z.const_data_ptr<float>(), z.const_data_ptr<float>() + z.numel());
    }
    return logits;
  }

  Explanation explain(const std::string& /*text*/) override {
    throw UsageError(
        "--explain: the torchscript engine sees no tokens; name the run folder, or leave out --engine "
        "torchscript where "
        "the native engine runs the file");
  }

 private:
  Artifact artifact_;
};

}  // namespace

std::unique_ptr<Classifier> open_artifact_classifier(const std::filesystem::path& path, c10::Device device) {
  Artifact artifact = load_artifact(path, device);
  ClassifierInfo info = classifier_info(artifact.info(), path.string());
  return std::make_unique<ArtifactClassifier>(std::move(info), std::move(artifact));
}

}  // namespace bernoulli
