#include "export/torchscript.h"

#include <algorithm>
#include <cmath>
#include <ostream>
#include <streambuf>

#include <fmt/format.h>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/add.h>
#include <ATen/ops/any.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/div.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/isnan.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/tensor.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/runtime/graph_executor.h>

#include "core/error.h"
#include "core/version.h"
#include "export/packed_layer.h"
#include "export/script_vectorizer.h"
#include "infer/classifier.h"
#include "model/features.h"
#include "store/artifact_files.h"
#include "store/native_index.h"
#include "store/seal.h"
#include "store/zip_deflate.h"
#include "text/token_block.h"

namespace bernoulli {
namespace {

using Json = nlohmann::ordered_json;
using torch::jit::Module;

// dtype 4 is int64 and 6 float32: define() does not know their names. Every operator costs a microsecond or
// two, which is what one review's time is made of: none runs that has nothing to do.
constexpr const char* kNetworkLogits = R"(
def network_logits(self, x: Tensor, lengths: Tensor) -> Tensor:
    if lengths.size(0) == 0:
        return torch.zeros([0, self.num_outputs], dtype=6, device=self.thresholds.device)
    logits = self.model.logits(x, lengths)
    if logits.dtype != 6:
        logits = logits.to(6)
)";

constexpr const char* kPaddedLogits = R"(
def ids_logits(self, ids: Tensor) -> Tensor:
    assert ids.dim() == 2, "from_ids takes ids [N, T]"
    x = ids.to(self.thresholds.device, 4)
    return self.network_logits(x, torch.sum(torch.ne(x, 0), [1]))

def logits(self, texts: List[str]) -> Tensor:
    return self.ids_logits(self.vectorize(texts))
)";

// No layer looks at the lengths: x stands in for them, as only their number is asked for.
constexpr const char* kPaddedLogitsWithoutLengths = R"(
def ids_logits(self, ids: Tensor) -> Tensor:
    assert ids.dim() == 2, "from_ids takes ids [N, T]"
    x = ids.to(self.thresholds.device, 4)
    return self.network_logits(x, x)

def logits(self, texts: List[str]) -> Tensor:
    return self.ids_logits(self.vectorize(texts))
)";

constexpr const char* kRaggedLogits = R"(
def ids_logits(self, ids: Tensor) -> Tensor:
    assert ids.dim() == 2, "from_ids takes ids [N, T]"
    x = ids.to(self.thresholds.device, 4)
    real = torch.ne(x, 0)
    return self.network_logits(torch.masked_select(x, real), torch.sum(real, [1]))

def logits(self, texts: List[str]) -> Tensor:
    ids: List[int] = []
    lengths: List[int] = []
    for row in self.encode(texts):
        ids += row
        lengths.append(len(row))
    device = self.thresholds.device
    return self.network_logits(torch.tensor(ids, dtype=4, device=device),
                               torch.tensor(lengths, dtype=4, device=device))
)";

// The only sigmoids of the file.
constexpr const char* kProbabilities = R"(
def forward(self, texts: List[str]) -> Tensor:
    return torch.sigmoid(self.logits(texts))

def from_ids(self, ids: Tensor) -> Tensor:
    return torch.sigmoid(self.ids_logits(ids))
)";

constexpr const char* kDecideByThresholds = R"(
def decide(self, texts: List[str]) -> Tensor:
    return torch.gt(self.forward(texts), self.thresholds)
)";

// highest_place: argmax would take NaN.
constexpr const char* kDecideByHighest = R"(
def decide(self, texts: List[str]) -> Tensor:
    logits = torch.nan_to_num(self.logits(texts), float("-inf"), float("inf"), float("-inf"))
    return torch.eq(self.label_numbers, torch.argmax(logits, 1, True))
)";

/// Larger archives are written in another way (zip64) than deflate_zip reads.
constexpr size_t kMostDeflated = size_t{1} << 31;

