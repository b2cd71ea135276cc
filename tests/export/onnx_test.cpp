#include "export/onnx.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/zeros.h>

#include "core/error.h"
#include "core/file.h"
#include "core/random.h"
#include "export/exported_model.h"
#include "export/onnx_model.h"
#include "export/onnx_verify.h"
#include "infer/artifact_info.h"
#include "layers/plan_fixture.h"
#include "support/program.h"
#include "support/temporary_folder.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::sample_texts;
using testing::TrainedModel;

TextConfig text_config(bool fixed_length = false) {
  TextConfig text = testing::tutorial_config();
  text.sequence_length = fixed_length ? std::optional<int64_t>(6) : std::nullopt;
  return text;
}

/// A model of two outputs with numbers in every tensor, running statistics among them.
TrainedModel model_of(const std::string& layers, bool fixed_length = false) {
  TrainedModel model(text_config(fixed_length), testing::model(layers).layers, 2);
  const at::NoGradGuard no_grad;
  Random random(5);
  for (const NamedTensors& tensors : {model.model().parameters(), model.model().buffers()}) {
    for (const auto& [name, tensor] : tensors) {
      float* const values = tensor.mutable_data_ptr<float>();
      const bool positive = name.ends_with("running_var");
      for (int64_t i = 0; i < tensor.numel(); ++i)
        values[i] = static_cast<float>((positive ? 0.25 : -1.0) + 2 * random.uniform());
    }
  }
  return model;
}

struct Case {
  std::string layers;
  bool fixed_length = false;
};

/// Every kind of layer, every value of its keys that changes its nodes, on sequences and on vectors.
const std::vector<Case>& every_kind() {
  static const std::vector<Case> cases = {
      {"[{embedding: 4}, {dropout: 0.5}, {mean_pool: {padding: exclude}}, {linear: 2}]"},
      {"[{embedding: 4}, {spatial_dropout: 0.5}, {sum_pool: {padding: exclude}}, {linear: 2}]"},
      {"[{embedding: 4}, {word_dropout: 0.5}, {max_pool: {padding: exclude}}, {linear: 2}]"},
      {"[{embedding: 4}, {mean_pool: {padding: include}}, {linear: 2}]", true},
      {"[{embedding: 4}, {sum_pool: {padding: include}}, {linear: 2}]", true},
      {"[{embedding: 4}, {max_pool: {padding: include}}, {linear: 2}]", true},
      {"[{embedding: 4}, {max_pool: {padding: exclude}}, {linear: 2}]", true},
      {"[{embedding_bag: {dim: 4, mode: sum}}, {linear: 2}]"},
      {"[{embedding_bag: {dim: 4, mode: mean}}, {linear: 2}]"},
      {"[{embedding_bag: {dim: 4, mode: max}}, {linear: 2}]"},
      {"[{embedding_bag: {dim: 4, mode: mean}}, {linear: 2}]", true},
      {"[{embedding: 4}, {linear: 3}, relu, mean_pool, {linear: 2}]"},
      {"[{embedding: 4}, {leaky_relu: 0.3}, sum_pool, leaky_relu, {linear: 2}]"},
      {"[{embedding: 4}, tanh, mean_pool, tanh, {linear: {units: 2, bias: false}}]"},
      {"[{embedding: 4}, gelu, sum_pool, {gelu: tanh}, {linear: 2}]"},
      {"[{embedding: 4}, sigmoid, mean_pool, silu, {linear: 2}]"},
      {"[{embedding: 4}, layer_norm, mean_pool, {layer_norm: 0.1}, {linear: 4}, {linear: 2}]"},
      {"[{embedding_bag: 4}, {batch_norm: {eps: 0.1}}, {linear: 4}, batch_norm, relu, {linear: 2}]"},
      {"[{embedding_bag: {dim: 4, initializer: naive_bayes}}, {linear: 2}]"},
      {"[{embedding: 4}, {conv1d: {channels: 3, kernel_size: 3}}, relu, max_pool, {linear: 2}]"},
      {"[{embedding: 4}, {conv1d: {channels: 3, kernel_size: 4, dilation: 2}}, mean_pool, {linear: 2}]"},
      {"[{embedding: 4}, {conv1d: {channels: 3, kernel_size: 2, padding: include, bias: false}}, {mean_pool: "
       "{padding: include}}, {linear: 2}]",
       true},
      {"[{embedding: 4}, {attention_pool: 3}, {linear: 2}]"},
      {"[{embedding: 4}, {gru: 3}, mean_pool, {linear: 2}]"},
      {"[{embedding: 4}, {gru: {units: 3, bidirectional: true, output: last}}, {linear: 2}]"},
      {"[{embedding: 4}, {lstm: {units: 3, output: last}}, {linear: 2}]"},
      {"[{embedding: 4}, {lstm: {units: 3, bidirectional: true}}, {attention_pool: 2}, {linear: 2}]", true},
      {"[{embedding: 4}, {parallel: [[{conv1d: {channels: 3, kernel_size: 3}}, relu, max_pool], [{dropout: "
       "0.5}, "
       "{conv1d: {channels: 2, kernel_size: 4}}, max_pool], [mean_pool]]}, {linear: 2}]"},
      {"[{embedding: 4}, {parallel: {join: sum, branches: [[], [{conv1d: {channels: 4, kernel_size: 3}}, "
       "tanh], "
       "[{linear: 4}]]}}, {parallel: [[max_pool], [{parallel: [[{linear: 3}], []]}, mean_pool]]}, {linear: "
       "2}]"}};
  return cases;
}

