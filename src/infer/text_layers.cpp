#include "infer/text_layers.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/error.h"
#include "kernels/activation_layer.h"
#include "kernels/convolution.h"
#include "kernels/layer_norm.h"
#include "kernels/recurrent_layer.h"
#include "layers/window_reach.h"

namespace bernoulli {
namespace {

using kernels::LaneVector;
using kernels::padded;
using layers::NamedLayer;

const kernels::SequenceKernels& kernel() { return kernels::available_kernels().front()->sequence; }

/// Tokens that a layer works on at once where it needs more memory than its output, so that a long text does
/// not take it for every token. The bits do not depend on it.
constexpr int64_t kTokensAtOnce = 1024;

/// The next values are the state: rows of `features`.
void advance(TextState& text, int64_t rows, int64_t features) {
  text.values.swap(text.next);
  text.rows = rows;
  text.features = features;
}

/// One row, of the whole text.
void advance_to_vector(TextState& text, int64_t features) {
  advance(text, 1, features);
  text.real = 1;
}

/// Every row begins as the bias, which may be empty.
void fill_rows(const LaneVector& bias, int64_t rows, int64_t features, float* to) {
  for (int64_t row = 0; row < rows; ++row, to += padded(features)) {
    if (bias.empty())
      std::fill_n(to, padded(features), 0.0f);
    else
      std::copy_n(bias.begin(), padded(features), to);
  }
}

/// x W^T + bias on every row.
class LinearLayer : public TextLayer {
 public:
  LinearLayer(const LaneVector& weight, LaneVector bias, int64_t in, int64_t out)
      : in_(in),
        out_(out),
        panels_(static_cast<size_t>(in * kernels::in_panels(out))),
        bias_(std::move(bias)) {
    kernels::pack_panels(weight.data(), in, out, 1, in, panels_.data());
  }

  void apply(const float* x, int64_t rows, float* to) const {
    fill_rows(bias_, rows, out_, to);
    kernel().multiply_add({rows, out_, in_, x, padded(in_), 1, panels_.data(), to, padded(out_)});
  }
  void run(TextState& text) const override {
    apply(text.values.data(), text.rows, room_in(text.next, text.rows * padded(out_)));
    advance(text, text.rows, out_);
  }

 private:
  int64_t in_, out_;
  LaneVector panels_;
  LaneVector bias_;
};

class ActivationOfRows : public TextLayer {
 public:
  explicit ActivationOfRows(kernels::ActivationLayer layer) : layer_(layer) {}

  void run(TextState& text) const override {
    for (int64_t row = 0; row < text.rows; ++row) {
      float* x = text.values.data() + row * padded(text.features);
      kernels::activate(layer_.activation, layer_.slope, x, x, text.features);
    }
  }

 private:
  kernels::ActivationLayer layer_;
};

class LayerNorm : public TextLayer {
 public:
  LayerNorm(LaneVector weight, LaneVector bias, double eps)
      : weight_(std::move(weight)), bias_(std::move(bias)), eps_(eps) {}

  void run(TextState& text) const override {
    for (int64_t row = 0; row < text.rows; ++row) {
      kernels::layer_norm(text.values.data() + row * padded(text.features), text.features, weight_.data(),
                          bias_.data(), eps_);
    }
  }

 private:
  LaneVector weight_, bias_;
  double eps_;
};

/// By its running statistics: a factor and a summand for each feature.
class BatchNorm : public TextLayer {
 public:
  BatchNorm(LaneVector weight, LaneVector bias, const LaneVector& mean, const LaneVector& variance,
            double eps)
      : factor_(std::move(weight)), summand_(std::move(bias)) {
    for (size_t i = 0; i < factor_.size(); ++i) {
      const double factor = double{factor_[i]} / std::sqrt(double{variance[i]} + eps);
      summand_[i] = static_cast<float>(double{summand_[i]} - double{mean[i]} * factor);
      factor_[i] = static_cast<float>(factor);
    }
  }

