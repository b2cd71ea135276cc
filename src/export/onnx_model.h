#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "layers/onnx_graph.h"

namespace bernoulli {

/// An ONNX file in memory, as far as this program writes them: one graph from `ids` to `logits` and
/// `probabilities`, read back and evaluated node by node to check what was written.
class OnnxModel {
 public:
  /// @param name  stands for the file in messages.
  /// @throws ArtifactError naming it: bytes that are no ONNX model, of another opset, or with tensors that do
  /// not fit their shapes.
  static OnnxModel parse(std::string_view bytes, const std::string& name);

  /// The same with its weights and constants in float64, and so its answers.
  OnnxModel in_float64() const;

  struct Answers {
    at::Tensor logits, probabilities;  ///< [N, L] float32
  };
  /// @param ids  [N, T] int64, 0 for padding. @throws ArtifactError where a node cannot be evaluated
  Answers answer(const at::Tensor& ids) const;

  /// metadata_props.
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  /// The weights and constants by name.
  const std::map<std::string, at::Tensor>& initializers() const { return initializers_; }

 private:
  void read(std::string_view bytes);
  void read_graph(std::string_view bytes);
  at::Tensor evaluate(const layers::OnnxNode& node, const std::vector<at::Tensor>& inputs) const;

  std::string name_;
  std::map<std::string, std::string> metadata_;
  std::map<std::string, at::Tensor> initializers_;
  std::vector<layers::OnnxNode> nodes_;
  int64_t opset_ = 0;
};

}  // namespace bernoulli
