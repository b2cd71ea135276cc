#include "train/fused_head.h"

#include <algorithm>

#include "core/random.h"

namespace bernoulli {

FusedHead::FusedHead(const std::vector<FusedLayer>& layers, int64_t dim,
                     std::vector<FusedParameter>& parameters, const kernels::Kernels& kernels)
    : layers_(layers), parameters_(parameters), kernels_(kernels) {
  strides_.push_back(kernels::padded(dim));
  for (const FusedLayer& layer : layers_) strides_.push_back(kernels::padded(layer.features_out));
  values_.resize(strides_.size());
  gradients_.resize(strides_.size());
}

float* FusedHead::input(int64_t rows) {
  rows_ = rows;
  for (size_t i = 0; i < strides_.size(); ++i) {
    const auto size = static_cast<size_t>(rows * strides_[i]);
    if (values_[i].size() < size) values_[i].resize(size);
    if (gradients_[i].size() < size) gradients_[i].resize(size);
  }
  return values_.front().data();
}

const float* FusedHead::forward(const uint64_t* seeds) {
  for (size_t i = 0; i < layers_.size(); ++i) forward_layer(i, seeds);
  return values_.back().data();
}

int64_t FusedHead::logit_stride() const { return strides_.back(); }

float* FusedHead::logit_gradient() {
  std::fill_n(gradients_.back().begin(), rows_ * strides_.back(), 0.0f);
  return gradients_.back().data();
}

const float* FusedHead::backward(const uint64_t* seeds) {
  for (size_t i = layers_.size(); i-- > 0;) backward_layer(i, seeds);
  return gradients_.front().data();
}

void FusedHead::forward_layer(size_t index, const uint64_t* seeds) {
  const FusedLayer& layer = layers_[index];
  const float* x = values_[index].data();
  float* y = values_[index + 1].data();
  const int64_t stride = strides_[index];
  switch (layer.kind) {
    case FusedLayer::Kind::kDropout:
      std::copy_n(x, rows_ * stride, y);
      if (seeds != nullptr) drop(index, seeds, y);
      return;
    case FusedLayer::Kind::kActivation:
      for (int64_t row = 0; row < rows_; ++row)
        kernels::activate(layer.activation, layer.slope, x + row * stride, y + row * stride,
                          layer.features_in);
      return;
    case FusedLayer::Kind::kLinear: {
      const FusedParameter& weight = parameters_[layer.weight];
      kernels_.linear({rows_, layer.features_out, stride, strides_[index + 1]}, x, weight.table().weights,
                      layer.has_bias ? parameters_[layer.weight + 1].table().weights : nullptr, y);
      return;
    }
  }
}

void FusedHead::backward_layer(size_t index, const uint64_t* seeds) {
  const FusedLayer& layer = layers_[index];
  const float* x = values_[index].data();
  float* dx = gradients_[index].data();
  const float* dy = gradients_[index + 1].data();
  const int64_t stride = strides_[index];
  switch (layer.kind) {
    case FusedLayer::Kind::kDropout:
      std::copy_n(dy, rows_ * stride, dx);
      drop(index, seeds, dx);
      return;
    case FusedLayer::Kind::kActivation:
      std::copy_n(dy, rows_ * stride, dx);
      for (int64_t row = 0; row < rows_; ++row)
        kernels::activate_backward(layer.activation, layer.slope, x + row * stride, dx + row * stride,
                                   layer.features_in);
      return;
    case FusedLayer::Kind::kLinear: {
      FusedParameter& weight = parameters_[layer.weight];
      kernels_.linear_backward({rows_, layer.features_out, stride, strides_[index + 1]}, x,
                               weight.table().weights, dy, weight.gradient.data(),
                               layer.has_bias ? parameters_[layer.weight + 1].gradient.data() : nullptr, dx);
      return;
    }
  }
}

void FusedHead::drop(size_t index, const uint64_t* seeds, float* values) const {
  const uint32_t threshold = layers_[index].threshold;
  const float scale = 65536.0f / static_cast<float>(threshold);
  for (int64_t row = 0; row < rows_; ++row) {
    const uint64_t key = mix_seed(seeds[row], random_stream::kDropout, index + 1);
    kernels_.dropout({static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32), threshold}, scale,
                     values + row * strides_[index], strides_[index]);
  }
}

}  // namespace bernoulli
