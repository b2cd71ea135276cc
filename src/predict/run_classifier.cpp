#include "predict/run_classifier.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "config/load.h"
#include "core/error.h"
#include "core/log.h"
#include "core/stop.h"
#include "layers/model_plan.h"
#include "model/features.h"
#include "run/checkpoint.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// Throws where a layer between tokens and logits is not linear; true where the pool divides by the number of
/// tokens.
bool divides_by_length(const layers::ModelPlan& plan) {
  bool divides = false;
  for (const layers::NamedLayer& layer : plan.layers) {
    if (layer.kind == "embedding_bag" && layer.args.at("mode") != "max") {
      divides = layer.args.at("mode") == "mean";
    } else if (layer.kind == "mean_pool") {
      divides = layer.args.at("padding") == "exclude";
    } else if (layer.kind != "embedding" && layer.kind != "sum_pool" && layer.kind != "linear" &&
               !layer.kind.ends_with("dropout")) {
      throw UsageError(
          fmt::format("--explain needs a model that is linear in its tokens; layer '{}' is not", layer.name));
    }
  }
  return divides;
}

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

  /// A linear model's logits are those of the empty text plus what each token adds on its own.
  Explanation explain(const std::string& text) override {
    const bool divides = divides_by_length(model_.plan());
    std::vector<int32_t> ids;
    vectorizer_.append_ids(text, ids);
    TokenRows alone;
    alone.end_row();
    for (const int32_t id : ids) {
      alone.ids.push_back(id);
      alone.end_row();
    }
    const std::vector<float> z = logits(alone);
    const auto width = static_cast<size_t>(labels().num_outputs());
    Explanation explanation;
    explanation.base.assign(z.begin(), z.begin() + static_cast<int64_t>(width));
    for (size_t i = 0; i < ids.size(); ++i) {
      explanation.tokens.push_back(token_name(ids[i]));
      for (size_t label = 0; label < width; ++label) {
        const double share = double{z[(i + 1) * width + label]} - explanation.base[label];
        explanation.shares.push_back(divides ? share / static_cast<double>(ids.size()) : share);
      }
    }
    return explanation;
  }

 private:
  std::vector<float> logits(const TokenRows& rows) {
    const FeatureShape shape{model_.plan().ragged_input, config().text.sequence_length};
    return compute_logits(model_, rows, shape, config().training.eval_batch_size, device_, throw_if_stopped);
  }

  std::string token_name(int32_t id) const {
    if (vectorizer_.vocabulary() == nullptr) return fmt::format("bucket {}", id);
    return id == kUnknownId ? "[UNK]" : vectorizer_.vocabulary()->tokens()[static_cast<size_t>(id) - 2];
  }

  Vectorizer vectorizer_;
  Sequential model_;
  c10::Device device_;
};

struct SavedModel {
  Checkpoint checkpoint;
  std::optional<std::vector<double>> thresholds;
};

SavedModel load_saved_model(const RunPaths& paths) {
  const CheckpointFolder checkpoints(paths.checkpoints());
  if (fs::exists(paths.summary())) {
    const Json summary = read_json(paths.summary());
    return {load_checkpoint(paths.checkpoints() / summary.at("checkpoint").get<std::string>()),
            summary.at("thresholds").get<std::vector<double>>()};
  }
  std::optional<Checkpoint> newest = checkpoints.load_newest();
  if (!newest)
    throw ArtifactError(
        fmt::format("run '{}' has no checkpoint yet; let the training reach one", paths.folder.string()));
  log_warning(fmt::format("the training of '{}' did not finish: using its checkpoint of step {}",
                          paths.folder.string(), newest->step));
  return {std::move(*newest), std::nullopt};
}

Vectorizer load_vectorizer(const RunPaths& paths, const TextConfig& text) {
  if (text.hash_buckets) return Vectorizer(text);
  return Vectorizer(text, Vocabulary::parse(read_file(paths.vocabulary()), paths.vocabulary().string()));
}

LoadedRun load_checked(const RunPaths& paths, c10::Device device) {
  ClassifierInfo info;
  info.config = config::load_config({{paths.config()}, {}}, layers::layer_schemas()).run;
  const Json data = read_json(paths.data());
  info.labels = labels_from_json(data.at("labels"));
  info.pos_weight = data.at("pos_weight").get<std::vector<double>>();
  SavedModel saved = load_saved_model(paths);
  const double fixed = info.config.metrics.threshold.method == ThresholdConfig::Method::kFixed
                           ? info.config.metrics.threshold.value
                           : 0.5;
  const int64_t num_outputs = info.labels.num_outputs();
  info.thresholds = saved.thresholds.value_or(std::vector<double>(static_cast<size_t>(num_outputs), fixed));

  Vectorizer vectorizer = load_vectorizer(paths, info.config.text);
  if (saved.checkpoint.fingerprints.value("vocabulary", "") != vectorizer.ids_fingerprint()) {
    throw ArtifactError(
        fmt::format("'{}' is not the vocabulary that the weights of run '{}' were trained with; "
                    "restore it",
                    paths.vocabulary().string(), paths.folder.string()));
  }
  const layers::ModelPlan plan = layers::plan_model(info.config.model, info.config.text,
                                                    info.config.loss.mode, vectorizer.num_ids(), num_outputs);
  Sequential model(plan, info.config.training.seed, device);
  model.load(saved.checkpoint.weights);
  return {std::move(info), std::move(vectorizer), std::move(model)};
}

}  // namespace

LoadedRun load_run(const RunPaths& paths, c10::Device device) {
  try {
    return load_checked(paths, device);
  } catch (const nlohmann::json::exception& error) {
    throw ArtifactError(fmt::format("run '{}' is damaged: {}", paths.folder.string(), error.what()));
  } catch (const IoError& error) {
    throw ArtifactError(fmt::format("run '{}' is not whole: {}", paths.folder.string(), error.what()));
  } catch (const UsageError& error) {
    throw ArtifactError(fmt::format("run '{}' has a configuration that does not load:\n{}",
                                    paths.folder.string(), error.what()));
  }
}

std::unique_ptr<Classifier> open_run_classifier(const RunPaths& paths, c10::Device device) {
  return std::make_unique<RunClassifier>(load_run(paths, device), device);
}

}  // namespace bernoulli
