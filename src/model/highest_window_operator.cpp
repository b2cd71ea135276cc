#include <algorithm>

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include "kernels/convolution.h"
#include "model/in_parts.h"
#include "model/operators.h"

namespace bernoulli {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct Windows {
  int64_t dilation, before, behind;
  bool counts_padding, pool_counts_padding;
};

kernels::Convolution layer_of(const at::Tensor& weight, int64_t dilation) {
  return {weight.size(0), weight.size(1), weight.size(2), dilation, weight.const_data_ptr<float>()};
}

struct HighestWindowFunction : torch::autograd::Function<HighestWindowFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& lengths,
                            const at::Tensor& weight, const Windows& windows) {
    const int64_t batch = x.size(0), length = x.size(1), inputs = x.size(2), channels = weight.size(0);
    const int64_t* tokens = lengths.const_data_ptr<int64_t>();
    const int64_t rows = windows.before + std::max<int64_t>(length, 1) + windows.behind;
    const at::Tensor texts = at::zeros({batch, rows, inputs}, x.options());
    const at::Tensor outputs = at::empty({batch, channels}, x.options());
    const at::Tensor begins = at::empty({batch, channels}, x.options().dtype(at::kInt));
    const kernels::Convolution layer = layer_of(weight, windows.dilation);
    in_parts(batch, 1, [&](int64_t begin, int64_t end) {
      for (int64_t b = begin; b < end; ++b) {
        float* text = texts.mutable_data_ptr<float>() + b * rows * inputs;
        std::copy_n(x.const_data_ptr<float>() + b * length * inputs,
                    (windows.counts_padding ? length : tokens[b]) * inputs, text + windows.before * inputs);
        const int64_t positions = windows.pool_counts_padding ? length : tokens[b];
        layer.highest(text, std::max<int64_t>(positions, 1), outputs.mutable_data_ptr<float>() + b * channels,
                      begins.mutable_data_ptr<int32_t>() + b * channels);
      }
    });
    context->save_for_backward({texts, lengths, weight, begins});
    context->saved_data["length"] = length;
    context->saved_data["dilation"] = windows.dilation;
    context->saved_data["before"] = windows.before;
    context->saved_data["counts_padding"] = windows.counts_padding;
    return outputs;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &texts = saved[0], &weight = saved[2];
    const int64_t batch = texts.size(0), rows = texts.size(1), inputs = texts.size(2),
                  channels = weight.size(0), length = context->saved_data["length"].toInt(),
                  before = context->saved_data["before"].toInt();
    const bool counts_padding = context->saved_data["counts_padding"].toBool();
    const kernels::Convolution layer = layer_of(weight, context->saved_data["dilation"].toInt());
    const at::Tensor from = gradients[0].contiguous();
    const float* of_outputs = from.const_data_ptr<float>();
    const int32_t* begins = saved[3].const_data_ptr<int32_t>();

    at::Tensor of_x;
    if (context->needs_input_grad(0)) {
      of_x = at::zeros({batch, length, inputs}, texts.options());
      in_parts(batch, 1, [&](int64_t begin, int64_t end) {
        kernels::LaneVector of_text(static_cast<size_t>(rows * inputs));
        for (int64_t b = begin; b < end; ++b) {
          std::fill(of_text.begin(), of_text.end(), 0.0f);
          layer.highest_text_backward(of_outputs + b * channels, begins + b * channels, of_text.data());
          const int64_t seen = counts_padding ? length : saved[1].const_data_ptr<int64_t>()[b];
          std::copy_n(of_text.data() + before * inputs, seen * inputs,
                      of_x.mutable_data_ptr<float>() + b * length * inputs);
        }
      });
    }
    const at::Tensor of_windows = at::zeros({channels, weight.size(2), inputs}, weight.options());
    in_parts(channels, 16, [&](int64_t begin, int64_t end) {
      for (int64_t b = 0; b < batch; ++b) {
        layer.highest_weight_backward(texts.const_data_ptr<float>() + b * rows * inputs,
                                      of_outputs + b * channels, begins + b * channels, begin, end,
                                      of_windows.mutable_data_ptr<float>());
      }
    });
    return {of_x, {}, of_windows.transpose(1, 2).contiguous(), {}};
  }
};

}  // namespace

at::Tensor highest_window(const at::Tensor& x, const at::Tensor& lengths, const at::Tensor& weight,
                          int64_t dilation, int64_t before, int64_t behind, bool counts_padding,
                          bool pool_counts_padding) {
  return HighestWindowFunction::apply(x.to(at::kFloat).contiguous(), lengths.contiguous(),
                                      weight.to(at::kFloat).contiguous(),
                                      Windows{dilation, before, behind, counts_padding, pool_counts_padding})
      .to(x.scalar_type());
}

}  // namespace bernoulli
