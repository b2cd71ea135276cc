#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace bernoulli::layers {

/// Version of ONNX's operators that the nodes below are of (onnx.ai, "Operators").
inline constexpr int64_t kOnnxOpset = 18;
/// float32 among ONNX's types of tensors.
inline constexpr int64_t kOnnxFloat = 1;
/// int32 among them.
inline constexpr int64_t kOnnxInt32 = 6;

struct OnnxAttribute {
  std::string name;
  std::variant<int64_t, float, std::string, std::vector<int64_t>> value;
};

/// One operator applied to named values, giving one.
struct OnnxNode {
  std::string op;  ///< "Gather"
  std::vector<std::string> inputs;
  std::string output;
  std::vector<OnnxAttribute> attributes;
  int64_t output_index = 0;  ///< which of the operator's outputs it is; those before it are left out
};

/// A list of numbers that belongs to the graph, not to the trained weights.
struct OnnxConstant {
  std::string name;
  std::variant<std::vector<int64_t>, std::vector<float>> values;
};

/// The nodes of a model in evaluation, layer by layer. Legend: N texts, T tokens. What every model starts
/// from is the value kOnnxIds: [N, T] int64, 0 for padding.
class OnnxGraph {
 public:
  /// Nodes added from now on are named after the layer, and parameter() is one of its.
  void begin_layer(const std::string& name) { layer_ = name; }

  void add(OnnxNode node) { nodes_.push_back(std::move(node)); }
  /// The same with a name made up for the output. @return that name
  std::string add(const std::string& op, std::vector<std::string> inputs,
                  std::vector<OnnxAttribute> attributes = {}, int64_t output_index = 0);
  /// Applies a reduction to the positions of [N, T, D], giving [N, D].
  std::string over_positions(const std::string& reduction, const std::string& x);
  /// [1] float32, which broadcasts.
  std::string constant(float value) { return floats({value}); }
  std::string floats(std::vector<float> values);
  std::string constant(std::vector<int64_t> values);
  /// The tensor "<layer>.<name>", such as "linear_3.weight".
  std::string parameter(const std::string& name) const { return layer_ + "." + name; }
  /// [N, T, 1] bool: no padding.
  std::string real();
  /// [N, 1] float32: how many tokens are real.
  std::string num_real();

  const std::vector<OnnxNode>& nodes() const { return nodes_; }
  const std::vector<OnnxConstant>& constants() const { return constants_; }

 private:
  std::string new_constant(OnnxConstant constant);

  std::string layer_;
  std::vector<OnnxNode> nodes_;
  std::vector<OnnxConstant> constants_;
  std::string real_;      ///< empty until asked for
  std::string num_real_;  ///< empty until asked for
};

/// The values that a model is from and to.
inline constexpr const char* kOnnxIds = "ids";
inline constexpr const char* kOnnxLogits = "logits";
inline constexpr const char* kOnnxProbabilities = "probabilities";

/// Adds the nodes of one layer in evaluation. @param x  its input. @return its output
using OnnxWriter = std::function<std::string(OnnxGraph& graph, const std::string& x)>;

/// The same of a layer that joins the outputs of branches.
using OnnxJoin = std::function<std::string(OnnxGraph& graph, const std::vector<std::string>& branches)>;

/// A layer that is one operator of its input alone.
OnnxWriter onnx_operator(const std::string& op, std::vector<OnnxAttribute> attributes = {});

}  // namespace bernoulli::layers
