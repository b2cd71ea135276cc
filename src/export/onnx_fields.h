#pragma once

#include <cstdint>

/// Field numbers and enum values of onnx.proto that the exporter writes and reads back.
/// Source: github.com/onnx/onnx, onnx/onnx.proto.
namespace bernoulli::onnx {

namespace model {
inline constexpr uint32_t kIrVersion = 1, kProducerName = 2, kProducerVersion = 3, kGraph = 7,
                          kOpsetImport = 8, kMetadataProps = 14;
}
namespace opset {
inline constexpr uint32_t kDomain = 1, kVersion = 2;
}
namespace property {
inline constexpr uint32_t kKey = 1, kValue = 2;
}
namespace graph {
inline constexpr uint32_t kNode = 1, kName = 2, kInitializer = 5, kInput = 11, kOutput = 12;
}
namespace node {
inline constexpr uint32_t kInput = 1, kOutput = 2, kName = 3, kOpType = 4, kAttribute = 5;
}
namespace attribute {
inline constexpr uint32_t kName = 1, kFloat = 2, kInt = 3, kString = 4, kInts = 8, kType = 20;
inline constexpr uint64_t kTypeFloat = 1, kTypeInt = 2, kTypeString = 3, kTypeInts = 7;
}  // namespace attribute
namespace tensor {
inline constexpr uint32_t kDims = 1, kDataType = 2, kName = 8, kRawData = 9;
inline constexpr uint64_t kTypeFloat = 1, kTypeInt8 = 3, kTypeInt64 = 7, kTypeFloat16 = 10;
}  // namespace tensor
namespace value_info {
inline constexpr uint32_t kName = 1, kType = 2, kDocString = 3;
}
namespace type {
inline constexpr uint32_t kTensorType = 1, kElemType = 1, kShape = 2, kDim = 1, kDimValue = 1, kDimParam = 2;
}

}  // namespace bernoulli::onnx
