#include "export/onnx.h"

#include <cstdint>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "core/error.h"
#include "core/protobuf_writer.h"
#include "core/version.h"
#include "export/onnx_fields.h"
#include "layers/onnx_graph.h"
#include "store/artifact_files.h"

namespace bernoulli {
namespace {

using Json = nlohmann::ordered_json;
using layers::OnnxGraph;

/// Of the container, as runtimes since 2023 read it.
constexpr uint64_t kIrVersion = 8;
/// No protobuf message may be larger.
constexpr uint64_t kMostBytes = (uint64_t{1} << 31) - 1;

bool is_packed(const ArtifactParts& parts) {
  return parts.table != nullptr && parts.table->form.numbers != Dtype::kF32;
}

/// Name of the table as the file holds it, behind that of the table as the layer takes it.
std::string packed_name(const ArtifactParts& parts, const std::string& name) {
  return name + (parts.table->form.numbers == Dtype::kI8 ? "_int8" : "_float16");
}

/// The table becomes float32 before any layer looks at it.
void add_unpacking(const ArtifactParts& parts, OnnxGraph& graph) {
  if (!is_packed(parts)) return;
  const layers::NamedLayer& layer = parts.plan.layers.front();
  const std::string table = layer.tensor_name("weight"), packed = packed_name(parts, table);
  if (parts.table->form.numbers == Dtype::kF16)
    return graph.add({"Cast", {packed}, table, {{"to", layers::kOnnxFloat}}});
  const int64_t axis = parts.table->form.scale_of_column ? 1 : 0;
  graph.add({"DequantizeLinear", {packed, layer.tensor_name("scale")}, table, {{"axis", axis}}});
}

/// @return what the layers make of `x`
std::string add_layers(const std::vector<layers::NamedLayer>& list, std::string x, OnnxGraph& graph) {
  for (const layers::NamedLayer& layer : list) {
    if (layer.plan.training_only) continue;
    if (layer.plan.onnx_join) {
      std::vector<std::string> outputs;
      for (const std::vector<layers::NamedLayer>& branch : layer.branches)
        outputs.push_back(add_layers(branch, x, graph));
      graph.begin_layer(layer.name);
      x = layer.plan.onnx_join(graph, outputs);
      continue;
    }
    if (!layer.plan.onnx)
      throw UsageError(
          fmt::format("this model cannot be written as onnx: its layer {} ({}) has no ONNX operators; use "
                      "--format torchscript or safetensors",
                      layer.name, layer.kind));
    graph.begin_layer(layer.name);
    x = layer.plan.onnx(graph, x);
  }
  return x;
}

OnnxGraph graph_of(const ArtifactParts& parts) {
  OnnxGraph graph;
  add_unpacking(parts, graph);
  std::string x = add_layers(parts.plan.layers, layers::kOnnxIds, graph);
  const LogitScaling& scaling = parts.scaling;
  if (!scaling.temperatures.empty()) {
    graph.begin_layer("temperature");
    x = graph.add("Div", {x, graph.floats({scaling.temperatures.begin(), scaling.temperatures.end()})});
  }
  if (!scaling.shifts.empty()) {
    graph.begin_layer("shift");
    x = graph.add("Add", {x, graph.floats({scaling.shifts.begin(), scaling.shifts.end()})});
  }
  // Here logits are made, and the file's only sigmoid that is not a layer's own.
  graph.add({"Identity", {x}, layers::kOnnxLogits, {}});
  graph.add({"Sigmoid", {layers::kOnnxLogits}, layers::kOnnxProbabilities, {}});
  return graph;
}

std::string property(const std::string& key, const std::string& value) {
  ProtobufWriter writer;
  writer.bytes(onnx::property::kKey, key);
  writer.bytes(onnx::property::kValue, value);
  return writer.take();
}

std::string attribute_message(const layers::OnnxAttribute& attribute) {
  ProtobufWriter writer;
  writer.bytes(onnx::attribute::kName, attribute.name);
  if (const auto* const number = std::get_if<float>(&attribute.value)) {
    writer.float32(onnx::attribute::kFloat, *number);
    writer.varint(onnx::attribute::kType, onnx::attribute::kTypeFloat);
  } else if (const auto* const integer = std::get_if<int64_t>(&attribute.value)) {
    writer.signed_varint(onnx::attribute::kInt, *integer);
    writer.varint(onnx::attribute::kType, onnx::attribute::kTypeInt);
  } else if (const auto* const text = std::get_if<std::string>(&attribute.value)) {
    writer.bytes(onnx::attribute::kString, *text);
    writer.varint(onnx::attribute::kType, onnx::attribute::kTypeString);
  } else {
    writer.packed(onnx::attribute::kInts, std::get<std::vector<int64_t>>(attribute.value));
    writer.varint(onnx::attribute::kType, onnx::attribute::kTypeInts);
  }
  return writer.take();
}

std::string node_message(const layers::OnnxNode& node) {
  ProtobufWriter writer;
  for (const std::string& input : node.inputs) writer.bytes(onnx::node::kInput, input);
  for (int64_t unused = 0; unused < node.output_index; ++unused) writer.bytes(onnx::node::kOutput, "");
  writer.bytes(onnx::node::kOutput, node.output);
  writer.bytes(onnx::node::kName, node.output);
  writer.bytes(onnx::node::kOpType, node.op);
  for (const layers::OnnxAttribute& attribute : node.attributes)
    writer.bytes(onnx::node::kAttribute, attribute_message(attribute));
  return writer.take();
}

/// A tensor without its numbers, `size_bytes` of which follow as they lie in memory.
std::string tensor_head(const std::string& name, std::span<const int64_t> shape, uint64_t type,
                        uint64_t size_bytes) {
  ProtobufWriter writer;
  writer.packed(onnx::tensor::kDims, shape);
  writer.varint(onnx::tensor::kDataType, type);
  writer.bytes(onnx::tensor::kName, name);
  writer.begin_bytes(onnx::tensor::kRawData, size_bytes);
  return writer.take();
}

std::string constant_message(const layers::OnnxConstant& constant) {
  return std::visit(
      [&](const auto& values) {
        const uint64_t size_bytes = values.size() * sizeof values[0];
        const bool is_float = std::holds_alternative<std::vector<float>>(constant.values);
        const std::vector<int64_t> shape = {static_cast<int64_t>(values.size())};
        return tensor_head(constant.name, shape,
                           is_float ? onnx::tensor::kTypeFloat : onnx::tensor::kTypeInt64, size_bytes)
            .append(reinterpret_cast<const char*>(values.data()), size_bytes);
      },
      constant.values);
}

std::string dimension(int64_t value) {
  ProtobufWriter writer;
  writer.signed_varint(onnx::type::kDimValue, value);
  return writer.take();
}

std::string dimension(const std::string& name) {
  ProtobufWriter writer;
  writer.bytes(onnx::type::kDimParam, name);
  return writer.take();
}

std::string value_info(const std::string& name, uint64_t element_type,
                       const std::vector<std::string>& dimensions, const std::string& doc) {
  ProtobufWriter shape, tensor, type, writer;
  for (const std::string& each : dimensions) shape.bytes(onnx::type::kDim, each);
  tensor.varint(onnx::type::kElemType, element_type);
  tensor.bytes(onnx::type::kShape, shape.encoded());
  type.bytes(onnx::type::kTensorType, tensor.encoded());
  writer.bytes(onnx::value_info::kName, name);
  writer.bytes(onnx::value_info::kType, type.encoded());
  writer.bytes(onnx::value_info::kDocString, doc);
  return writer.take();
}

std::string ids_doc(const std::optional<int64_t>& sequence_length) {
  return fmt::format(
      "token ids, N texts of T; shorter ones have 0 on the right; T is {}",
      sequence_length ? fmt::format("{}", *sequence_length) : "that of the longest, at least 1");
}

/// The graph but for the trained weights.
std::string small_graph_message(const ArtifactParts& parts) {
  const OnnxGraph graph = graph_of(parts);
  ProtobufWriter writer;
  for (const layers::OnnxNode& node : graph.nodes()) writer.bytes(onnx::graph::kNode, node_message(node));
  writer.bytes(onnx::graph::kName, "bernoulli");
  for (const layers::OnnxConstant& constant : graph.constants())
    writer.bytes(onnx::graph::kInitializer, constant_message(constant));
  writer.bytes(onnx::graph::kInput,
               value_info(layers::kOnnxIds, onnx::tensor::kTypeInt64, {dimension("N"), dimension("T")},
                          ids_doc(parts.vectorizer.config().sequence_length)));
  const std::vector<std::string> output = {dimension("N"), dimension(parts.plan.num_outputs)};
  writer.bytes(onnx::graph::kOutput, value_info(layers::kOnnxProbabilities, onnx::tensor::kTypeFloat, output,
                                                "one a label; for a binary task that of the positive label"));
  writer.bytes(onnx::graph::kOutput,
               value_info(layers::kOnnxLogits, onnx::tensor::kTypeFloat, output, "before the sigmoid"));
  return writer.take();
}

std::string model_head(const std::map<std::string, std::string>& metadata) {
  ProtobufWriter opset, writer;
  opset.bytes(onnx::opset::kDomain, "");
  opset.signed_varint(onnx::opset::kVersion, layers::kOnnxOpset);
  writer.varint(onnx::model::kIrVersion, kIrVersion);
  writer.bytes(onnx::model::kProducerName, "bernoulli");
  writer.bytes(onnx::model::kProducerVersion, kVersion);
  writer.bytes(onnx::model::kOpsetImport, opset.encoded());
  for (const auto& [key, value] : metadata) writer.bytes(onnx::model::kMetadataProps, property(key, value));
  return writer.take();
}

uint64_t onnx_type(const RawTensor& weight) {
  switch (weight.dtype) {
    case Dtype::kF32:
      return onnx::tensor::kTypeFloat;
    case Dtype::kF16:
      return onnx::tensor::kTypeFloat16;
    case Dtype::kI8:
      return onnx::tensor::kTypeInt8;
    default:
      throw InternalError(fmt::format("the weight '{}' is {}", weight.name, to_string(weight.dtype)));
  }
}

/// The weights of the graph: a packed table has all its rows, and its scales one dimension.
std::vector<RawTensor> graph_weights(const ArtifactParts& parts, const HostTensors& hosts,
                                     const PackedTable& table) {
  if (!is_packed(parts)) return hosts.raw();
  const std::string prefix = parts.plan.layers.front().tensor_name(""), name = prefix + "weight";
  std::vector<RawTensor> weights;
  for (const RawTensor& tensor : hosts.raw()) {
    if (tensor.name != name) weights.push_back(tensor);
  }
  for (RawTensor& tensor : table.tensors(prefix)) {
    if (tensor.name == name)
      tensor.name = packed_name(parts, name);
    else
      tensor.shape = {static_cast<int64_t>(table.scales.size())};
    weights.push_back(std::move(tensor));
  }
  return weights;
}

/// What stands before the numbers of each weight inside the graph.
std::vector<std::string> weight_heads(const std::vector<RawTensor>& weights) {
  std::vector<std::string> heads;
  for (const RawTensor& weight : weights) {
    const std::string head = tensor_head(weight.name, weight.shape, onnx_type(weight), weight.bytes.size());
    ProtobufWriter writer;
    writer.begin_bytes(onnx::graph::kInitializer, head.size() + weight.bytes.size());
    writer.append(head);
    heads.push_back(writer.take());
  }
  return heads;
}

}  // namespace

std::map<std::string, std::string> onnx_metadata(const ArtifactParts& parts) {
  std::map<std::string, std::string> metadata = portable_records(parts);
  const SelfTest self_test = artifact_self_test(parts);
  Json json = to_json(self_test);
  const TokenRows rows = parts.vectorizer.transform(self_test.texts);
  for (int64_t i = 0; i < rows.size(); ++i)
    json["ids"].push_back(std::vector<int32_t>(rows.row(i).begin(), rows.row(i).end()));
  metadata[kSelfTestFile] = json.dump();
  return metadata;
}

std::string serialize_onnx(const ArtifactParts& parts) {
  const HostTensors hosts(network_tensors(parts.network));
  const PackedTable table = is_packed(parts) ? with_all_rows(*parts.table) : PackedTable{};
  const std::vector<RawTensor> weights = graph_weights(parts, hosts, table);
  const std::string graph = small_graph_message(parts);
  const std::vector<std::string> heads = weight_heads(weights);
  uint64_t graph_bytes = graph.size();
  for (size_t i = 0; i < weights.size(); ++i) graph_bytes += heads[i].size() + weights[i].bytes.size();
  ProtobufWriter model;
  if (graph_bytes <= kMostBytes) model.append(model_head(onnx_metadata(parts)));
  if (model.encoded().size() + graph_bytes > kMostBytes)
    throw UsageError(fmt::format(
        "this model cannot be written as onnx: its graph has {} bytes, and a file holds at most 2 "
        "GiB; use --format torchscript or safetensors",
        graph_bytes));
  constexpr uint64_t kLengthAndKey = 16;
  model.reserve(model.encoded().size() + graph_bytes + kLengthAndKey);
  model.begin_bytes(onnx::model::kGraph, graph_bytes);
  model.append(graph);
  for (size_t i = 0; i < weights.size(); ++i) {
    model.append(heads[i]);
    model.append(weights[i].bytes);
  }
  return model.take();
}

}  // namespace bernoulli
