#include "layers/label_rows.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace bernoulli::layers {
namespace {

/// Where the features of an output come from.
enum class Origin {
  kRows,     ///< one each out of a row of parameters, which have been noted
  kInput,    ///< the feature of the input at the same place
  kUnknown,  ///< several features of the input
};

/// Whether each feature is made of the one at the same place in the input, and of its own numbers. Layers
/// without parameters are activations, pools and dropout.
bool is_by_feature(const NamedLayer& layer) {
  const int64_t features = layer.plan.output.features;
  return features == layer.input.features &&
         std::ranges::all_of(layer.plan.parameters, [&](const ParameterSpec& parameter) {
           return parameter.shape == std::vector<int64_t>{features};
         });
}

/// Goes from the logits backwards.
class LabelWalk {
 public:
  explicit LabelWalk(const ModelPlan& plan) {
    if (origin_of(plan.layers, 0) != Origin::kRows) rows_ = {};
  }

  LabelRows rows() && { return std::move(rows_); }

 private:
  /// @param first  label of the first feature
  Origin origin_of(const std::vector<NamedLayer>& list, int64_t first) {
    for (auto layer = list.rbegin(); layer != list.rend(); ++layer) {
      const Origin origin = origin_of(*layer, first);
      if (origin != Origin::kInput) return origin;
    }
    return Origin::kInput;
  }

  Origin origin_of(const NamedLayer& layer, int64_t first) {
    if (!layer.branches.empty()) return origin_of_branches(layer, first);
    const bool has_rows = layer.kind == "linear" || layer.kind == "conv1d";
    if (!has_rows && !is_by_feature(layer)) return Origin::kUnknown;
    for (const ParameterSpec& parameter : layer.plan.parameters)
      rows_.first_label.emplace(layer.tensor_name(parameter.name), first);
    if (has_rows) return Origin::kRows;
    const bool is_odd = layer.plan.training_only || layer.kind == "mean_pool" || layer.kind == "sum_pool";
    rows_.are_odd = rows_.are_odd && is_odd;
    return Origin::kInput;
  }

  Origin origin_of_branches(const NamedLayer& layer, int64_t first) {
    const bool sum = layer.args.at("join") == "sum";
    size_t with_rows = 0;
    for (const std::vector<NamedLayer>& branch : layer.branches) {
      const Origin origin = origin_of(branch, first);
      if (origin == Origin::kUnknown) return origin;
      with_rows += origin == Origin::kRows ? 1 : 0;
      if (!sum) first += branch.empty() ? layer.input.features : branch.back().plan.output.features;
    }
    if (with_rows == layer.branches.size()) return Origin::kRows;
    // Beside a branch with rows the input holds labels too, which are columns of those rows.
    return sum && with_rows == 0 ? Origin::kInput : Origin::kUnknown;
  }

  LabelRows rows_;
};

}  // namespace

LabelRows label_rows(const ModelPlan& plan) { return LabelWalk(plan).rows(); }

}  // namespace bernoulli::layers
