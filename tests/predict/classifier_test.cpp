#include <filesystem>
#include <functional>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "export/torchscript.h"
#include "model/features.h"
#include "predict/open_classifier.h"
#include "predict/run_on_disk.h"
#include "support/message_of.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::RunOnDisk;

constexpr const char* kLinear = "[{embedding: 4}, mean_pool, {linear: 1}]";

std::unique_ptr<Classifier> open(const RunOnDisk& run) {
  return open_classifier(run.folder().path(), c10::kCPU);
}

std::string refused(const fs::path& path) {
  return testing::message_of<ArtifactError>([&] { open_classifier(path, c10::kCPU); });
}

TEST(Classifier, KnowsWhatTheRunKnew) {
  const RunOnDisk run(kLinear);
  const auto classifier = open(run);
  EXPECT_THAT(classifier->labels().names, ElementsAre("bad", "good"));
  EXPECT_THAT(classifier->rule().thresholds(), ElementsAre(0.25));
  EXPECT_THAT(classifier->pos_weight(), ElementsAre(2.0));
  EXPECT_EQ(classifier->config().training.eval_batch_size, 3);
}

TEST(Classifier, AnswersLikeTheModelThatWasSaved) {
  RunOnDisk run(kLinear);
  const std::vector<std::string> texts = {"good", "bad so", "", "never seen", "so so so good"};
  const std::vector<float> expected =
      compute_logits(run.model(), run.vectorizer().transform(texts), {}, 3, c10::kCPU);
  const auto classifier = open(run);
  EXPECT_EQ(classifier->logits(texts), expected);
  EXPECT_THAT(classifier->logits({}), IsEmpty());
}

/// The shares of `text` and the base, summed a label, beside its logits.
void expect_shares_add_up(RunOnDisk& run, const std::string& text) {
  const auto classifier = open(run);
  const std::vector<float> logits = classifier->logits({text});
  const Explanation why = classifier->explain(text);
  ASSERT_EQ(why.base.size(), logits.size());
  ASSERT_EQ(why.shares.size(), why.tokens.size() * logits.size());
  for (size_t label = 0; label < logits.size(); ++label) {
    double sum = why.base[label];
    for (size_t token = 0; token < why.tokens.size(); ++token)
      sum += why.shares[token * logits.size() + label];
    EXPECT_NEAR(sum, logits[label], 1e-5) << "'" << text << "' label " << label;
  }
}

TEST(Explain, SharesAddUpToTheLogit) {
  const Labels three{TaskConfig::Kind::kMultiLabel, {"a", "b", "c"}};
  for (const char* text : {"good", "good bad good unseen", "", "so so so so so so so so so so"}) {
    for (const char* layers :
         {kLinear, "[{embedding: 4}, {dropout: 0.5}, sum_pool, {linear: 3}, {linear: 1}]",
          "[{embedding: 4}, {spatial_dropout: 0.5}, {linear: 3}, mean_pool, {linear: 1}]",
          "[{embedding_bag: 4}, {linear: 1}]",
          "[{embedding_bag: {dim: 4, mode: sum}}, {linear: {units: 1, bias: false}}]"}) {
      SCOPED_TRACE(layers);
      RunOnDisk run(layers);
      expect_shares_add_up(run, text);
    }
    for (const char* layers : {"[{embedding: 4}, {mean_pool: {padding: include}}, {linear: 3}]",
                               "[{embedding: 4}, {sum_pool: {padding: include}}, {linear: 3}]"}) {
      SCOPED_TRACE(layers);
      RunOnDisk run(layers, "vocabulary: {}, sequence_length: 6", three);
      expect_shares_add_up(run, text);
    }
  }
}

TEST(Explain, NamesTheTokens) {
  const RunOnDisk run(kLinear);
  EXPECT_THAT(open(run)->explain("so what good").tokens, ElementsAre("so", "[UNK: what]", "good"));
  EXPECT_THAT(open(run)->explain("").tokens, IsEmpty());
  const RunOnDisk hashed(kLinear, "hashing: 50");
  EXPECT_THAT(open(hashed)->explain("So what, so").tokens, ElementsAre("so", "what", "so"));
  const RunOnDisk pairs(kLinear, "hashing: 50, ngrams: 2, sequence_length: 4");
  EXPECT_THAT(open(pairs)->explain("a fine film").tokens, ElementsAre("a", "fine", "film", "a fine"));
}

TEST(Explain, NamesTheLayerThatIsNotLinear) {
  const auto fault = [](const std::string& layers) -> std::string {
    const RunOnDisk run(layers);
    try {
      open(run)->explain("good");
    } catch (const UsageError& error) {
      return error.what();
    }
    return "explained";
  };
  EXPECT_EQ(fault("[{embedding: 4}, mean_pool, {linear: 2}, tanh, {linear: 1}]"),
            "an explanation needs a model that is linear in its tokens; layer 'tanh_3' is not");
  EXPECT_THAT(fault("[{embedding: 4}, max_pool, {linear: 1}]"), HasSubstr("'max_pool_1'"));
  EXPECT_THAT(fault("[{embedding_bag: {dim: 4, mode: max}}, {linear: 1}]"), HasSubstr("'embedding_bag_0'"));
  EXPECT_THAT(fault("[{embedding: 4}, layer_norm, mean_pool, {linear: 1}]"), HasSubstr("'layer_norm_1'"));
}