  void run(TextState& text) const override {
    for (size_t i = 0; i < factor_.size(); ++i) text.values[i] = text.values[i] * factor_[i] + summand_[i];
  }

 private:
  LaneVector factor_, summand_;
};

class Conv1d : public TextLayer {
 public:
  Conv1d(const NamedLayer& layer, const NetworkWeights& weights)
      : counts_padding_(layer.args.at("padding") == "include"),
        in_(layer.input.features),
        reach_(layer.args.at("kernel_size"), layer.args.at("dilation")),
        convolution_(layer.args.at("channels"), in_, layer.args.at("kernel_size"), layer.args.at("dilation"),
                     weights.numbers(layer, "weight").data()) {
    if (layer.args.at("bias")) bias_ = weights.rows(layer, "bias", convolution_.channels());
  }

  void run(TextState& text) const override {
    const int64_t channels = convolution_.channels();
    float* out = room_in(text.next, text.rows * padded(channels));
    fill_rows(bias_, text.rows, channels, out);
    for (int64_t first = 0; first < text.rows; first += kTokensAtOnce) {
      const int64_t count = std::min(kTokensAtOnce, text.rows - first);
      convolution_.add_outputs(around(text, first, count), 0, count, out + first * padded(channels));
    }
    advance(text, text.rows, channels);
  }

 private:
  /// Some positions and what their windows reach over: zeros before the text and behind it.
  const float* around(TextState& text, int64_t first, int64_t count) const {
    const int64_t begin = first - reach_.before, end = first + count + reach_.behind;
    float* to = room_in(text.scratch[0], (end - begin) * in_);
    std::fill_n(to, (end - begin) * in_, 0.0f);
    const int64_t last = std::min(end, counts_padding_ ? text.rows : text.real);
    for (int64_t row = std::max<int64_t>(begin, 0); row < last; ++row)
      std::copy_n(text.values.data() + row * padded(in_), in_, to + (row - begin) * in_);
    return to;
  }

  bool counts_padding_;
  int64_t in_;
  layers::WindowReach reach_;
  kernels::Convolution convolution_;
  LaneVector bias_;
};

class Recurrent : public TextLayer {
 public:
  Recurrent(const NamedLayer& layer, const NetworkWeights& weights)
      : units_(layer.args.at("units")), last_(layer.args.at("output") == "last"), in_(layer.input.features) {
    const kernels::Cell cell = layer.kind == "lstm" ? kernels::Cell::kLstm : kernels::Cell::kGru;
    std::vector<const char*> suffixes = {""};
    if (layer.args.at("bidirectional")) suffixes.push_back("_reverse");
    for (const std::string suffix : suffixes) {
      const LaneVector weight_ih = weights.numbers(layer, "weight_ih" + suffix),
                       weight_hh = weights.numbers(layer, "weight_hh" + suffix),
                       bias_ih = weights.numbers(layer, "bias_ih" + suffix),
                       bias_hh = weights.numbers(layer, "bias_hh" + suffix);
      directions_.emplace_back(
          cell, kernels::Pass::kForward, in_, units_,
          kernels::RecurrentWeights{weight_ih.data(), weight_hh.data(), bias_ih.data(), bias_hh.data()});
    }
  }

  void run(TextState& text) const override {
    const int64_t features = units_ * static_cast<int64_t>(directions_.size());
    const int64_t rows = last_ ? 1 : text.rows, step = padded(features);
    float* out = room_in(text.next, rows * step);
    std::fill_n(out, rows * step, 0.0f);
    for (size_t i = 0; i < directions_.size(); ++i)
      run_direction(directions_[i], /*reversed=*/i == 1, text, out + static_cast<int64_t>(i) * units_, step);
    if (last_)
      advance_to_vector(text, features);
    else
      advance(text, rows, features);
  }