/// What is written to a stream, without the copies that a string stream makes of large tables.
struct StringBuffer : std::streambuf {
  explicit StringBuffer(size_t expected) { bytes.reserve(expected); }
  std::streamsize xsputn(const char* text, std::streamsize count) override {
    bytes.append(text, static_cast<size_t>(count));
    return count;
  }
  int_type overflow(int_type character) override {
    if (character != traits_type::eof()) bytes.push_back(traits_type::to_char_type(character));
    return traits_type::not_eof(character);
  }
  std::string bytes;
};

/// The network for inference on the CPU: no gradients, no dropout. Tensors that are there, and of that type,
/// stay where they are.
Module inference_copy(const Module& network, at::ScalarType dtype = at::kFloat) {
  Module copy = network.copy();
  for (const auto& child : network.named_children())
    copy.setattr(child.name, inference_copy(child.value, dtype)._ivalue());
  const auto detach = [&](const auto& named_tensors) {
    for (const auto& item : named_tensors) {
      const at::ScalarType kept = item.value.is_floating_point() ? dtype : item.value.scalar_type();
      copy.setattr(item.name, item.value.detach().to(at::kCPU, kept));
    }
  };
  detach(network.named_parameters(/*recurse=*/false));
  detach(network.named_buffers(/*recurse=*/false));
  copy.eval();
  return copy;
}

/// The last line of network_logits.
std::string return_scaled(const LogitScaling& scaling) {
  std::string logits = "logits";
  if (!scaling.temperatures.empty()) logits = fmt::format("torch.div({}, self.temperatures)", logits);
  if (!scaling.shifts.empty()) logits = fmt::format("torch.add({}, self.shifts)", logits);
  return fmt::format("    return {}\n", logits);
}

Module classifier_module(const ArtifactParts& parts, const Module& network) {
  Module module("bernoulli.Classifier");
  module.register_attribute("training", c10::BoolType::get(), false);
  module.register_attribute("num_outputs", c10::IntType::get(), parts.plan.num_outputs);
  const DecisionRule& rule = parts.rule;
  module.register_buffer("thresholds", at::tensor(rule.thresholds(), at::kDouble));
  if (rule.takes_highest())
    module.register_buffer("label_numbers", at::arange(parts.plan.num_outputs, at::kLong));
  module.register_module("model", network);
  define_vectorizer(module, parts.vectorizer);
  const LogitScaling& scaling = parts.scaling;
  if (!scaling.temperatures.empty())
    module.register_buffer("temperatures", at::tensor(scaling.temperatures, at::kFloat));
  if (!scaling.shifts.empty()) module.register_buffer("shifts", at::tensor(scaling.shifts, at::kFloat));
  module.define(kNetworkLogits + return_scaled(scaling));
  module.define(parts.plan.ragged_input      ? kRaggedLogits
                : parts.plan.reads_lengths() ? kPaddedLogits
                                             : kPaddedLogitsWithoutLengths);
  module.define(kProbabilities);
  module.define(rule.takes_highest() ? kDecideByHighest : kDecideByThresholds);
  return module;
}

std::vector<float> values_of(const at::Tensor& tensor) {
  const at::Tensor values = tensor.to(at::kFloat).contiguous();
  return {values.const_data_ptr<float>(), values.const_data_ptr<float>() + values.numel()};
}

/// @param logits  N*L, float32, of the texts
std::vector<double> self_test_tolerances(const ArtifactParts& parts, const std::vector<std::string>& texts,
                                         const Features& features, const std::vector<float>& logits) {
  const at::Tensor exact = exact_logits(exact_network(parts.network), features, parts.scaling).contiguous();
  const auto width = static_cast<size_t>(parts.plan.num_outputs);
  std::vector<double> noise(texts.size(), 0);
  for (size_t i = 0; i < logits.size(); ++i) {
    const double difference = std::abs(exact.const_data_ptr<double>()[i] - double{logits[i]});
    if (std::isfinite(difference)) noise[i / width] = std::max(noise[i / width], difference);
  }
  std::vector<double> tolerances;
  for (const std::string& text : texts) {
    double of_shorter = 0;  // a text of its own length may be right by luck
    for (size_t other = 0; other < texts.size(); ++other)
      if (texts[other].size() <= text.size()) of_shorter = std::max(of_shorter, noise[other]);
    tolerances.push_back(self_test_tolerance(text, of_shorter));
  }
  return tolerances;
}

