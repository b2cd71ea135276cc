#include "export/artifact.h"

#include <array>
#include <cmath>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/core/grad_mode.h>

#include "core/error.h"
#include "core/file.h"
#include "export/exported_model.h"
#include "store/seal.h"
#include "support/temporary_folder.h"

namespace bernoulli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::padded_layers;
using testing::ragged_layers;
using testing::sample_texts;
using testing::small_model;
using testing::TrainedModel;

std::vector<float> numbers(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.contiguous();
  return {flat.const_data_ptr<float>(), flat.const_data_ptr<float>() + flat.numel()};
}

Artifact opened(const TrainedModel& model) { return Artifact::parse(model.file(), "model.pt"); }

void expect_refused(const std::string& bytes, const std::string& message) {
  try {
    Artifact::parse(bytes, "model.pt");
    FAIL() << "opened";
  } catch (const ArtifactError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("model.pt"), HasSubstr(message)));
    EXPECT_EQ(error.exit_code(), ExitCode::kArtifact);
  }
}

TEST(Artifact, GivesTheTrainersLogitsToTheBitWhateverTheModel) {
  TextConfig fixed = testing::tutorial_config();
  fixed.sequence_length = 5;
  TextConfig hashed;
  hashed.hash_buckets = 50;
  std::vector<TrainedModel> models;
  models.push_back(small_model());
  models.emplace_back(fixed, padded_layers(1, "include"));
  models.emplace_back(fixed, padded_layers(3), 3);
  models.emplace_back(testing::tutorial_config(), ragged_layers(2), 2);
  models.emplace_back(hashed, ragged_layers());
  for (TrainedModel& model : models) {
    const Artifact artifact = opened(model);
    const std::vector<std::string> texts = sample_texts();
    EXPECT_EQ(numbers(artifact.logits(texts)), model.logits(texts, static_cast<int64_t>(texts.size())));
    EXPECT_EQ(artifact.logits(texts).size(1), model.model().plan().num_outputs);
  }
}

TEST(Artifact, AppliesTheSigmoidOnce) {
  const Artifact artifact = opened(small_model());
  const std::vector<std::string> texts = sample_texts();
  const std::vector<float> logits = numbers(artifact.logits(texts));
  const std::vector<float> probabilities = numbers(artifact.probabilities(texts));
  for (size_t i = 0; i < texts.size(); ++i)
    EXPECT_NEAR(probabilities[i], 1 / (1 + std::exp(-double{logits[i]})), 1e-7);
  EXPECT_TRUE(artifact.from_ids(artifact.vectorize(texts)).equal(artifact.probabilities(texts)));
}

TEST(Artifact, FromIdsAgreesWithTextForRaggedModels) {
  const Artifact artifact = opened({testing::tutorial_config(), ragged_layers()});
  EXPECT_TRUE(
      artifact.from_ids(artifact.vectorize(sample_texts())).equal(artifact.probabilities(sample_texts())));
}

TEST(Artifact, DecidesStrictlyAboveTheThresholdOfEachLabel) {
  TrainedModel model(testing::tutorial_config(), padded_layers(2), 2);
  const std::vector<std::string> texts = {"great"};
  const std::vector<float> probabilities = numbers(opened(model).probabilities(texts));
  model.rule() = {double{probabilities[0]}, std::nextafter(double{probabilities[1]}, 0.0)};
  const at::Tensor decisions = opened(model).decide(texts);
  EXPECT_FALSE(decisions.const_data_ptr<bool>()[0]);
  EXPECT_TRUE(decisions.const_data_ptr<bool>()[1]);
}