TEST(Onnx, EveryKindOfLayerIsAmongTheModelsOfTheseTests) {
  std::set<std::string> missing;
  for (const layers::LayerKind& kind : layers::layer_kinds()) missing.insert(kind.schema.name);
  for (const Case& each : every_kind()) {
    for (const KindConfig& layer : testing::model(each.layers).layers) missing.erase(layer.kind);
  }
  EXPECT_THAT(missing, ::testing::IsEmpty());
}

TEST(Onnx, ScalesTheLogitsOfEachLabel) {
  const testing::TemporaryFolder folder;
  TrainedModel model = model_of("[{embedding: 4}, {mean_pool: {padding: exclude}}, {linear: 2}]");
  const std::vector<std::string> texts = sample_texts();
  const std::vector<float> plain = model.logits(texts, 3);
  model.scaling() = {{1.75, 0.5}, {0.3, -2}};
  const std::vector<float> scaled = model.logits(texts, 3);
  const fs::path path = folder / "model.onnx";
  EXPECT_LE(export_onnx(model.parts(), {texts, scaled, testing::batches_of(texts, 3)}, path)
                .verification.max_difference,
            3e-7);
  EXPECT_THROW(export_onnx(model.parts(), {texts, plain, testing::batches_of(texts, 3)}, path),
               ArtifactError);
  EXPECT_EQ(OnnxModel::parse(read_file(path), "model.onnx").metadata().at("temperatures.json"), "[1.75,0.5]");
  EXPECT_EQ(OnnxModel::parse(read_file(path), "model.onnx").metadata().at("shifts.json"), "[0.3,-2.0]");
}

TEST(Onnx, ComputesWhatTheNetworkComputesWhateverTheLayers) {
  const testing::TemporaryFolder folder;
  for (const Case& each : every_kind()) {
    SCOPED_TRACE(each.layers);
    TrainedModel model = model_of(each.layers, each.fixed_length);
    const std::vector<std::string> texts = sample_texts();
    const std::vector<float> logits = model.logits(texts, 3);
    const fs::path path = folder / "model.onnx";
    const ExportReport report =
        export_onnx(model.parts(), {texts, logits, testing::batches_of(texts, 3)}, path);
    EXPECT_LE(report.verification.max_difference, 3e-7);
    EXPECT_EQ(report.verification.num_texts, static_cast<int64_t>(texts.size()));
    EXPECT_EQ(report.size_bytes, static_cast<int64_t>(fs::file_size(path)));
  }
}