/// The trainer's own path, not the script's, so that the file is tested against something else than itself.
SelfTest make_self_test(const ArtifactParts& parts, const Module& network) {
  const at::NoGradGuard no_grad;
  const torch::jit::GraphOptimizerEnabledGuard plain(false);
  SelfTest self_test{self_test_texts(parts.vectorizer), {}};
  const TokenRows rows = parts.vectorizer.transform(self_test.texts);
  const Features features = make_features(
      rows, 0, rows.size(), {parts.plan.ragged_input, parts.vectorizer.config().sequence_length}, at::kCPU);
  const at::Tensor logits = network.get_method("logits")({features.values, features.lengths}).toTensor();
  const std::vector<int64_t> expected_shape = {rows.size(), parts.plan.num_outputs};
  if (logits.sizes() != expected_shape) {
    throw InternalError(fmt::format("the network gives {} numbers for {} texts, expected {} a text",
                                    logits.numel(), rows.size(), parts.plan.num_outputs));
  }
  std::vector<float> calibrated = values_of(logits);
  scale_logits(calibrated, parts.scaling);
  const at::Tensor probabilities = at::sigmoid(at::from_blob(calibrated.data(), expected_shape, at::kFloat));
  if (at::isnan(probabilities).any().item<bool>()) {
    throw NonFiniteError(
        "the model was not exported: it answers simple texts with probabilities that are not numbers (NaN "
        "weights); train it again with a lower learning rate");
  }
  self_test.probabilities = values_of(probabilities);
  self_test.tolerances = self_test_tolerances(parts, self_test.texts, features, calibrated);
  return self_test;
}

/// What a reader without LibTorch needs to find the weights and the vocabulary in the file.
NativeIndex native_index(const ArtifactParts& parts) {
  NativeIndex index;
  const StoredTensors stored(parts);
  for (const RawTensor& tensor : stored.raw()) index.tensors.push_back(describe(tensor));
  if (parts.vectorizer.vocabulary() == nullptr) return index;
  TokenBlock block = join_tokens(parts.vectorizer.vocabulary()->tokens());
  index.tokens = describe(block.joined);
  index.odd_tokens = std::move(block.odd);
  return index;
}

Json metadata(const ArtifactParts& parts) {
  const TextConfig& text = parts.vectorizer.config();
  const Vocabulary* vocabulary = parts.vectorizer.vocabulary();
  Json json{{"format", kArtifactFormat},
            {"program", fmt::format("bernoulli {}", kVersion)},
            {"commit", kGitCommit},
            {"libtorch", kTorchVersionBuilt},
            {"num_outputs", parts.plan.num_outputs},
            {"num_ids", parts.vectorizer.num_ids()},
            {"sequence_length", nullptr},
            {"vocabulary_fingerprint", nullptr},
            {"pos_weight", parts.pos_weight}};
  if (text.sequence_length) json["sequence_length"] = *text.sequence_length;
  if (!parts.text_columns.empty())
    json["text_columns"] = {{"names", parts.text_columns}, {"separator", parts.text_separator}};
  if (vocabulary != nullptr) json["vocabulary_fingerprint"] = vocabulary->fingerprint();
  if (!parts.about_table.is_null()) json["table"] = parts.about_table;
  return json;
}