 private:
  /// @param to  the first row's part of the output, of rows `step` apart
  void run_direction(const kernels::RecurrentLayer& layer, bool reversed, TextState& text, float* to,
                     int64_t step) const {
    const int64_t most = std::min(text.real, kTokensAtOnce), width = layer.state_step();
    float* x = room_in(text.scratch[0], most * in_);
    // One row before those of the tokens: what the part before has left.
    float* states = room_in(text.scratch[2], (most + 1) * width) + width;
    float* memories = room_in(text.scratch[3], (most + 1) * width) + width;
    kernels::RecurrentStates rows{room_in(text.scratch[1], most * layer.gates_step()), states, memories};
    const auto row_of = [&](int64_t token) { return reversed ? text.real - 1 - token : token; };
    for (int64_t first = 0; first < text.real; first += kTokensAtOnce) {
      const int64_t count = std::min(kTokensAtOnce, text.real - first);
      for (int64_t token = 0; token < count; ++token)
        std::copy_n(text.values.data() + row_of(first + token) * padded(in_), in_, x + token * in_);
      layer.read(x, 0, count, rows.gates);
      layer.run(kernels::TokenOrder({&count, 1}), 0, 1, rows);
      for (int64_t token = 0; !last_ && token < count; ++token)
        std::copy_n(states + token * width, units_, to + row_of(first + token) * step);
      std::copy_n(states + (count - 1) * width, width, states - width);
      std::copy_n(memories + (count - 1) * width, width, memories - width);
      rows.first_states = states - width;
      rows.first_memories = memories - width;
    }
    if (last_ && text.real > 0) std::copy_n(states - width, units_, to);
  }

  int64_t units_;
  bool last_;
  int64_t in_;
  std::vector<kernels::RecurrentLayer> directions_;
};

/// Sum, mean or maximum over positions, of which padding may be some.
class Pool : public TextLayer {
 public:
  enum class Mode { kSum, kMean, kMax };
  Pool(Mode mode, bool counts_padding) : mode_(mode), counts_padding_(counts_padding) {}

  void run(TextState& text) const override {
    const int64_t rows = counts_padding_ ? text.rows : text.real, step = padded(text.features);
    float* out = room_in(text.next, step);
    std::fill_n(out, step, 0.0f);
    if (mode_ == Mode::kMax) {
      if (rows > 0) take_highest(text, rows, step, out);
    } else {
      kernel().add_rows(text.values.data(), rows, step, step, out);
    }
    if (mode_ == Mode::kMean && rows > 1) {
      for (int64_t i = 0; i < text.features; ++i) out[i] /= static_cast<float>(rows);
    }
    advance_to_vector(text, text.features);
  }

 private:
  static void take_highest(TextState& text, int64_t rows, int64_t step, float* out) {
    std::fill_n(out, step, -std::numeric_limits<float>::infinity());
    if (text.indices.size() < static_cast<size_t>(step)) text.indices.resize(static_cast<size_t>(step));
    kernel().raise_highest(text.values.data(), rows, step, 0, out, text.indices.data());
  }

  Mode mode_;
  bool counts_padding_;
};

class AttentionPool : public TextLayer {
 public:
  AttentionPool(const NamedLayer& layer, const NetworkWeights& weights)
      : units_(layer.args.at("units")),
        judge_(weights.numbers(layer, "weight"), weights.rows(layer, "bias", units_), layer.input.features,
               units_),
        query_(weights.numbers(layer, "query")) {}

