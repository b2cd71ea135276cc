// Compact files on the path without LibTorch.
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "export/compact_network.h"
#include "export/torchscript.h"
#include "infer/native_model.h"
#include "layers/layer_kind.h"
#include "metrics/decision.h"
#include "predict/open_classifier.h"
#include "predict/run_on_disk.h"

namespace bernoulli {
namespace {

using ::testing::HasSubstr;
using testing::RunOnDisk;

/// The run's file in a compact form; with buckets: used, those of "good bad".
std::filesystem::path exported_compact(RunOnDisk& run, const std::vector<std::string>& settings) {
  const RunConfig config =
      config::load_config_text(run.config().resolved_yaml, "test.yaml", layers::layer_schemas(),
                               {settings.begin(), settings.end()})
          .run;
  std::vector<bool> used;
  if (config.exported.buckets == "used") {
    used.resize(static_cast<size_t>(run.vectorizer().num_ids()));
    for (const int32_t id : run.vectorizer().transform(std::vector<std::string>{"good bad"}).ids)
      used[static_cast<size_t>(id)] = true;
  }
  const CompactNetwork compact = compact_network(run.model(), config.exported, config.text, used);
  const auto outputs = static_cast<size_t>(run.labels().num_outputs());
  return run.folder().write("model.pt", serialize_artifact({run.vectorizer(),
                                                            compact.network.module(),
                                                            compact.network.plan(),
                                                            std::vector<double>(outputs, 0.25),
                                                            to_json(run.labels()),
                                                            config.resolved_yaml,
                                                            {},
                                                            {},
                                                            &compact.table,
                                                            {}}));
}

void expect_answers_like_libtorch(const std::filesystem::path& file) {
  const auto native = open_native_classifier(file), libtorch = open_classifier(file, c10::kCPU);
  const std::vector<std::string> texts = {"", "good", "bad so bad", "never seen", "good \xff so so so so"};
  const std::vector<float> ours = native->logits(texts), theirs = libtorch->logits(texts);
  ASSERT_EQ(ours.size(), theirs.size());
  for (size_t i = 0; i < ours.size(); ++i)
    EXPECT_NEAR(probability(ours[i]), probability(theirs[i]), 1e-6) << i;
}

TEST(CompactFiles, AreAnsweredWithoutLibTorchLikeWithIt) {
  const struct {
    const char* layers;
    const char* text;
    bool folds;
  } cases[] = {
      {"[{embedding: 4}, {dropout: 0.5}, {mean_pool: {padding: include}}, {linear: 3}, {dropout: 0.1}, "
       "{linear: 1}]",
       "vocabulary: {}, sequence_length: 6", true},
      {"[{embedding_bag: 5}, {linear: 1}]", "hashing: 50, ngrams: 2", true},
      {"[{embedding: 20}, mean_pool, {linear: 4}, relu, {linear: 1}]", "vocabulary: {}", false},
      {"[{embedding: 5}, {conv1d: {channels: 6, kernel_size: 3}}, max_pool, {linear: 1}]", "hashing: 50",
       false}};
  for (const auto& one : cases) {
    RunOnDisk run(one.layers, one.text);
    for (const char* weights : {"float32", "float16", "int8"}) {
      for (const bool fold : {false, true}) {
        for (const char* buckets : {"all", "used"}) {
          if ((fold && !one.folds) || (*weights == 'f' && fold) ||
              (*buckets == 'u' && !run.config().text.hash_buckets))
            continue;
          SCOPED_TRACE(std::string(one.layers) + " " + weights + " " + buckets + (fold ? " folded" : ""));
          expect_answers_like_libtorch(exported_compact(
              run, {std::string("export.weights=") + weights, std::string("export.buckets=") + buckets,
                    std::string("export.fold=") + (fold ? "true" : "false")}));
        }
      }
    }
  }
}

TEST(CompactFiles, ExplainAFoldedModelLikeTheRun) {
  RunOnDisk run("[{embedding: 4}, mean_pool, {linear: 1}]");
  const Explanation expected = open_native_classifier(run.folder().path())->explain("so what good");
  const Explanation found =
      open_native_classifier(exported_compact(run, {"export.fold=true"}))->explain("so what good");
  ASSERT_EQ(found.shares.size(), expected.shares.size());
  for (size_t i = 0; i < found.shares.size(); ++i) EXPECT_NEAR(found.shares[i], expected.shares[i], 1e-6);
}

TEST(CompactFiles, SayWhyAFoldThatCannotBeIsNotAnswered) {
  RunOnDisk run("[{embedding: 4}, mean_pool, relu, {linear: 1}]");
  const RunConfig config = config::load_config_text(run.config().resolved_yaml, "test.yaml",
                                                    layers::layer_schemas(), {"export.fold=true"})
                               .run;
  const std::filesystem::path file = run.folder().write("model.pt", serialize_artifact({run.vectorizer(),
                                                                                        run.model().module(),
                                                                                        run.model().plan(),
                                                                                        {0.5},
                                                                                        to_json(run.labels()),
                                                                                        config.resolved_yaml,
                                                                                        {},
                                                                                        {}}));
  try {
    open_native_model(file);
    FAIL() << "opened";
  } catch (const NotNative& other) {
    EXPECT_THAT(other.reason, HasSubstr("its table is said to be folded, but the model has relu"));
  }
}

}  // namespace
}  // namespace bernoulli