/// What a reader of the file would refuse is not written.
void check_parts(const ArtifactParts& parts) {
  const ClassifierInfo info{{}, labels_from_json(parts.labels), parts.rule, parts.pos_weight, parts.scaling};
  if (const std::string fault = fault_of(info, parts.plan.num_outputs); !fault.empty())
    throw InternalError(fmt::format("what is to be exported has {}", fault));
}

/// What every format carries beside the weights.
std::map<std::string, std::string> artifact_records(const ArtifactParts& parts) {
  check_parts(parts);
  std::map<std::string, std::string> records{{kConfigFile, parts.config_yaml},
                                             {kLabelsFile, parts.labels.dump(2)},
                                             {kThresholdsFile, to_json(parts.rule).dump()},
                                             {kTemperaturesFile, Json(parts.scaling.temperatures).dump()},
                                             {kMetadataFile, metadata(parts).dump(2)}};
  if (!parts.scaling.shifts.empty()) records[kShiftsFile] = Json(parts.scaling.shifts).dump();
  return records;
}

}  // namespace

std::map<std::string, std::string> portable_records(const ArtifactParts& parts) {
  std::map<std::string, std::string> records = artifact_records(parts);
  if (const Vocabulary* vocabulary = parts.vectorizer.vocabulary())
    records[kVocabularyFile] = vocabulary->to_text();
  return records;
}

NamedTensors network_tensors(const Module& network) {
  NamedTensors tensors;
  for (const auto& item : network.named_parameters()) tensors.emplace_back(item.name, item.value);
  for (const auto& item : network.named_buffers()) tensors.emplace_back(item.name, item.value);
  return tensors;
}

Module exact_network(const Module& network) { return inference_copy(network, at::kDouble); }

at::Tensor exact_logits(const Module& exact, const Features& features, const LogitScaling& scaling) {
  const at::NoGradGuard no_grad;
  at::Tensor logits = exact.get_method("logits")({features.values, features.lengths}).toTensor();
  if (!scaling.temperatures.empty()) logits = at::div(logits, at::tensor(scaling.temperatures, at::kDouble));
  if (!scaling.shifts.empty()) logits = at::add(logits, at::tensor(scaling.shifts, at::kDouble));
  return logits;
}

StoredTensors::StoredTensors(const ArtifactParts& parts) : hosts_(network_tensors(parts.network)) {
  const std::string prefix = parts.plan.layers.front().tensor_name("");
  for (const RawTensor& tensor : hosts_.raw()) {
    if (parts.table == nullptr || tensor.name != prefix + "weight") raw_.push_back(tensor);
  }
  if (parts.table == nullptr) return;
  for (RawTensor& tensor : parts.table->tensors(prefix)) raw_.push_back(std::move(tensor));
}

SelfTest artifact_self_test(const ArtifactParts& parts) {
  return make_self_test(parts, inference_copy(parts.network));
}

std::string serialize_artifact(const ArtifactParts& parts) {
  const std::map<std::string, std::string> records = artifact_records(parts);
  const Module network = inference_copy(parts.network);
  const Module kept =
      parts.table == nullptr
          ? network
          : with_first_layer(parts.plan, network, packed_layer(parts.plan.layers.front(), *parts.table));
  const Module module = classifier_module(parts, kept);
  torch::jit::ExtraFilesMap files(records.begin(), records.end());
  files[kNativeFile] = to_json(native_index(parts)).dump();
  files[kSelfTestFile] = to_json(make_self_test(parts, network)).dump();
  size_t size = size_t{1} << 16;
  for (const at::Tensor& tensor : kept.parameters()) size += tensor.nbytes();
  StringBuffer buffer(size);
  std::ostream stream(&buffer);  // LibTorch aborts the process where it cannot write a file itself
  module.save(stream, files);
  const bool small = parts.table != nullptr && buffer.bytes.size() < kMostDeflated;
  return seal_zip(small ? deflate_zip(buffer.bytes) : std::move(buffer.bytes));
}

}  // namespace bernoulli