TEST(Artifact, DecidesForTheHighestLogit) {
  for (TrainedModel& model :
       std::array<TrainedModel, 2>{{{testing::tutorial_config(), padded_layers(3), 3},
                                    {testing::tutorial_config(), ragged_layers(3), 3}}}) {
    model.rule() = DecisionRule::highest();
    const Artifact artifact = opened(model);
    EXPECT_EQ(artifact.info().rule, DecisionRule::highest());
    const std::vector<float> logits = model.logits(sample_texts());
    const at::Tensor decisions = artifact.decide(sample_texts()).contiguous();
    ASSERT_EQ(decisions.sizes(), (std::vector<int64_t>{std::ssize(sample_texts()), 3}));
    for (size_t i = 0; i < logits.size(); i += 3) {
      const Decisions expected(DecisionRule::highest(), std::span(logits).subspan(i, 3));
      for (size_t label = 0; label < 3; ++label)
        EXPECT_EQ(decisions.const_data_ptr<bool>()[i + label], expected[label]) << i;
    }
    EXPECT_EQ(artifact.decide({}).sizes(), (std::vector<int64_t>{0, 3}));
  }
}

TEST(Artifact, TheHighestLogitIsTheFirstOfEqualOnesAndIsNoNaN) {
  TrainedModel model(testing::tutorial_config(), padded_layers(3), 3);
  model.rule() = DecisionRule::highest();
  model.scaling().shifts = {50, 50, 50};  // every probability is 1
  const std::vector<std::string> texts = {"great", ""};
  const std::vector<float> logits = model.logits(texts);
  const at::Tensor decisions = opened(model).decide(texts).contiguous();
  for (size_t i = 0; i < 6; ++i)
    EXPECT_EQ(decisions.const_data_ptr<bool>()[i],
              i % 3 == highest_place(std::span(logits).subspan(i / 3 * 3, 3)));
}

TEST(Artifact, ScalesTheLogitsOfEachLabel) {
  const std::vector<std::string> texts = sample_texts();
  for (TrainedModel& model :
       std::array<TrainedModel, 2>{{{testing::tutorial_config(), padded_layers(2), 2},
                                    {testing::tutorial_config(), ragged_layers(2), 2}}}) {
    const std::vector<float> plain = model.logits(texts);
    for (const LogitScaling& scaling :
         std::vector<LogitScaling>{{{1.75, 0.5}, {}}, {{}, {0.3, -2}}, {{1.75, 0.5}, {0.3, -2}}}) {
      model.scaling() = scaling;
      const std::vector<float> scaled = model.logits(texts);
      const bool divides = !scaling.temperatures.empty(), adds = !scaling.shifts.empty();
      EXPECT_EQ(scaled[0], (divides ? plain[0] / 1.75f : plain[0]) + (adds ? 0.3f : 0));
      EXPECT_EQ(scaled[1], (divides ? plain[1] / 0.5f : plain[1]) + (adds ? -2 : 0));
      EXPECT_EQ(verify_artifact(model.file(), "model.pt", {texts, scaled, testing::batches_of(texts, 3)})
                    .max_difference,
                0);
      EXPECT_THROW(verify_artifact(model.file(), "model.pt", {texts, plain, testing::batches_of(texts, 3)}),
                   ArtifactError);
      const Artifact artifact = opened(model);
      EXPECT_TRUE(
          artifact.from_ids(artifact.vectorize(texts)).allclose(artifact.probabilities(texts), 0, 1e-6));
      EXPECT_TRUE(artifact.decide(texts).equal(artifact.probabilities(texts).gt(0.5)));
      EXPECT_EQ(artifact.probabilities({}).sizes(), (std::vector<int64_t>{0, 2}));
      EXPECT_EQ(artifact.info().scaling, scaling);
    }
  }
}

TEST(Artifact, WithoutAShiftIsAFileAsBeforeThereWereShifts) {
  TrainedModel model = small_model();
  model.scaling() = {{1.75}, {}};
  EXPECT_THAT(model.file(), ::testing::Not(HasSubstr("shifts")));
  model.scaling() = {{1.75}, {0.5}};
  EXPECT_THAT(model.file(), HasSubstr("extra/shifts.json"));
}

