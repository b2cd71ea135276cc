#include <algorithm>
#include <optional>
#include <utility>

#include "infer/pooled_network.h"
#include "kernels/activation_layer.h"
#include "layers/pooled_table.h"

/// How a PooledNetwork is made of plan and weights; pooled_network.cpp is what it then does.
namespace bernoulli {

using layers::NamedLayer;

/// A label's scores are kept instead of rows where a row has so many numbers for it. Adding a score in
/// float64 takes a text as long as adding some of them in float32; and to score the table takes rows x labels
/// x dim multiplications when the model is opened, five seconds of 2,000,000 rows, 60 labels and dim 64.
constexpr int64_t kNumbersAScore = 8;

/// Takes plan and weights apart.
class PooledNetwork::Builder {
 public:
  Builder(const layers::ModelPlan& plan, const NetworkWeights& weights) : plan_(plan), weights_(weights) {}

  std::optional<PooledNetwork> build(const TextConfig& text) {
    network_.num_outputs_ = plan_.num_outputs;
    const layers::PooledTable pooled = layers::pooled_table(plan_.layers);
    if (pooled.obstacle != nullptr) return std::nullopt;
    network_.mean_ = pooled.mean;
    if (pooled.include_padding) network_.padded_length_ = text.sequence_length;
    for (size_t i = pooled.num_layers; i < plan_.layers.size(); ++i) {
      if (plan_.layers[i].plan.training_only) continue;
      std::optional<Layer> layer = read_layer(plan_.layers[i]);
      if (!layer) return std::nullopt;
      network_.head_.push_back(std::move(*layer));
    }
    network_.dim_ = plan_.layers.front().args.at("dim");
    const bool linear = std::all_of(network_.head_.begin(), network_.head_.end(),
                                    [](const Layer& layer) { return layer.kind == Layer::Kind::kLinear; });
    if (linear && network_.num_outputs_ <= std::max<int64_t>(1, network_.dim_ / kNumbersAScore)) {
      network_.fold(weights_.table());
    } else {
      network_.table_ = weights_.table_rows(network_.dim_);
    }
    network_.widest_ = kernels::padded(network_.dim_);
    for (const Layer& layer : network_.head_)
      network_.widest_ = std::max(network_.widest_, kernels::padded(layer.features_out));
    return std::move(network_);
  }

 private:
  /// Absent for a kind that stands in no head.
  std::optional<Layer> read_layer(const NamedLayer& layer) const {
    Layer out;
    out.features_in = layer.input.features;
    out.features_out = layer.plan.output.features;
    if (layer.kind == "linear") {
      out.weight = weights_.rows(layer, "weight", out.features_in);
      if (layer.plan.parameters.size() == 2) out.bias = weights_.rows(layer, "bias", out.features_out);
    } else if (layer.kind == "layer_norm") {
      out.kind = Layer::Kind::kLayerNorm;
      out.weight = weights_.rows(layer, "weight", out.features_in);
      out.bias = weights_.rows(layer, "bias", out.features_in);
      out.eps = layer.args.at("eps");
    } else if (const auto found = kernels::activation_layer(layer.kind, layer.args)) {
      out.kind = Layer::Kind::kActivation;
      out.activation = found->activation;
      out.slope = found->slope;
    } else {
      return std::nullopt;
    }
    return out;
  }

  const layers::ModelPlan& plan_;
  const NetworkWeights& weights_;
  PooledNetwork network_;
};

std::optional<PooledNetwork> PooledNetwork::build(const layers::ModelPlan& plan, const TextConfig& text,
                                                  const NetworkWeights& weights) {
  return Builder(plan, weights).build(text);
}

/// The linear layers as one, from the last to the first, then applied to every row of the table, in float64.
void PooledNetwork::fold(const TableRows& table) {
  const auto outputs = static_cast<size_t>(num_outputs_);
  auto width = outputs;
  std::vector<double> product(outputs * outputs);  // [L, width], of the layers behind
  for (size_t label = 0; label < outputs; ++label) product[label * outputs + label] = 1;
  base_.assign(outputs, 0);
  for (auto layer = head_.rbegin(); layer != head_.rend(); ++layer) {
    const auto in = static_cast<size_t>(layer->features_in);
    const auto stride = static_cast<size_t>(kernels::padded(layer->features_in));
    std::vector<double> before(outputs * in);
    for (size_t label = 0; label < outputs; ++label) {
      for (size_t unit = 0; unit < width; ++unit) {
        const double factor = product[label * width + unit];
        if (!layer->bias.empty()) base_[label] += factor * double{layer->bias[unit]};
        for (size_t i = 0; i < in; ++i)
          before[label * in + i] += factor * double{layer->weight[unit * stride + i]};
      }
    }
    product = std::move(before);
    width = in;
  }
  scores_.resize(static_cast<size_t>(table.num_rows()) * outputs);
  table.for_each([&](int64_t id, const float* row) {
    for (size_t label = 0; label < outputs; ++label) {
      double score = 0;
      for (size_t i = 0; i < width; ++i) score += product[label * width + i] * double{row[i]};
      scores_[static_cast<size_t>(id) * outputs + label] = static_cast<float>(score);
    }
  });
}

}  // namespace bernoulli
