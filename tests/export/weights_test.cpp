#include "export/weights.h"

#include <filesystem>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ops/equal.h>

#include "core/error.h"
#include "core/file.h"
#include "export/exported_model.h"
#include "infer/artifact_info.h"
#include "support/safetensors_content.h"
#include "support/temporary_folder.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::layer;
using testing::read_safetensors;
using testing::SafetensorsContent;
using testing::TrainedModel;
using testing::write_safetensors;

/// A square weight can be transposed without changing its shape.
std::vector<KindConfig> layers_with_a_square_weight() {
  std::vector<KindConfig> layers = testing::padded_layers();
  layers.insert(
      layers.end() - 1,
      {layer("linear",
             {{"units", 4}, {"bias", true}, {"initializer", nullptr}, {"bias_initializer", nullptr}}),
       layer("batch_norm", {{"momentum", 0.1}, {"eps", 1e-5}})});
  return layers;
}

struct Weights : testing::ExportTest {
  Weights() : ExportTest({testing::tutorial_config(), layers_with_a_square_weight()}, "model.safetensors") {}

  std::string refusal(const std::string& bytes) const {
    try {
      verify_weights(bytes, "model.safetensors", model.parts(), answers());
    } catch (const ArtifactError& error) {
      return error.what();
    }
    return "accepted";
  }
  /// The file of the model after `change` was made to its content.
  template <typename Change>
  std::string changed(const Change& change) const {
    SafetensorsContent content = read_safetensors(serialize_weights(model.parts()), "model.safetensors");
    change(content);
    return write_safetensors(content);
  }
};

at::Tensor& tensor_named(SafetensorsContent& content, const std::string& name) {
  for (auto& [key, tensor] : content.tensors) {
    if (key == name) return tensor;
  }
  throw std::runtime_error("no tensor " + name);
}

TEST_F(Weights, HoldsEveryTensorByItsCheckpointNameBitForBit) {
  const ExportReport report = export_weights(model.parts(), answers(0), path);
  EXPECT_EQ(report.verification.max_difference, 0);
  EXPECT_EQ(report.verification.num_texts, static_cast<int64_t>(texts.size()));
  EXPECT_EQ(report.size_bytes, static_cast<int64_t>(fs::file_size(path)));
  SafetensorsContent content = read_safetensors(read_file(path), path.string());
  NamedTensors expected = model.model().parameters();
  for (const auto& buffer : model.model().buffers()) expected.push_back(buffer);
  ASSERT_EQ(content.tensors.size(), expected.size());
  ASSERT_EQ(expected.size(), 9u);  // the table, two linear layers, four of the batch norm
  for (const auto& [name, tensor] : expected)
    EXPECT_TRUE(at::equal(tensor_named(content, name), tensor)) << name;
}

TEST_F(Weights, CarriesWhatIsNeededToUseThem) {
  export_weights(model.parts(), answers(0), path);
  const SafetensorsContent content = read_safetensors(read_file(path), path.string());
  const ArtifactInfo info = read_artifact_info(content.metadata, path.string());
  EXPECT_EQ(info.config_yaml, "task: {kind: binary}\n");
  EXPECT_EQ(info.labels.dump(), R"({"kind":"binary","names":["neg","pos"]})");
  EXPECT_THAT(info.rule.thresholds(), ElementsAre(0.5));
  EXPECT_THAT(info.pos_weight, ElementsAre(2.5));
  EXPECT_EQ(info.metadata.at("vocabulary_fingerprint"), model.vectorizer().vocabulary()->fingerprint());
  EXPECT_EQ(info.metadata.at("format"), 2);
  EXPECT_THAT(info.metadata.at("program").get<std::string>(), HasSubstr("bernoulli "));
  EXPECT_EQ(Vocabulary::parse(content.metadata.at("vocabulary.txt"), "vocabulary").fingerprint(),
            model.vectorizer().vocabulary()->fingerprint());
}

TEST_F(Weights, AreTheNetworksAndTheScaleStandsBesideThem) {
  model.scaling() = {{1.75}, {-0.5}};
  const std::vector<float> scaled = model.logits(texts, 3);
  EXPECT_EQ(export_weights(model.parts(), {texts, scaled, testing::batches_of(texts, 3), 0}, path)
                .verification.max_difference,
            0);
  EXPECT_THROW(export_weights(model.parts(), answers(0), path), ArtifactError);
  SafetensorsContent content = read_safetensors(read_file(path), path.string());
  EXPECT_EQ(read_artifact_info(content.metadata, path.string()).scaling, (LogitScaling{{1.75}, {-0.5}}));
  const auto [name, weight] = model.model().parameters().back();
  EXPECT_TRUE(at::equal(tensor_named(content, name), weight)) << name;
}