TEST(Classifier, UsesTheBestCheckpointOfATrainingThatDidNotFinishElseTheNewest) {
  const RunOnDisk run(kLinear);
  fs::remove(run.paths().summary());
  ::testing::internal::CaptureStderr();
  const auto classifier = open(run);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              HasSubstr("did not finish: using its newest checkpoint, of step 7"));
  EXPECT_THAT(classifier->rule().thresholds(), ElementsAre(0.5));
  run.save(9, {{"best", {{{"step", 7}, {"value", 0.5}}}}});
  ::testing::internal::CaptureStderr();
  open(run);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("using its best checkpoint, of step 7"));
  std::string config = run.config().resolved_yaml;
  const std::string best = "restore_best: true";
  ASSERT_NE(config.find(best), std::string::npos);
  run.folder().write("config.yaml", config.replace(config.find(best), best.size(), "restore_best: false"));
  ::testing::internal::CaptureStderr();
  open(run);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("using its newest checkpoint, of step 9"));
}

TEST(Classifier, NamesTheRemedyWhereTheBestCheckpointOfAnUnfinishedTrainingIsGone) {
  const RunOnDisk run(kLinear);
  fs::remove(run.paths().summary());
  run.save(9, {{"best", {{{"step", 8}, {"value", 0.5}}}}});
  const std::string remedy =
      "; bernoulli train --resume --run-dir " + run.folder().path().string() + " goes on with what is left";
  const std::string gone = refused(run.folder().path());
  EXPECT_THAT(gone, HasSubstr("step-000000008.safetensors"));
  EXPECT_THAT(gone, EndsWith(remedy));
  run.folder().write("checkpoints/step-000000008.safetensors", "no checkpoint");
  EXPECT_THAT(refused(run.folder().path()), EndsWith(remedy));
}

TEST(Classifier, RefusesWhatIsNoRun) {
  const testing::TemporaryFolder folder;
  EXPECT_THAT(refused(folder / "none"),
              EndsWith("none' does not exist (expected a run folder or an exported file)"));
  EXPECT_THAT(refused(folder.path()), EndsWith("' is not a run folder: it has no config.yaml"));
}

TEST(Classifier, NamesWhatADamagedRunLacks) {
  const auto damaged = [](const std::function<void(const RunOnDisk&)>& damage) {
    const RunOnDisk run(kLinear);
    damage(run);
    return refused(run.folder().path());
  };
  EXPECT_THAT(damaged([](const RunOnDisk& run) {
                fs::remove(run.paths().summary());
                fs::remove_all(run.paths().checkpoints());
              }),
              HasSubstr("has no checkpoint yet"));
  EXPECT_THAT(damaged([](const RunOnDisk& run) { run.folder().write("data.json", "{\"labels\": "); }),
              HasSubstr("data.json"));
  EXPECT_THAT(damaged([](const RunOnDisk& run) { run.folder().write("data.json", "{\"labels\": 3}"); }),
              HasSubstr("' is damaged: "));
  EXPECT_THAT(damaged([](const RunOnDisk& run) { run.folder().write("config.yaml", "model: 1\n"); }),
              HasSubstr("has a configuration that does not load:\n"));
  EXPECT_THAT(damaged([](const RunOnDisk& run) { run.folder().write("vocabulary.txt", "bad\ngood\nso\n"); }),
              HasSubstr("vocabulary.txt' is not the vocabulary that the weights of run '"));
  EXPECT_THAT(damaged([](const RunOnDisk& run) { fs::remove(run.paths().vocabulary()); }),
              HasSubstr("' is not whole: cannot open '"));
}

/// The run's model as an exported file.
fs::path exported(RunOnDisk& run, const std::string& config_yaml) {
  return run.folder().write("model.pt", serialize_artifact({run.vectorizer(),
                                                            run.model().module(),
                                                            run.model().plan(),
                                                            {0.25},
                                                            to_json(run.labels()),
                                                            config_yaml,
                                                            {2.0},
                                                            {}}));
}

TEST(Classifier, FromAnExportedFileAnswersLikeTheRun) {
  RunOnDisk run(kLinear);
  const auto file = open_classifier(exported(run, run.config().resolved_yaml), c10::kCPU);
  const std::vector<std::string> texts = {"good", "bad so", "", "never seen", "so so so good"};
  EXPECT_EQ(file->logits(texts), open(run)->logits(texts));
  EXPECT_THAT(file->labels().names, ElementsAre("bad", "good"));
  EXPECT_THAT(file->rule().thresholds(), ElementsAre(0.25));
  EXPECT_THAT(file->pos_weight(), ElementsAre(2.0));
  EXPECT_THROW(file->explain("good"), UsageError);
}

TEST(Classifier, RefusesAnExportedFileWithAConfigurationOfAnotherProgram) {
  RunOnDisk run(kLinear);
  EXPECT_THAT(refused(exported(run, "task: {kind: trinary}\n")),
              HasSubstr("model.pt' holds a configuration or labels that this program does not read: "));
}

}  // namespace
}  // namespace bernoulli
