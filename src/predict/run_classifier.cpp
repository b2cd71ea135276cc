#include "predict/run_classifier.h"

#include <utility>

#include "core/log.h"
#include "core/stop.h"
#include "infer/explain.h"
#include "infer/run_files.h"
#include "metrics/logit_scaling.h"
#include "model/features.h"
#include "tensor/safetensors.h"

namespace bernoulli {
namespace {

class RunClassifier : public Classifier {
 public:
  RunClassifier(LoadedRun run, c10::Device device)
      : Classifier(std::move(run.info)),
        vectorizer_(std::move(run.vectorizer)),
        model_(std::move(run.model)),
        device_(device) {}

  std::vector<float> logits(const std::vector<std::string>& texts) override {
    return logits(vectorizer_.transform(texts));
  }

  Explanation explain(const std::string& text) override {
    return explain_tokens(model_.plan(), vectorizer_, text,
                          [this](const TokenRows& rows) { return logits(rows); });
  }

 private:
  std::vector<float> logits(const TokenRows& rows) {
    const FeatureShape shape{model_.plan().ragged_input, config().text.sequence_length};
    std::vector<float> logits =
        compute_logits(model_, rows, shape, config().training.eval_batch_size, device_, throw_if_stopped);
    scale_logits(logits, scaling());
    return logits;
  }

  Vectorizer vectorizer_;
  Sequential model_;
  c10::Device device_;
};

}  // namespace

LoadedRun load_run(const RunPaths& paths, c10::Device device) {
  RunFiles files = load_run_files(paths);
  if (!files.warning.empty()) log_warning(files.warning);
  const NamedTensors weights = to_tensors(files.checkpoint.weights, files.checkpoint.file);
  return {std::move(files.info), std::move(files.vectorizer), Sequential(files.plan, weights, device)};
}

std::unique_ptr<Classifier> open_run_classifier(const RunPaths& paths, c10::Device device) {
  return std::make_unique<RunClassifier>(load_run(paths, device), device);
}

}  // namespace bernoulli
