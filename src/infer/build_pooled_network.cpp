#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.h"
#include "infer/pooled_network.h"
#include "kernels/activation_layer.h"
#include "layers/pooled_table.h"

/// How a PooledNetwork is made of plan and weights; pooled_network.cpp is what it then does.
namespace bernoulli {
namespace {

using layers::NamedLayer;

/// Why a network is of another kind.
struct Unsupported {
  std::string reason;
};

/// Rows of `columns` numbers, each padded with zeros to whole lanes.
kernels::LaneVector padded_rows(std::string_view bytes, int64_t rows, int64_t columns) {
  const int64_t stride = kernels::padded(columns);
  kernels::LaneVector padded(static_cast<size_t>(rows * stride));
  const size_t row_bytes = static_cast<size_t>(columns) * sizeof(float);
  for (int64_t row = 0; row < rows; ++row)
    std::memcpy(padded.data() + row * stride, bytes.data() + static_cast<size_t>(row) * row_bytes, row_bytes);
  return padded;
}

}  // namespace

/// Takes plan and weights apart; throws Unsupported.
class PooledNetwork::Builder {
 public:
  Builder(const layers::ModelPlan& plan, const std::vector<RawTensor>& weights) : plan_(plan) {
    for (const RawTensor& tensor : weights) weights_.emplace(tensor.name, &tensor);
  }

  PooledNetwork build(const TextConfig& text) {
    check_tensors();
    network_.num_outputs_ = plan_.num_outputs;
    const layers::PooledTable pooled = layers::pooled_table(plan_.layers);
    if (pooled.obstacle != nullptr) throw Unsupported{pooled.fault()};
    network_.mean_ = pooled.mean;
    if (pooled.include_padding) network_.padded_length_ = text.sequence_length;
    for (size_t i = pooled.num_layers; i < plan_.layers.size(); ++i) {
      if (!plan_.layers[i].plan.training_only) network_.head_.push_back(read_layer(plan_.layers[i]));
    }
    const NamedLayer& first = plan_.layers.front();
    network_.dim_ = first.args.at("dim");
    const int64_t num_ids = first.plan.parameters.front().shape.front();
    kernels::LaneVector table = padded_rows(bytes(first, "weight"), num_ids, network_.dim_);
    const bool linear = std::all_of(network_.head_.begin(), network_.head_.end(),
                                    [](const Layer& layer) { return layer.kind == Layer::Kind::kLinear; });
    if (linear && network_.num_outputs_ <= network_.dim_) {
      network_.fold(table, num_ids);
    } else {
      network_.table_ = std::move(table);
    }
    network_.widest_ = kernels::padded(network_.dim_);
    for (const Layer& layer : network_.head_)
      network_.widest_ = std::max(network_.widest_, kernels::padded(layer.features_out));
    return std::move(network_);
  }

 private:
  /// Every tensor of the plan is there, in its shape, and no other.
  void check_tensors() const {
    size_t expected = 0;
    for (const NamedLayer& layer : plan_.layers) {
      for (const layers::ParameterSpec& parameter : layer.plan.parameters) {
        ++expected;
        const std::string name = layer.tensor_name(parameter.name);
        const auto found = weights_.find(name);
        if (found == weights_.end()) throw ArtifactError(fmt::format("the weights lack tensor '{}'", name));
        if (found->second->shape != parameter.shape) {
          throw ArtifactError(fmt::format("tensor '{}' has shape [{}], the model needs [{}]", name,
                                          fmt::join(found->second->shape, ", "),
                                          fmt::join(parameter.shape, ", ")));
        }
        if (found->second->dtype != Dtype::kF32)
          throw Unsupported{fmt::format("weights of dtype {}", to_string(found->second->dtype))};
      }
    }
    if (weights_.size() != expected)
      throw ArtifactError(
          fmt::format("the weights hold {} tensors, the model has {}", weights_.size(), expected));
  }

  std::string_view bytes(const NamedLayer& layer, const std::string& parameter) const {
    return weights_.at(layer.tensor_name(parameter))->bytes;
  }

  Layer read_layer(const NamedLayer& layer) const {
    Layer out;
    out.features_in = layer.input.features;
    out.features_out = layer.plan.output.features;
    if (layer.kind == "linear") {
      out.weight = padded_rows(bytes(layer, "weight"), out.features_out, out.features_in);
      if (layer.plan.parameters.size() == 2)
        out.bias = padded_rows(bytes(layer, "bias"), 1, out.features_out);
    } else if (layer.kind == "layer_norm") {
      out.kind = Layer::Kind::kLayerNorm;
      out.weight = padded_rows(bytes(layer, "weight"), 1, out.features_in);
      out.bias = padded_rows(bytes(layer, "bias"), 1, out.features_in);
      out.eps = layer.args.at("eps");
    } else if (const auto found = kernels::activation_layer(layer.kind, layer.args)) {
      out.kind = Layer::Kind::kActivation;
      out.activation = found->activation;
      out.slope = found->slope;
    } else {
      throw Unsupported{layer.kind};
    }
    return out;
  }

  const layers::ModelPlan& plan_;
  std::map<std::string, const RawTensor*> weights_;
  PooledNetwork network_;
};

std::optional<PooledNetwork> PooledNetwork::build(const layers::ModelPlan& plan, const TextConfig& text,
                                                  const std::vector<RawTensor>& weights,
                                                  std::string& reason) {
  try {
    return Builder(plan, weights).build(text);
  } catch (const Unsupported& unsupported) {
    reason = fmt::format("the native path does not run {}", unsupported.reason);
    return std::nullopt;
  }
}

/// The linear layers as one, from the last to the first, then applied to every row of the table, in float64.
void PooledNetwork::fold(const kernels::LaneVector& table, int64_t num_ids) {
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
  const auto stride = static_cast<size_t>(kernels::padded(dim_));
  scores_.resize(static_cast<size_t>(num_ids) * outputs);
  for (size_t id = 0; id < static_cast<size_t>(num_ids); ++id) {
    for (size_t label = 0; label < outputs; ++label) {
      double score = 0;
      for (size_t i = 0; i < width; ++i) score += product[label * width + i] * double{table[id * stride + i]};
      scores_[id * outputs + label] = static_cast<float>(score);
    }
  }
}

}  // namespace bernoulli