TEST(Onnx, OnnxRuntimeGivesTheSameAnswersWhateverTheLayers) {
  const char* python = std::getenv("BERNOULLI_PYTHON");
  if (python == nullptr) GTEST_SKIP() << "BERNOULLI_PYTHON names no interpreter";
  if (testing::run_program({python, "-c", "import onnx, onnxruntime, numpy"}).exit_code != 0)
    GTEST_SKIP() << python << " has no onnx, onnxruntime and numpy";
  const testing::TemporaryFolder folder;
  std::vector<std::string> words = {python, std::string(BERNOULLI_TEST_SOURCE_DIR) + "/export/check_onnx.py",
                                    "--tolerance", "2e-5"};
  for (const Case& each : every_kind()) {
    words.push_back(folder.write(std::to_string(words.size()) + ".onnx",
                                 serialize_onnx(model_of(each.layers, each.fixed_length).parts())));
  }
  const auto result = testing::run_program(words);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n'),
            static_cast<std::ptrdiff_t>(every_kind().size()))
      << result.out;
}

struct OnnxFile : testing::ExportTest {
  OnnxFile()
      : ExportTest(model_of("[{embedding: 4}, mean_pool, {linear: 4}, tanh, layer_norm, {linear: 2}]"),
                   "model.onnx") {}

  std::string refusal(const std::string& bytes) const {
    try {
      verify_onnx(bytes, "model.onnx", model.parts(), answers());
    } catch (const ArtifactError& error) {
      EXPECT_THAT(error.what(), HasSubstr("'model.onnx'"));
      return error.what();
    }
    return "accepted";
  }
  /// The file in which layer `index` has other nodes than its own.
  std::string with_layer(size_t index, layers::OnnxWriter onnx) const {
    const ArtifactParts parts = model.parts();
    layers::ModelPlan plan = parts.plan;
    plan.layers[index].plan.onnx = std::move(onnx);
    return serialize_onnx({parts.vectorizer,
                           parts.network,
                           plan,
                           parts.rule,
                           parts.labels,
                           parts.config_yaml,
                           parts.pos_weight,
                           {}});
  }
  /// The file with the first `from` replaced by the equally long `to`.
  std::string edited(const std::string& from, const std::string& to) const {
    std::string bytes = serialize_onnx(model.parts());
    const size_t at = bytes.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    EXPECT_EQ(from.size(), to.size());
    return bytes.replace(at, to.size(), to);
  }
};

TEST_F(OnnxFile, HoldsEveryWeightByItsCheckpointNameBitForBit) {
  const OnnxModel file = OnnxModel::parse(serialize_onnx(model.parts()), "model.onnx");
  for (const auto& [name, tensor] : model.model().parameters())
    EXPECT_TRUE(at::equal(file.initializers().at(name), tensor)) << name;
}

TEST_F(OnnxFile, CarriesWhatIsNeededToUseIt) {
  const OnnxModel file = OnnxModel::parse(serialize_onnx(model.parts()), "model.onnx");
  const ArtifactInfo info = read_artifact_info(file.metadata(), "model.onnx");
  EXPECT_EQ(info.config_yaml, "task: {kind: binary}\n");
  EXPECT_EQ(info.labels.dump(), R"({"kind":"multi_label","names":["label 0","label 1"]})");
  EXPECT_THAT(info.rule.thresholds(), ElementsAre(0.5, 0.5));
  EXPECT_EQ(info.metadata.at("vocabulary_fingerprint"), model.vectorizer().vocabulary()->fingerprint());
  EXPECT_EQ(Vocabulary::parse(file.metadata().at("vocabulary.txt"), "vocabulary").fingerprint(),
            model.vectorizer().vocabulary()->fingerprint());
  const auto self_test = nlohmann::json::parse(file.metadata().at("self_test.json"));
  EXPECT_EQ(self_test["texts"][2], "The movie was great! I loved every minute of it.");
  EXPECT_EQ(self_test["ids"][2], nlohmann::json({2, 3, 4, 5, 1, 1, 1, 1, 1, 1}));
  EXPECT_EQ(self_test["ids"][0], nlohmann::json::array());
  EXPECT_EQ(self_test["probabilities"].size(), self_test["texts"].size());
}