TEST_F(Weights, HashedModelsHaveNoVocabulary) {
  TextConfig hashed;
  hashed.hash_buckets = 50;
  TrainedModel buckets(hashed, testing::ragged_layers(2), 2);
  const std::vector<float> expected = buckets.logits(texts, 8);
  const ExportReport report =
      export_weights(buckets.parts(), {texts, expected, testing::batches_of(texts, 8), 0}, path);
  EXPECT_EQ(report.verification.max_difference, 0);
  EXPECT_FALSE(read_safetensors(read_file(path), "m").metadata.contains("vocabulary.txt"));
}

TEST_F(Weights, TheSamePartsGiveTheSameBytes) {
  EXPECT_EQ(serialize_weights(model.parts()), serialize_weights(model.parts()));
}

TEST_F(Weights, ATransposedWeightIsRefused) {
  EXPECT_THAT(refusal(changed([](SafetensorsContent& content) {
                at::Tensor& weight = tensor_named(content, "linear_3.weight");
                weight = weight.t().contiguous();
              })),
              HasSubstr("its tensor 'linear_3.weight' is not the trained one"));
  EXPECT_THAT(refusal(changed([](SafetensorsContent& content) {
                at::Tensor& weight = tensor_named(content, "linear_3.weight");
                weight = weight.reshape({2, 8});
              })),
              HasSubstr("its tensor 'linear_3.weight' is not the trained one"))
      << "the same bytes in another shape";
}

TEST_F(Weights, OneChangedBitOfAWeightIsRefusedThoughTheChecksumFits) {
  EXPECT_THAT(refusal(changed([](SafetensorsContent& content) {
                *tensor_named(content, "batch_norm_4.running_mean").mutable_data_ptr<float>() = -0.0f;
              })),
              HasSubstr("its tensor 'batch_norm_4.running_mean' is not the trained one"));
}

TEST_F(Weights, ATensorThatIsMissingOrRenamedIsRefused) {
  EXPECT_THAT(refusal(changed([](SafetensorsContent& content) { content.tensors.pop_back(); })),
              HasSubstr("it holds 8 tensors, expected 9"));
  EXPECT_THAT(refusal(changed([](SafetensorsContent& content) { content.tensors.back().first = "other"; })),
              HasSubstr("it lacks the tensor '"));
}

TEST_F(Weights, ChangedMetadataAreRefused) {
  EXPECT_THAT(
      refusal(changed([](SafetensorsContent& content) { content.metadata["thresholds.json"] = "[0.25]"; })),
      HasSubstr("its metadata are not what was written"));
}

TEST_F(Weights, DamageIsRefused) {
  std::string bytes = serialize_weights(model.parts());
  bytes.back() ^= 1;
  EXPECT_THAT(refusal(bytes), HasSubstr("its checksum does not fit its bytes"));
  bytes.resize(bytes.size() / 2);
  EXPECT_THAT(refusal(bytes), HasSubstr("is not a whole safetensors file"));
}

TEST_F(Weights, WeightsThatAnswerOtherwiseThanTheTrainerAreNotWritten) {
  logits[4] += 1e-3f;
  expect_not_written("text 4 has probability", [&] { export_weights(model.parts(), answers(), path); });
}

TEST_F(Weights, RefusesNaNAndAnswersThatDoNotBelongToTheTexts) {
  logits[0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(export_weights(model.parts(), answers(), path), ArtifactError);
  logits.pop_back();
  EXPECT_THROW(export_weights(model.parts(), answers(), path), InternalError);
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST_F(Weights, RefusesBatchesThatAreNotThoseOfTheTexts) {
  EXPECT_THROW(export_weights(model.parts(), {texts, logits, {}}, path), InternalError);
}

TEST_F(Weights, CanBeStoppedAndThenWritesNoFile) {
  TrainerAnswers stopping = answers(0);
  stopping.poll = [] { throw IoError("stop"); };
  EXPECT_THROW(export_weights(model.parts(), stopping, path), IoError);
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

}  // namespace
}  // namespace bernoulli
