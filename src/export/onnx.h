#pragma once

#include <map>
#include <string>

#include "export/torchscript.h"

namespace bernoulli {

/// The bytes of an ONNX file from ids to logits and probabilities, with the weights by their checkpoint
/// names, and as metadata portable_records and a self-test with ids (docs/artifact.md, "onnx"). The same
/// parts give the same bytes.
/// @throws UsageError naming a layer without ONNX nodes, or for more than the 2 GiB that the format can hold;
/// InternalError if the parts do not fit together; NonFiniteError if the model answers with NaN.
std::string serialize_onnx(const ArtifactParts& parts);

/// The metadata of that file by key.
std::map<std::string, std::string> onnx_metadata(const ArtifactParts& parts);

}  // namespace bernoulli