TEST(Artifact, AnswersNoTextsWithNoRows) {
  for (const bool ragged : {false, true}) {
    const Artifact artifact =
        opened({testing::tutorial_config(), ragged ? ragged_layers(2) : padded_layers(2), 2});
    EXPECT_EQ(artifact.probabilities({}).sizes(), (std::vector<int64_t>{0, 2}));
    EXPECT_EQ(artifact.logits({}).sizes(), (std::vector<int64_t>{0, 2}));
    EXPECT_EQ(artifact.decide({}).sizes(), (std::vector<int64_t>{0, 2}));
    EXPECT_EQ(artifact.from_ids(artifact.vectorize({})).sizes(), (std::vector<int64_t>{0, 2}));
  }
}

TEST(Artifact, AnswersEmptyBrokenAndHugeTextsWithFiniteProbabilities) {
  std::string huge;
  while (huge.size() < 1000000) huge += "the movie, was great! ";
  const std::vector<std::string> texts = {"", " ", "\xFF\xC3", std::string("\0\0", 2), huge};
  for (const bool ragged : {false, true}) {
    TrainedModel model(testing::tutorial_config(), ragged ? ragged_layers() : padded_layers());
    const std::vector<float> logits = numbers(opened(model).logits(texts));
    EXPECT_EQ(logits, model.logits(texts, 5));
    for (const float logit : logits) EXPECT_TRUE(std::isfinite(logit));
  }
}

TEST(Artifact, GivesEveryThreadTheSameAnswers) {
  const Artifact artifact = opened(small_model());
  const std::vector<std::string> texts = sample_texts();
  const at::Tensor expected = artifact.probabilities(texts);
  std::array<int, 4> agreements{};
  std::vector<std::jthread> threads;
  for (int& agreed : agreements) {
    threads.emplace_back([&] {
      for (int call = 0; call < 25; ++call) agreed += artifact.probabilities(texts).equal(expected) ? 1 : 0;
    });
  }
  threads.clear();
  EXPECT_THAT(agreements, ElementsAre(25, 25, 25, 25));
}

TEST(Artifact, CarriesConfigurationLabelsThresholdsAndVersions) {
  TrainedModel model = small_model();
  model.rule() = {0.31};
  const Artifact artifact = opened(model);
  const ArtifactInfo& info = artifact.info();
  EXPECT_EQ(info.config_yaml, "task: {kind: binary}\n");
  EXPECT_EQ(info.labels.dump(), R"({"kind":"binary","names":["neg","pos"]})");
  EXPECT_THAT(info.rule.thresholds(), ElementsAre(0.31));
  EXPECT_THAT(info.pos_weight, ElementsAre(2.5));
  EXPECT_EQ(info.num_outputs, 1);
  EXPECT_EQ(info.metadata.at("vocabulary_fingerprint"), model.vectorizer().vocabulary()->fingerprint());
  EXPECT_THAT(info.metadata.at("program").get<std::string>(), HasSubstr("bernoulli "));
}

TEST(Artifact, ExportingLeavesTheModelReadyToTrainOn) {
  TrainedModel model = small_model();
  model.model().train(true);
  const std::string file = model.file();
  for (const auto& [name, parameter] : model.model().parameters())
    EXPECT_TRUE(parameter.requires_grad()) << name;
  // Dropout is off in the file though the model was training.
  const Artifact artifact = Artifact::parse(file, "model.pt");
  EXPECT_EQ(numbers(artifact.logits(sample_texts())), model.logits(sample_texts(), 8));
}

TEST(Artifact, TheSamePartsGiveTheSameBytes) {
  const TrainedModel model = small_model();
  EXPECT_EQ(model.file(), model.file());
}

TEST(Artifact, EverySingleFlippedBitIsRefused) {
  const std::string file = small_model().file();
  ASSERT_NO_THROW(check_seal(file, "model.pt"));
  std::string flipped = file;
  size_t opened_anyway = 0;
  for (size_t i = 0; i < file.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      flipped[i] = static_cast<char>(flipped[i] ^ (1 << bit));
      try {
        Artifact::parse(flipped, "model.pt");
        ++opened_anyway;
      } catch (const ArtifactError&) {
      }
      flipped[i] = file[i];
    }
  }
  EXPECT_EQ(opened_anyway, 0u);
}