  void run(TextState& text) const override {
    const int64_t tokens = text.real, step = padded(text.features);
    float* hidden = room_in(text.scratch[0], std::min(tokens, kTokensAtOnce) * padded(units_));
    float* shares = room_in(text.scratch[1], tokens);
    for (int64_t first = 0; first < tokens; first += kTokensAtOnce) {
      const int64_t count = std::min(kTokensAtOnce, tokens - first);
      judge_.apply(text.values.data() + first * step, count, hidden);
      for (int64_t token = 0; token < count; ++token)
        shares[first + token] = score(hidden + token * padded(units_));
    }
    const float highest = tokens == 0 ? 0 : *std::max_element(shares, shares + tokens);
    double sum = 0;
    for (int64_t token = 0; token < tokens; ++token)
      sum += double{shares[token] = std::exp(shares[token] - highest)};
    float* out = room_in(text.next, step);
    std::fill_n(out, step, 0.0f);
    for (int64_t token = 0; token < tokens; ++token) {
      kernel().add_scaled(text.values.data() + token * step, text.features,
                          static_cast<float>(double{shares[token]} / sum), out);
    }
    advance_to_vector(text, text.features);
  }

 private:
  float score(float* hidden) const {
    kernels::activate(kernels::Activation::kTanh, 0, hidden, hidden, units_);
    double sum = 0;
    for (int64_t i = 0; i < units_; ++i) sum += double{hidden[i]} * double{query_[static_cast<size_t>(i)]};
    return static_cast<float>(sum);
  }

  int64_t units_;
  LinearLayer judge_;
  LaneVector query_;
};

std::optional<Pool::Mode> pool_mode(const std::string& name) {
  if (name == "sum" || name == "sum_pool") return Pool::Mode::kSum;
  if (name == "mean" || name == "mean_pool") return Pool::Mode::kMean;
  if (name == "max" || name == "max_pool") return Pool::Mode::kMax;
  return std::nullopt;
}

}  // namespace

float* room_in(LaneVector& numbers, int64_t count) {
  const auto size = static_cast<size_t>(std::max<int64_t>(count, 1));
  if (numbers.size() < size) numbers.resize(size);
  return numbers.data();
}

size_t TextState::bytes() const {
  size_t numbers = values.capacity() + next.capacity();
  for (const LaneVector& each : scratch) numbers += each.capacity();
  size_t bytes = numbers * sizeof(float) + indices.capacity() * sizeof(int32_t);
  for (const TextState& each : branch) bytes += each.bytes();
  return bytes;
}

std::unique_ptr<const TextLayer> make_text_layer(const NamedLayer& layer, const NetworkWeights& weights) {
  const int64_t in = layer.input.features, out = layer.plan.output.features;
  if (layer.kind == "linear") {
    LaneVector bias;
    if (layer.plan.parameters.size() == 2) bias = weights.rows(layer, "bias", out);
    return std::make_unique<LinearLayer>(weights.numbers(layer, "weight"), std::move(bias), in, out);
  }
  if (layer.kind == "layer_norm") {
    return std::make_unique<LayerNorm>(weights.numbers(layer, "weight"), weights.numbers(layer, "bias"),
                                       layer.args.at("eps"));
  }
  if (layer.kind == "batch_norm") {
    return std::make_unique<BatchNorm>(weights.numbers(layer, "weight"), weights.numbers(layer, "bias"),
                                       weights.numbers(layer, "running_mean"),
                                       weights.numbers(layer, "running_var"), layer.args.at("eps"));
  }
  if (layer.kind == "conv1d") return std::make_unique<Conv1d>(layer, weights);
  if (layer.kind == "lstm" || layer.kind == "gru") return std::make_unique<Recurrent>(layer, weights);
  if (layer.kind == "parallel") return make_parallel_layer(layer, weights);
  if (layer.kind == "attention_pool") return std::make_unique<AttentionPool>(layer, weights);
  if (const auto mode = pool_mode(layer.kind))
    return std::make_unique<Pool>(*mode, layer.args.at("padding") == "include");
  if (const auto activation = kernels::activation_layer(layer.kind, layer.args))
    return std::make_unique<ActivationOfRows>(*activation);
  throw InternalError(fmt::format("layer '{}' has no native form", layer.name));
}

std::unique_ptr<const TextLayer> make_pool_of_tokens(const std::string& mode) {
  return std::make_unique<Pool>(pool_mode(mode).value(), false);
}

}  // namespace bernoulli