TEST_F(OnnxFile, AnEmptyTextHasZerosBehindThePoolAndPaddingCountsForNothing) {
  const OnnxModel file = OnnxModel::parse(serialize_onnx(model.parts()), "model.onnx");
  at::Tensor ids = at::zeros({2, 5}, at::kLong);
  ids[1][0] = 3;
  at::Tensor short_ids = ids.slice(1, 0, 1);
  const OnnxModel::Answers answers = file.answer(ids);
  EXPECT_TRUE(at::equal(answers.probabilities, file.answer(short_ids).probabilities));
  const std::vector<float> expected = model.logits({"", "movie"}, 2);
  for (int64_t i = 0; i < 4; ++i)
    EXPECT_NEAR(answers.logits.const_data_ptr<float>()[i], expected[static_cast<size_t>(i)], 1e-6);
}

TEST_F(OnnxFile, TheSamePartsGiveTheSameBytes) {
  EXPECT_EQ(serialize_onnx(model.parts()), serialize_onnx(model.parts()));
}

TEST_F(OnnxFile, ATransposedWeightIsRefused) {
  const at::Tensor weight = model.model().parameters()[1].second.detach();  // linear_2.weight, square
  const std::string trained(static_cast<const char*>(weight.const_data_ptr()), weight.nbytes());
  const at::Tensor turned = weight.t().contiguous();
  EXPECT_THAT(refusal(edited(trained, {static_cast<const char*>(turned.const_data_ptr()), turned.nbytes()})),
              HasSubstr("in float64 its probabilities of text 0 differ by "));
}

TEST_F(OnnxFile, ASecondSigmoidIsRefused) {
  const layers::OnnxWriter linear = model.model().plan().layers[5].plan.onnx;
  EXPECT_THAT(
      refusal(with_layer(5, [&](layers::OnnxGraph& graph,
                                const std::string& x) { return graph.add("Sigmoid", {linear(graph, x)}); })),
      HasSubstr("in float64 its probabilities of text 0 differ by "));
}

TEST_F(OnnxFile, AMaskThatIsForgottenIsRefused) {
  EXPECT_THAT(
      refusal(with_layer(1, [](layers::OnnxGraph& graph,
                               const std::string& x) { return graph.over_positions("ReduceMean", x); })),
      HasSubstr("in float64 its probabilities of text"));
}

TEST_F(OnnxFile, AnOperatorThatIsNotCheckedIsRefused) {
  EXPECT_THAT(refusal(with_layer(3, layers::onnx_operator("Softsign"))),
              HasSubstr("has a node 'tanh_3/Softsign_13' (Softsign) that cannot be evaluated"));
}

TEST_F(OnnxFile, AnOperatorWithAnInputTooManyIsRefused) {
  EXPECT_THAT(refusal(with_layer(3,
                                 [](layers::OnnxGraph& graph, const std::string& x) {
                                   return graph.add("Tanh", {x, x});
                                 })),
              HasSubstr("cannot be evaluated: it has 2 inputs, expected 1"));
}

TEST_F(OnnxFile, TwoTensorsOfOneNameAreRefused) {
  std::string bytes = serialize_onnx(model.parts());
  const std::string second = "linear_5.weight", first = "linear_2.weight";
  for (size_t at; (at = bytes.find(second)) != std::string::npos;) bytes.replace(at, first.size(), first);
  EXPECT_THAT(refusal(bytes), HasSubstr("two tensors are called 'linear_2.weight'"));
}

TEST_F(OnnxFile, AWeightThatDoesNotFitIsRefused) {
  EXPECT_THAT(refusal(with_layer(5,
                                 [](layers::OnnxGraph& graph, const std::string& x) {
                                   return graph.add("MatMul", {x, graph.parameter("weight")});
                                 })),
              AllOf(HasSubstr("has a node 'linear_5/MatMul_"), HasSubstr("cannot be evaluated: ")));
}

