#include "infer/native_model.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/json_fault.h"
#include "core/log.h"
#include "core/shallow_json.h"
#include "core/shared_blocks.h"
#include "core/stop.h"
#include "infer/artifact_info.h"
#include "infer/deciding_tokens.h"
#include "infer/explain.h"
#include "infer/run_files.h"
#include "infer/self_test.h"
#include "layers/folding.h"
#include "metrics/decision.h"
#include "metrics/logit_scaling.h"
#include "store/artifact_files.h"
#include "store/native_index.h"
#include "store/seal.h"
#include "store/zip_reader.h"
#include "text/token_block.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;

NativeModel open_run(const RunPaths& run) {
  RunFiles files = load_run_files(run);
  try {
    NativeNetwork network =
        NativeNetwork::build(files.plan, files.info.config.text, files.checkpoint.weights);
    if (!files.warning.empty()) log_warning(files.warning);
    return {std::move(files.info), std::move(files.plan), std::move(files.vectorizer), std::move(network),
            hash_hex(files.checkpoint.file->view())};
  } catch (const ArtifactError& error) {
    throw ArtifactError(fmt::format("run '{}' is damaged: {}", run.folder.string(), error.what()));
  }
}

Vectorizer read_vectorizer(const ZipReader& zip, const NativeIndex& index, const ArtifactInfo& info,
                           const TextConfig& text) {
  if (text.hash_buckets) return Vectorizer(text);
  if (!index.tokens) throw NotNative{"the file does not list its vocabulary"};
  Vectorizer vectorizer(text, Vocabulary(split_tokens(find_text(zip, *index.tokens), index.odd_tokens)));
  if (info.metadata.at("vocabulary_fingerprint") != vectorizer.ids_fingerprint())
    throw NotNative{"the file's vocabulary is not the one that its metadata names"};
  return vectorizer;
}

/// The file's texts through this path.
void check_self_test(const NativeModel& model, const SelfTest& self_test) {
  const auto outputs = static_cast<size_t>(model.network.num_outputs());
  std::vector<float> answers(self_test.texts.size() * outputs);
  NativeModel::State state;
  for (size_t i = 0; i < self_test.texts.size(); ++i)
    model.logits(self_test.texts[i], state, std::span(answers).subspan(i * outputs, outputs));
  for (float& answer : answers) answer = probability(answer);
  const std::string fault = self_test_fault(self_test, answers);
  if (!fault.empty())
    throw NotNative{fmt::format("the self-test does not hold on the native path: {}", fault)};
}

layers::ModelPlan plan_of_file(const RunConfig& config, int64_t num_ids, int64_t num_outputs) {
  layers::ModelPlan plan =
      layers::plan_model(config.model, config.text, config.loss.mode, num_ids, num_outputs);
  if (!config.exported.fold) return plan;
  if (const std::string fault = layers::folding_fault(plan); !fault.empty())
    throw ArtifactError(fmt::format("its table is said to be folded, but {}", fault));
  return layers::folded_plan(plan, config.text);
}

NativeModel read_file_model(const ZipReader& zip, const std::string& name) {
  if (!has_extra_file(zip, kNativeFile))
    throw NotNative{"the file does not list its weights; export the run again for the native path"};
  const ArtifactInfo saved = read_artifact_info(zip, name);
  ClassifierInfo info = classifier_info(saved, name);
  const NativeIndex index = native_index_from_json(parse_shallow_json(extra_file(zip, kNativeFile)));
  Vectorizer vectorizer = read_vectorizer(zip, index, saved, info.config.text);
  layers::ModelPlan plan = plan_of_file(info.config, vectorizer.num_ids(), saved.num_outputs);
  NativeNetwork network = NativeNetwork::build(plan, info.config.text, find_tensors(zip, index));
  NativeModel model{std::move(info), std::move(plan), std::move(vectorizer), std::move(network)};
  check_self_test(model, self_test_from_json(parse_shallow_json(extra_file(zip, kSelfTestFile)), name));
  return model;
}

/// The seal decides whether the file is whole; what this reader does not understand behind it, LibTorch may.
NativeModel open_file(const fs::path& path) {
  const FileBytes file(path);
  const std::string name = path.string();
  check_seal(file.view(), name);
  try {
    NativeModel model = read_file_model(ZipReader(file.view(), name), name);
    model.content_hash = seal_of(file.view());
    return model;
  } catch (const Error& error) {
    throw NotNative{error.what()};
  } catch (const nlohmann::json::exception& error) {
    throw NotNative{fmt::format("'{}' has a record that cannot be read: {}", name, json_cause(error))};
  }
}

class NativeClassifier : public Classifier {
 public:
  NativeClassifier(NativeModel model, int threads)
      : Classifier(model.info),
        model_(std::move(model)),
        states_(static_cast<size_t>(std::max(threads, 1))) {}

  std::vector<float> logits(const std::vector<std::string>& texts) override {
    const auto outputs = static_cast<size_t>(model_.network.num_outputs());
    std::vector<float> logits(texts.size() * outputs);
    const size_t block = model_.texts_worth_a_thread();
    share_blocks(texts.size(), block, states_.size(), [&](size_t worker, size_t begin, size_t end) {
      for (size_t i = begin; i < end; ++i) {
        throw_if_stopped();
        model_.logits(texts[i], states_[worker], std::span(logits).subspan(i * outputs, outputs));
      }
    });
    return logits;
  }

  int threads() const override { return static_cast<int>(states_.size()); }

  Explanation explain(const std::string& text) override { return model_.explain(text, states_.front()); }

  std::optional<DecidingTokens> deciding_tokens(const StringRows* texts) override {
    return bernoulli::deciding_tokens(model_.plan, model_.vectorizer, texts,
                                      [&](std::span<const int32_t> ids, std::span<float> out) {
                                        model_.logits(ids, states_.front(), out);
                                      });
  }

 private:
  NativeModel model_;
  std::vector<NativeModel::State> states_;  ///< of the workers
};

}  // namespace

void NativeModel::logits(std::string_view text, State& state, std::span<float> out) const {
  state.ids.clear();
  vectorizer.append_ids(text, state.buffers, state.ids);
  logits(state.ids, state, out);
}

void NativeModel::logits(std::span<const int32_t> ids, State& state, std::span<float> out) const {
  network.logits(ids, state.network, out);
  scale_logits(out, info.scaling);
}

Explanation NativeModel::explain(std::string_view text, State& state) const {
  const auto outputs = static_cast<size_t>(network.num_outputs());
  const auto logits_of = [&](const TokenRows& rows) {
    std::vector<float> answers(static_cast<size_t>(rows.size()) * outputs);
    for (int64_t row = 0; row < rows.size(); ++row)
      logits(rows.row(row), state, std::span(answers).subspan(static_cast<size_t>(row) * outputs, outputs));
    return answers;
  };
  return explain_tokens(plan, vectorizer, text, logits_of);
}

NativeModel open_native_model(const fs::path& path) {
  const std::optional<RunPaths> run = run_or_file_at(path);
  return run ? open_run(*run) : open_file(path);
}

std::unique_ptr<Classifier> open_native_classifier(const fs::path& path, int threads) {
  return std::make_unique<NativeClassifier>(open_native_model(path), threads);
}

}  // namespace bernoulli
