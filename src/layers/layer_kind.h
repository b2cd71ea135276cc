#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/kind_schema.h"
#include "layers/onnx_graph.h"

namespace bernoulli::layers {

using config::Json;
using config::KindSchema;

/// What flows between layers. Legend: B batch, T tokens, D features, nnz tokens of all rows together.
enum class Layout {
  kPaddedIds,  ///< [B, T] int64 ids, padded on the right with id 0
  kRaggedIds,  ///< [nnz] int64 ids of all rows, one after the other
  kSequence,   ///< [B, T, D] float
  kVector,     ///< [B, D] float
};

/// Shape between two layers, known before anything is built. Lengths [B] int64 (real tokens a row) travel
/// beside it.
struct Shape {
  Layout layout = Layout::kPaddedIds;
  int64_t features = 0;           ///< D of kSequence and kVector
  std::optional<int64_t> length;  ///< T where text.sequence_length fixes it
};

/// How the numbers of a parameter are drawn.
struct Initializer {
  enum class Kind { kZeros, kOnes, kConstant, kUniform, kNormal, kOrthogonal };
  Kind kind = Kind::kZeros;
  double a = 0;  ///< kConstant: value. kUniform: low. kNormal: mean
  double b = 0;  ///< kUniform: high. kNormal: standard deviation
};

/// Numbers that no generator draws: the first columns of some rows of a parameter.
struct GivenNumbers {
  int64_t columns = 0;
  std::vector<int64_t> rows;  ///< along the first dimension; empty: all numbers, in rows of the last one
  std::vector<float> values;  ///< rows * columns, row-major
};

/// One tensor that a layer owns.
struct ParameterSpec {
  std::string name;  ///< "weight", "bias", "running_mean", ...
  std::vector<int64_t> shape;
  Initializer initializer;
  bool trainable = true;  ///< false: a buffer (running statistics, a table that stays as it starts)
  /// What stands there instead of draws (the others are drawn as if there were none); null: nothing. A bias
  /// is one row, or with `rows` of one number each.
  std::shared_ptr<const GivenNumbers> given = nullptr;
};

int64_t num_numbers(const ParameterSpec& parameter);

/// What a layer sees when it is planned.
struct PlanContext {
  Shape input;
  int64_t num_ids = 0;               ///< rows that an embedding table needs
  std::string initializer;           ///< model.initializer: keras | torch
  std::vector<Shape> branches = {};  ///< what the branches of the layer give; empty for a layer without
};

/// Of a pool that takes the largest output of each feature, where they were taken before it (highest_script).
struct RestOfPool {
  bool counts_padding = false;
  std::string script;  ///< TorchScript body, from [B, D] to [B, D]
};

/// One layer of one model, decided: everything that summary, trainer and exporter need.
struct LayerPlan {
  Shape output;
  std::vector<ParameterSpec> parameters;
  /// TorchScript body of `def forward(self, x: Tensor, lengths: Tensor) -> Tensor:`, one statement a line, no
  /// indentation. Parameters are self.<name>; self.training tells training from evaluation. The trainer
  /// evaluates with this text and the exporter saves it, so a layer is written once. Of a layer with branches
  /// x is `List[Tensor]`: what they give.
  std::string script;
  /// The same layer in evaluation as ONNX nodes; null: it has none, and the model no ONNX file.
  OnnxWriter onnx = nullptr;
  bool training_only = false;  ///< in evaluation the output is the input: the layer is passed over
  /// What training on the CPU runs instead: of the same distribution, or the same function, but faster.
  /// Empty: `script`.
  std::string training_script = {};
  /// The largest output of each feature over positions, [B, D], as a script of its own that looks at no other
  /// output than that in the backward pass; null: there is none. max_pool_behind() says where it may stand.
  /// @param counts_padding  of the pool
  std::function<std::string(bool counts_padding)> highest_script = nullptr;
  std::optional<RestOfPool> rest_of_pool = std::nullopt;  ///< of such a pool
  bool monotone = false;         ///< elementwise, and a larger input never gives a smaller output
  OnnxJoin onnx_join = nullptr;  ///< of a layer with branches, in place of `onnx`
};

/// One layer of a model with its name ("embedding_0", "linear_4": kind and position in model.layers; in a
/// branch "conv1d_1_0_2": position 2 of branch 0 of layer 1).
struct NamedLayer {
  std::string name;
  std::string kind;
  Json args;
  Shape input;
  LayerPlan plan;
  /// Lists of layers that all read `input`, and whose outputs this layer joins; an empty list gives the
  /// input.
  std::vector<std::vector<NamedLayer>> branches = {};

  /// Of a parameter, as checkpoints and files have it: "embedding_0.weight".
  std::string tensor_name(const std::string& parameter) const { return name + "." + parameter; }
};

/// What a layer makes of the values that it takes.
enum class Values {
  kNew,        ///< others, of any size
  kActivated,  ///< out of a fixed function, most of which do not give every number
  kPassedOn,   ///< in evaluation some of them, their means or their sums
};

/// A kind of layer: its keys and ranges, its shape rule, its parameters, its TorchScript text and its ONNX
/// nodes. One file each.
struct LayerKind {
  KindSchema schema;
  /// @throws ShapeError when the input does not fit.
  LayerPlan (*plan)(const Json& args, const PlanContext& context);
  Values values = Values::kNew;  ///< logits must be new ones
};

/// A layer was given an input it cannot take. The message names got and expected; the caller adds which
/// layer.
struct ShapeError {
  std::string message;
};

/// Every kind, in the order of the documentation. Adding a layer is adding its file and one line in
/// registry.cpp.
const std::vector<LayerKind>& layer_kinds();

/// The schemas of layer_kinds(), for config/.
const std::vector<KindSchema>& layer_schemas();

/// The very vector that layer_schemas() gives, which may not be filled yet: for a kind that holds layers.
const std::vector<KindSchema>& unfilled_layer_schemas();

/// "[B, 250] ids", "[B, 250, 16]", "[B, 16]": for summaries and messages.
std::string describe(const Shape& shape);

}  // namespace bernoulli::layers