TEST_F(OnnxFile, AnotherEpsilonIsRefused) {
  const float epsilon = 1e-5f, other = 1e-3f;
  EXPECT_THAT(refusal(edited({reinterpret_cast<const char*>(&epsilon), 4},
                             {reinterpret_cast<const char*>(&other), 4})),
              HasSubstr("in float64 its probabilities of text"));
}

TEST_F(OnnxFile, ChangedMetadataAreRefused) {
  EXPECT_THAT(refusal(edited("[0.5,0.5]", "[0.5,0.4]")), HasSubstr("its metadata are not what was written"));
}

TEST_F(OnnxFile, EveryTruncationIsRefused) {
  const std::string bytes = serialize_onnx(model.parts());
  for (size_t size = 0; size<bytes.size(); size += size + 300> bytes.size() ? 1 : 211)
    EXPECT_NE(refusal(bytes.substr(0, size)), "accepted") << size;
}

TEST_F(OnnxFile, SaysWhatIsWrongWithAFile) {
  EXPECT_THAT(refusal(""), HasSubstr("is no ONNX model of this program: it has operator set 0, expected 18"));
  EXPECT_THAT(refusal("PK\x03\x04 something"), HasSubstr("is no ONNX model of this program"));
  EXPECT_THAT(refusal(edited("tanh_3/Tanh", "tanh_3/Tonh")), HasSubstr("has no value 'tanh_3/Tanh"));
  EXPECT_THAT(refusal(edited("linear_5.weight", "linear_5.wEight")), HasSubstr("has no value '"));
}

TEST_F(OnnxFile, AModelThatAnswersOtherwiseThanTheTrainerIsNotWritten) {
  logits[9] += 1e-2f;
  expect_not_written("text 4 has probability", [&] { export_onnx(model.parts(), answers(), path); });
}

TEST_F(OnnxFile, RefusesBatchesThatAreNotThoseOfTheTexts) {
  EXPECT_THROW(export_onnx(model.parts(), {texts, logits, {}}, path), InternalError);
}

TEST_F(OnnxFile, CanBeStoppedAndThenWritesNoFile) {
  TrainerAnswers stopping = answers();
  stopping.poll = [] { throw IoError("stop"); };
  EXPECT_THROW(export_onnx(model.parts(), stopping, path), IoError);
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST_F(OnnxFile, NaNWeightsAreRefusedAsSuch) {
  model.model().parameters()[0].second.detach().fill_(std::numeric_limits<float>::quiet_NaN());
  EXPECT_THROW(serialize_onnx(model.parts()), NonFiniteError);
}

TEST_F(OnnxFile, ALayerWithoutOperatorsIsRefusedByNameWithWhatToUseInstead) {
  try {
    with_layer(3, nullptr);
    FAIL() << "written";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("its layer tanh_3 (tanh) has no ONNX operators; use --format "
                                        "torchscript or safetensors"));
    EXPECT_EQ(error.exit_code(), ExitCode::kUsage);
  }
}

/// Two GiB of weights that take no memory: every row is the same one.
TEST(OnnxLimit, MoreThanProtobufHoldsIsRefusedWithWhatToUseInstead) {
  TrainedModel small = model_of("[{embedding: 4}, mean_pool, {linear: 2}]");
  const int64_t rows = small.vectorizer().num_ids(), dim = int64_t{1} << 26;
  layers::ModelPlan plan = small.model().plan();
  plan.layers.resize(1);
  plan.layers[0].plan.parameters[0].shape = {rows, dim};
  const Sequential huge(plan, NamedTensors{{"embedding_0.weight", at::zeros({1}).expand({rows, dim})}},
                        c10::kCPU);
  const ArtifactParts parts = small.parts();
  try {
    serialize_onnx(
        {parts.vectorizer, huge.module(), plan, parts.rule, parts.labels, parts.config_yaml, {}, {}});
    FAIL() << "written";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(),
                HasSubstr("a file holds at most 2 GiB; use --format torchscript or safetensors"));
  }
}

}  // namespace
}  // namespace bernoulli
