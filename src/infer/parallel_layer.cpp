#include <algorithm>

#include "infer/text_layers.h"
#include "kernels/kernels.h"

namespace bernoulli {
namespace {

/// Lists of layers over the same text, their outputs side by side or added.
class Parallel : public TextLayer {
 public:
  Parallel(const layers::NamedLayer& layer, const NetworkWeights& weights)
      : sum_(layer.args.at("join") == "sum"),
        vector_(layer.plan.output.layout == layers::Layout::kVector),
        features_(layer.plan.output.features) {
    for (const std::vector<layers::NamedLayer>& list : layer.branches) {
      Branch& branch = branches_.emplace_back();
      for (const layers::NamedLayer& each : list)
        if (!each.plan.training_only) branch.push_back(make_text_layer(each, weights));
    }
  }

  void run(TextState& text) const override {
    if (text.branch.empty()) text.branch.resize(1);
    TextState& branch = text.branch.front();
    const int64_t rows = vector_ ? 1 : text.rows, step = kernels::padded(features_);
    float* out = room_in(text.next, rows * step);
    std::fill_n(out, rows * step, 0.0f);
    int64_t column = 0;
    for (const Branch& layers : branches_) {
      begin(text, branch);
      for (const auto& layer : layers) layer->run(branch);
      for (int64_t row = 0; row < rows; ++row)
        join(branch.values.data() + row * kernels::padded(branch.features), branch.features,
             out + row * step + column);
      if (!sum_) column += branch.features;
    }
    text.values.swap(text.next);
    text.rows = branch.rows;
    text.real = branch.real;
    text.features = features_;
  }

 private:
  using Branch = std::vector<std::unique_ptr<const TextLayer>>;

  static void begin(const TextState& text, TextState& branch) {
    const int64_t count = text.rows * kernels::padded(text.features);
    std::copy_n(text.values.begin(), count, room_in(branch.values, count));
    branch.rows = text.rows;
    branch.real = text.real;
    branch.features = text.features;
  }

  void join(const float* from, int64_t count, float* to) const {
    for (int64_t i = 0; i < count; ++i) to[i] = sum_ ? to[i] + from[i] : from[i];
  }

  bool sum_, vector_;
  int64_t features_;
  std::vector<Branch> branches_;
};

}  // namespace

std::unique_ptr<const TextLayer> make_parallel_layer(const layers::NamedLayer& layer,
                                                     const NetworkWeights& weights) {
  return std::make_unique<Parallel>(layer, weights);
}

}  // namespace bernoulli
