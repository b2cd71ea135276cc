#include "export/verify.h"

#include <cstdlib>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <torch/csrc/jit/api/module.h>

#include "core/error.h"
#include "export/artifact.h"
#include "export/exported_model.h"
#include "support/temporary_folder.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::sample_texts;
using testing::small_model;
using testing::TrainedModel;

struct Verify : testing::ExportTest {
  Verify() : ExportTest(small_model(), "model.pt") {}

  void expect_refused(const std::string& finding, double tolerance = kVerifyTolerance) {
    expect_not_written(finding, [&] { export_artifact(model.parts(), answers(tolerance), path); });
  }
};

TEST_F(Verify, FindsNoDifferenceToTheTrainersOwnEvaluation) {
  const ExportReport report = export_artifact(model.parts(), answers(0), path);
  EXPECT_EQ(report.verification.max_difference, 0);
  EXPECT_EQ(report.verification.num_texts, static_cast<int64_t>(texts.size()));
  EXPECT_EQ(report.size_bytes, static_cast<int64_t>(fs::file_size(path)));
  EXPECT_EQ(load_artifact(path).info().num_outputs, 1);
}

TEST_F(Verify, ReportsTheLargestDifferenceWithinTheTolerance) {
  logits[2] += 1e-6f;
  const double difference = export_artifact(model.parts(), answers(), path).verification.max_difference;
  EXPECT_GT(difference, 0);
  EXPECT_LT(difference, 1e-6);
}

TEST_F(Verify, RefusesTheFirstTextThatDiffersAndWritesNoFile) {
  logits[4] += 1e-3f;
  expect_refused("text 4 has probability");
}

TEST_F(Verify, NamesTheFirstTextThatDiffersOnManyThreads) {
  for (const size_t text : {4, 7}) logits[text] += 1e-3f;
  const std::string bytes = serialize_artifact(model.parts());
  for (int repeat = 0; repeat < 20; ++repeat) {
    try {
      verify_artifact(bytes, "model.pt", {texts, logits, testing::batches_of(texts, 1), kVerifyTolerance, 4});
      FAIL() << "accepted";
    } catch (const ArtifactError& error) {
      EXPECT_THAT(error.what(), HasSubstr("text 4 has probability"));
    }
  }
}

TEST_F(Verify, RefusesAnyDifferenceWhereNoneIsAllowed) {
  logits[7] += 1e-5f;
  expect_refused("text 7 has probability", 0);
}

TEST_F(Verify, RefusesATrainerThatAnswersNaN) {
  logits[0] = std::numeric_limits<float>::quiet_NaN();
  expect_refused("text 0 has probability");
}

/// The mistake of a well-known tutorial: a network that ends in a sigmoid of its own.
TEST(VerifyArtifact, RefusesASecondSigmoid) {
  TrainedModel model = small_model();
  torch::jit::Module network("WithSigmoid");
  network.register_attribute("training", c10::BoolType::get(), false);
  network.register_module("inner", model.model().module());
  network.define(
      "def logits(self, x: Tensor, lengths: Tensor) -> Tensor:\n    return "
      "torch.sigmoid(self.inner.logits(x, lengths))\n");
  const ArtifactParts good = model.parts();
  const ArtifactParts twice{good.vectorizer, network,          good.plan, good.rule,
                            good.labels,     good.config_yaml, {},        {}};
  const std::vector<std::string> texts = sample_texts();
  const std::vector<float> logits = model.logits(texts, 8);
  EXPECT_THROW(verify_artifact(serialize_artifact(twice), "model.pt",
                               {texts, logits, {0, static_cast<int64_t>(texts.size())}}),
               ArtifactError);
}

TEST_F(Verify, CanBeStoppedAndThenWritesNoFile) {
  TrainerAnswers stopping = answers(0);
  stopping.poll = [] { throw IoError("stop"); };
  EXPECT_THROW(export_artifact(model.parts(), stopping, path), IoError);
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST_F(Verify, AsksBeforeItWritesAndWritesNoFileWhereItMayNot) {
  TrainerAnswers asking = answers(0);
  asking.before_writing = [] { throw IoError("not there"); };
  EXPECT_THROW(export_artifact(model.parts(), asking, path), IoError);
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST_F(Verify, RefusesAnswersThatDoNotBelongToTheTexts) {
  logits.pop_back();
  EXPECT_THROW(export_artifact(model.parts(), answers(), path), InternalError);
}

TEST_F(Verify, RefusesBatchesThatAreNotThoseOfTheTexts) {
  const auto all = static_cast<int64_t>(texts.size());
  for (const std::vector<int64_t>& batches : {std::vector<int64_t>{}, {0}, {1, all}, {0, 2}, {0, 2, 2, all}})
    EXPECT_THROW(export_artifact(model.parts(), {texts, logits, batches}, path), InternalError);
}

TEST_F(Verify, PlainPythonGivesTheSameAnswers) {
  const char* python = std::getenv("BERNOULLI_TORCH_PYTHON");
  if (python == nullptr) GTEST_SKIP() << "BERNOULLI_TORCH_PYTHON names no Python interpreter that has torch";
  export_artifact(model.parts(), answers(0), path);
  const std::string command =
      std::string(python) + " " + BERNOULLI_TEST_SOURCE_DIR + "/export/check_artifact.py " + path.string();
  EXPECT_EQ(std::system(command.c_str()), 0);
}

}  // namespace
}  // namespace bernoulli
