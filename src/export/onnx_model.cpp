#include "export/onnx_model.h"

#include <cstring>
#include <new>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include "core/error.h"
#include "core/out_of_memory.h"
#include "core/protobuf_reader.h"
#include "export/onnx_fields.h"
#include "export/onnx_operators.h"

namespace bernoulli {
namespace {

using layers::OnnxAttribute;
using layers::OnnxNode;

std::pair<std::string, std::string> read_property(std::string_view bytes) {
  std::pair<std::string, std::string> property;
  for (ProtobufReader reader(bytes); reader.next();) {
    if (reader.field() == onnx::property::kKey) property.first = reader.bytes();
    if (reader.field() == onnx::property::kValue) property.second = reader.bytes();
  }
  return property;
}

int64_t read_opset(std::string_view bytes) {
  uint64_t version = 0;
  for (ProtobufReader reader(bytes); reader.next();) {
    if (reader.field() == onnx::opset::kVersion) version = reader.varint();
  }
  return static_cast<int64_t>(version);
}

OnnxAttribute read_attribute(std::string_view bytes) {
  OnnxAttribute attribute;
  std::vector<int64_t> list;
  uint64_t type = 0;
  for (ProtobufReader reader(bytes); reader.next();) {
    if (reader.field() == onnx::attribute::kName) attribute.name = reader.bytes();
    if (reader.field() == onnx::attribute::kFloat) attribute.value = reader.float32();
    if (reader.field() == onnx::attribute::kInt) attribute.value = static_cast<int64_t>(reader.varint());
    if (reader.field() == onnx::attribute::kString) attribute.value = std::string(reader.bytes());
    if (reader.field() == onnx::attribute::kInts) reader.append_to(list);
    if (reader.field() == onnx::attribute::kType) type = reader.varint();
  }
  if (type == onnx::attribute::kTypeInts) attribute.value = std::move(list);
  return attribute;
}

OnnxNode read_node(std::string_view bytes) {
  OnnxNode node;
  node.output_index = -1;  // of the last that is read
  for (ProtobufReader reader(bytes); reader.next();) {
    if (reader.field() == onnx::node::kInput) node.inputs.emplace_back(reader.bytes());
    if (reader.field() == onnx::node::kOutput) {
      node.output = reader.bytes();
      ++node.output_index;
    }
    if (reader.field() == onnx::node::kOpType) node.op = reader.bytes();
    if (reader.field() == onnx::node::kAttribute) node.attributes.push_back(read_attribute(reader.bytes()));
  }
  return node;
}

std::optional<at::ScalarType> type_of(uint64_t onnx_type) {
  if (onnx_type == onnx::tensor::kTypeFloat) return at::kFloat;
  if (onnx_type == onnx::tensor::kTypeFloat16) return at::kHalf;
  if (onnx_type == onnx::tensor::kTypeInt8) return at::kChar;
  if (onnx_type == onnx::tensor::kTypeInt64) return at::kLong;
  return std::nullopt;
}

std::pair<std::string, at::Tensor> read_tensor(std::string_view bytes) {
  std::string name;
  std::vector<int64_t> dims;
  uint64_t type = 0;
  std::string_view raw;
  for (ProtobufReader reader(bytes); reader.next();) {
    if (reader.field() == onnx::tensor::kDims) reader.append_to(dims);
    if (reader.field() == onnx::tensor::kDataType) type = reader.varint();
    if (reader.field() == onnx::tensor::kName) name = reader.bytes();
    if (reader.field() == onnx::tensor::kRawData) raw = reader.bytes();
  }
  const std::optional<at::ScalarType> number = type_of(type);
  if (!number)
    throw ArtifactError(
        fmt::format("tensor '{}' has type {}, expected float32, float16, int8 or int64", name, type));
  uint64_t left = raw.size() / c10::elementSize(*number);
  uint64_t numbers = 1;
  for (const int64_t dim : dims) {
    if (dim < 1 || static_cast<uint64_t>(dim) > left / numbers)
      throw ArtifactError(fmt::format("tensor '{}' has {} bytes, too few for its shape", name, raw.size()));
    numbers *= static_cast<uint64_t>(dim);
  }
  at::Tensor tensor = at::empty(dims, *number);
  if (tensor.nbytes() != raw.size())
    throw ArtifactError(
        fmt::format("tensor '{}' has {} bytes, its shape {}", name, raw.size(), tensor.nbytes()));
  std::memcpy(tensor.mutable_data_ptr(), raw.data(), raw.size());
  return {name, tensor};
}

}  // namespace

OnnxModel OnnxModel::parse(std::string_view bytes, const std::string& name) {
  OnnxModel model;
  model.name_ = name;
  try {
    model.read(bytes);
  } catch (const ArtifactError& error) {
    throw ArtifactError(fmt::format("'{}' is no ONNX model of this program: {}", name, error.what()));
  }
  return model;
}

void OnnxModel::read(std::string_view bytes) {
  for (ProtobufReader reader(bytes); reader.next();) {
    if (reader.field() == onnx::model::kGraph) read_graph(reader.bytes());
    if (reader.field() == onnx::model::kMetadataProps) metadata_.insert(read_property(reader.bytes()));
    if (reader.field() == onnx::model::kOpsetImport) opset_ = read_opset(reader.bytes());
  }
  if (opset_ != layers::kOnnxOpset)
    throw ArtifactError(fmt::format("it has operator set {}, expected {}", opset_, layers::kOnnxOpset));
}

void OnnxModel::read_graph(std::string_view bytes) {
  for (ProtobufReader reader(bytes); reader.next();) {
    if (reader.field() == onnx::graph::kNode) nodes_.push_back(read_node(reader.bytes()));
    if (reader.field() != onnx::graph::kInitializer) continue;
    const auto [name, tensor] = read_tensor(reader.bytes());
    if (!initializers_.emplace(name, tensor).second)
      throw ArtifactError(fmt::format("two tensors are called '{}'", name));
  }
}

OnnxModel OnnxModel::in_float64() const {
  OnnxModel exact = *this;
  for (auto& [name, tensor] : exact.initializers_) {
    if (tensor.is_floating_point()) tensor = tensor.to(at::kDouble);
  }
  return exact;
}

at::Tensor OnnxModel::evaluate(const OnnxNode& node, const std::vector<at::Tensor>& inputs) const {
  const auto fault = [&](const std::string& reason) {
    return ArtifactError(fmt::format("'{}' has a node '{}' ({}) that cannot be evaluated: {}", name_,
                                     node.output, node.op, reason));
  };
  try {
    return run_onnx_node(node, inputs);
  } catch (const ArtifactError& error) {
    throw fault(error.what());
  } catch (const c10::Error& error) {
    if (is_out_of_memory(error)) throw std::bad_alloc();
    throw fault(error.what_without_backtrace());
  }
}

OnnxModel::Answers OnnxModel::answer(const at::Tensor& ids) const {
  const at::NoGradGuard no_grad;
  std::map<std::string, at::Tensor> values = initializers_;
  values[layers::kOnnxIds] = ids;
  const auto value = [&](const std::string& wanted) {
    const auto found = values.find(wanted);
    if (found != values.end()) return found->second;
    throw ArtifactError(fmt::format("'{}' has no value '{}' where it is asked for", name_, wanted));
  };
  for (const OnnxNode& node : nodes_) {
    std::vector<at::Tensor> inputs;
    for (const std::string& input : node.inputs) inputs.push_back(value(input));
    values[node.output] = evaluate(node, inputs);
  }
  return {value(layers::kOnnxLogits), value(layers::kOnnxProbabilities)};
}

}  // namespace bernoulli