TEST(Artifact, EveryTruncationAndAnyAppendedByteIsRefused) {
  const std::string file = small_model().file();
  for (size_t size = 0; size < file.size(); size += size < 200 || size + 200 > file.size() ? 1 : 97) {
    EXPECT_THROW(Artifact::parse(std::string_view(file).substr(0, size), "model.pt"), ArtifactError) << size;
  }
  expect_refused(file + " ", "does not end in bernoulli's checksum");
}

TEST(Artifact, SaysWhatIsWrongWithAFile) {
  std::string file = small_model().file();
  expect_refused("", "is no exported model");
  expect_refused("\x80\x02pickle", "is no exported model");
  expect_refused("PK\x03\x04 some other zip archive that is long enough to hold a checksum at its end",
                 "written by another program");
  file[file.size() / 2] ^= 1;
  expect_refused(file, "is damaged: its checksum says");
}

TEST(Artifact, RefusesASealedFileThatIsNoTorchScript) {
  std::string zip = "PK\x03\x04";
  zip += std::string(40, 'x') + std::string("PK\x05\x06") + std::string(18, '\0');
  expect_refused(seal_zip(zip), "cannot be loaded");
}

/// Replaces `from` by the equally long `to` in a stored (uncompressed) record and seals the file anew: what a
/// careless editor would do.
std::string edited(std::string file, const std::string& from, const std::string& to) {
  const size_t at = file.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  file.replace(at, to.size(), to);
  file.resize(file.size() - 51);
  file[file.size() - 2] = '\0';
  return seal_zip(file);
}

TEST(Artifact, RefusesAFileWhoseSelfTestFails) {
  const std::string file = small_model().file();
  expect_refused(edited(file, R"("probabilities":[[0.)", R"("probabilities":[[9.)"),
                 "fails its self-test: text 0 has probability");
  expect_refused(edited(file, R"({"texts":)", R"({"tests":)"), "has a record that cannot be read");
}

TEST(Artifact, RefusesAFormatOfTheFutureNamingBoth) {
  expect_refused(edited(small_model().file(), R"("format": 2)", R"("format": 7)"),
                 "has format 7, written by bernoulli ");
}

TEST(Artifact, RefusesToBeWrittenWithPartsThatDoNotFit) {
  TrainedModel model = small_model();
  model.rule() = {0.5, 0.5};
  EXPECT_THROW(model.file(), InternalError);
  model.rule() = {1.0};
  EXPECT_THROW(model.file(), InternalError);
  model.rule() = {0.5};
  for (const std::vector<double>& unfit : {std::vector<double>{1, 1}, {0}, {std::nan("")}}) {
    model.scaling() = {unfit, {}};
    EXPECT_THROW(model.file(), InternalError);
  }
  for (const std::vector<double>& unfit : {std::vector<double>{1, 1}, {std::nan("")}}) {
    model.scaling() = {{}, unfit};
    EXPECT_THROW(model.file(), InternalError);
  }
}

TEST(Artifact, RefusesToExportAModelThatAnswersNaN) {
  TrainedModel model = small_model();
  const at::NoGradGuard no_grad;
  for (auto& [name, parameter] : model.model().parameters()) at::Tensor(parameter).fill_(std::nan(""));
  EXPECT_THROW(model.file(), NonFiniteError);
}

TEST(LoadArtifact, ReadsAFileAndNamesItInErrors) {
  const testing::TemporaryFolder folder;
  write_file_atomic(folder.path() / "model.pt", small_model().file());
  EXPECT_EQ(load_artifact(folder.path() / "model.pt").name(), (folder.path() / "model.pt").string());
  EXPECT_THROW(load_artifact(folder.path() / "absent.pt"), IoError);
}

}  // namespace
}  // namespace bernoulli
