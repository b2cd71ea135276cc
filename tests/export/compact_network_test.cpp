#include "export/compact_network.h"

#include <cmath>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/core/grad_mode.h>
#include <c10/util/Half.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>

#include "core/error.h"
#include "export/artifact.h"
#include "export/exported_model.h"
#include "export/onnx.h"
#include "export/onnx_verify.h"
#include "export/weights.h"
#include "store/seal.h"

namespace bernoulli {
namespace {

using ::testing::HasSubstr;
using testing::layer;
using testing::padded_layers;
using testing::ragged_layers;
using testing::sample_texts;
using testing::TrainedModel;

ExportConfig form(const std::string& weights, bool fold = false, const std::string& buckets = "all") {
  ExportConfig form;
  form.weights = weights;
  form.fold = fold;
  form.buckets = buckets;
  return form;
}

/// A trained model and its compact form, as parts of files.
struct Compacted {
  Compacted(TrainedModel& model, const ExportConfig& form, const std::vector<bool>& used = {})
      : trained(model), compact(compact_network(model.model(), form, model.vectorizer().config(), used)) {}

  ArtifactParts parts() const {
    const ArtifactParts plain = trained.parts();
    return {plain.vectorizer, compact.network.module(),  compact.network.plan(), plain.rule,
            plain.labels,     plain.config_yaml,         plain.pos_weight,       plain.scaling,
            &compact.table,   {{"weights", "of a test"}}};
  }
  std::vector<float> logits(const std::vector<std::string>& texts) {
    return answers_of(compact.network, trained.vectorizer(), texts, testing::batches_of(texts, 3), {});
  }

  TrainedModel& trained;
  CompactNetwork compact;
};

TextConfig hashed_config() {
  TextConfig text;
  text.hash_buckets = 50;
  return text;
}

std::vector<bool> used_by(const TrainedModel& model, const std::vector<std::string>& texts) {
  std::vector<bool> used(static_cast<size_t>(model.vectorizer().num_ids()));
  const TokenRows rows = model.vectorizer().transform(texts);
  for (const int32_t id : rows.ids) used[static_cast<size_t>(id)] = true;
  return used;
}

std::vector<KindConfig> deep_layers() {
  std::vector<KindConfig> layers = padded_layers(3);
  layers.push_back(layer("relu", nlohmann::ordered_json::object()));
  layers.push_back(padded_layers(1).back());
  return layers;
}

std::vector<ExportConfig> forms(bool folds) {
  std::vector<ExportConfig> all;
  for (const char* weights : {"float32", "float16", "int8"}) {
    all.push_back(form(weights));
    if (folds) all.push_back(form(weights, true));
  }
  return all;
}

/// Every format answers like the trainer's path with the rounded weights.
void expect_verified(Compacted& compacted) {
  const std::vector<std::string> texts = sample_texts();
  const std::vector<float> logits = compacted.logits(texts);
  const TrainerAnswers answers{texts, logits, testing::batches_of(texts, 3), 0};
  const ArtifactParts parts = compacted.parts();
  EXPECT_EQ(verify_artifact(serialize_artifact(parts), "model.pt", answers).max_difference, 0);
  EXPECT_EQ(verify_weights(serialize_weights(parts), "model.safetensors", parts, answers).max_difference, 0);
  EXPECT_LE(verify_onnx(serialize_onnx(parts), "model.onnx", parts, answers).max_difference, 1e-6);
}

TEST(CompactNetwork, FilesOfEveryFormAnswerLikeTheTrainersPathToTheBit) {
  TextConfig fixed = testing::tutorial_config();
  fixed.sequence_length = 5;
  std::vector<std::pair<TrainedModel, bool>> models;
  models.emplace_back(TrainedModel(testing::tutorial_config(), padded_layers()), true);
  models.emplace_back(TrainedModel(fixed, padded_layers(3, "include"), 3), true);
  models.emplace_back(TrainedModel(testing::tutorial_config(), ragged_layers(2), 2), true);
  models.emplace_back(TrainedModel(testing::tutorial_config(), deep_layers()), false);
  models.emplace_back(TrainedModel(hashed_config(), ragged_layers()), true);
  for (auto& [model, folds] : models) {
    for (const ExportConfig& each : forms(folds)) {
      SCOPED_TRACE(each.weights + (each.fold ? " folded" : ""));
      Compacted compacted(model, each);
      expect_verified(compacted);
    }
  }
}

TEST(CompactNetwork, BucketsThatNoTextHasAreZerosAndNotStored) {
  TrainedModel model(hashed_config(), ragged_layers());
  const std::vector<bool> used = used_by(model, {"the movie was great", "bad"});
  for (const ExportConfig& each : forms(true)) {
    SCOPED_TRACE(each.weights + (each.fold ? " folded" : ""));
    Compacted compacted(model, form(each.weights, each.fold, "used"), used);
    EXPECT_EQ(compacted.compact.table.stored_rows, 6) << "five words and the padding";
    expect_verified(compacted);
    const std::vector<float> logits = compacted.logits({"", "quite unheard of"});
    if (each.weights != "int8") {
      EXPECT_EQ(logits[1], logits[0]);
    }
  }
}

TEST(CompactNetwork, FoldingChangesNothingButRounding) {
  for (const bool ragged : {false, true}) {
    TrainedModel model(testing::tutorial_config(), ragged ? ragged_layers(3) : padded_layers(3), 3);
    const std::vector<float> trained = model.logits(sample_texts());
    Compacted compacted(model, form("float32", true));
    const std::vector<float> folded = compacted.logits(sample_texts());
    ASSERT_EQ(folded.size(), trained.size());
    for (size_t i = 0; i < folded.size(); ++i) EXPECT_NEAR(folded[i], trained[i], 1e-6);
    EXPECT_EQ(compacted.compact.table.columns, 3);
  }
}

TEST(CompactNetwork, RoundsFloat16AsLibTorchDoes) {
  TrainedModel model = testing::small_model();
  const Compacted compacted(model, form("float16"));
  const at::Tensor trained = model.model().parameters().front().second.detach();
  const at::Tensor kept = compacted.compact.network.parameters().front().second.detach();
  EXPECT_TRUE(kept.equal(trained.to(at::kHalf).to(at::kFloat)));
}

TEST(CompactNetwork, TheTableStaysSmallInMemory) {
  TrainedModel model(hashed_config(), ragged_layers());
  const Compacted compacted(model, form("int8", false, "used"), used_by(model, {"bad"}));
  std::istringstream stream(serialize_artifact(compacted.parts()));
  const torch::jit::Module file = torch::jit::load(stream);
  const at::Tensor table =
      file.attr("model").toModule().attr("embedding_bag_0").toModule().attr("weight").toTensor();
  EXPECT_EQ(table.scalar_type(), at::kChar);
  EXPECT_EQ(table.sizes(), (std::vector<int64_t>{51, 4}));
}

TEST(CompactNetwork, TheSameRunGivesTheSameBytes) {
  TrainedModel model(hashed_config(), ragged_layers());
  const Compacted compacted(model, form("int8", true, "used"), used_by(model, {"bad"}));
  EXPECT_EQ(serialize_artifact(compacted.parts()), serialize_artifact(compacted.parts()));
}

TEST(CompactNetwork, FilesWithBrokenScalesFailTheirSelfTest) {
  TrainedModel model = testing::small_model();
  const Compacted compacted(model, form("int8"));
  std::string file = serialize_artifact(compacted.parts());
  const std::vector<float>& scales = compacted.compact.table.scales;
  const std::string bytes(reinterpret_cast<const char*>(scales.data()), scales.size() * sizeof(float));
  const size_t at = file.find(bytes);
  ASSERT_NE(at, std::string::npos);
  for (size_t scale = 0; scale < scales.size(); ++scale) file[at + scale * 4 + 3] ^= 0x40;
  file.resize(file.size() - 51);
  file[file.size() - 2] = '\0';
  try {
    Artifact::parse(seal_zip(std::move(file)), "model.pt");
    FAIL() << "opened";
  } catch (const ArtifactError& error) {
    EXPECT_THAT(error.what(), HasSubstr("self-test"));
  }
}

TEST(CompactNetwork, RefusesToFoldWhatIsNotLinear) {
  TrainedModel model(testing::tutorial_config(), deep_layers());
  try {
    Compacted compacted(model, form("float32", true));
    FAIL() << "folded";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("export.fold"));
    EXPECT_THAT(error.what(), HasSubstr("relu behind the pool (relu_4)"));
  }
}

}  // namespace
}  // namespace bernoulli
