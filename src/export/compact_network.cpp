#include "export/compact_network.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/jit/api/module.h>

#include "core/error.h"
#include "export/torchscript.h"
#include "layers/folding.h"
#include "metrics/logit_scaling.h"
#include "model/features.h"

namespace bernoulli {
namespace {

using layers::ModelPlan;
using layers::NamedLayer;

Dtype dtype_of(const ExportConfig& form) {
  if (form.weights == "int8") return Dtype::kI8;
  return form.weights == "float16" ? Dtype::kF16 : Dtype::kF32;
}

std::string table_name(const ModelPlan& plan) { return plan.layers.front().tensor_name("weight"); }

/// Row for row and label for label what the linear layers make of the table, computed in float64.
NamedTensors folded_weights(const ModelPlan& plan, const ModelPlan& folded, const NamedTensors& weights) {
  const int64_t outputs = plan.num_outputs;
  at::Tensor product = at::eye(outputs, at::kDouble);  // [L, D], of the layers from here on
  at::Tensor base = at::zeros({outputs}, at::kDouble);
  for (auto layer = plan.layers.rbegin(); layer != plan.layers.rend(); ++layer) {
    if (layer->kind != "linear") continue;
    if (layer->plan.parameters.size() == 2)
      base.add_(at::matmul(product, tensor_of(weights, layer->tensor_name("bias")).to(at::kDouble)));
    product = at::matmul(product, tensor_of(weights, layer->tensor_name("weight")).to(at::kDouble));
  }
  const at::Tensor table = tensor_of(weights, table_name(plan)).to(at::kDouble);
  const NamedLayer& linear = folded.layers.back();
  return {{table_name(folded), at::matmul(table, product.t()).to(at::kFloat).contiguous()},
          {linear.tensor_name("weight"), at::eye(outputs, at::kFloat)},
          {linear.tensor_name("bias"), base.to(at::kFloat)}};
}

}  // namespace

at::Tensor table_numbers(const std::vector<RawTensor>& tensors, const std::string& prefix,
                         const std::vector<int64_t>& shape) {
  at::Tensor numbers = at::zeros(shape, at::kFloat);
  auto* const to = numbers.mutable_data_ptr<float>();
  TableRows(tensors, prefix, shape).for_each([&](int64_t row, const float* from) {
    std::copy_n(from, shape[1], to + row * shape[1]);
  });
  return numbers;
}

CompactNetwork compact_network(const Sequential& trained, const ExportConfig& form, const TextConfig& text,
                               const std::vector<bool>& used) {
  const at::NoGradGuard no_grad;
  ModelPlan plan = trained.plan();
  NamedTensors weights;
  for (const auto& [name, tensor] : network_tensors(trained.module()))
    weights.emplace_back(name, tensor.detach().to(at::kCPU));
  if (form.fold) {
    if (const std::string fault = layers::folding_fault(plan); !fault.empty())
      throw UsageError(fmt::format("export.fold is true, but {} (leave out --fold)", fault));
    ModelPlan folded = layers::folded_plan(plan, text);
    weights = folded_weights(plan, folded, weights);
    plan = std::move(folded);
  }
  const auto table = std::find_if(weights.begin(), weights.end(),
                                  [&](const auto& entry) { return entry.first == table_name(plan); });
  const at::Tensor numbers = table->second.contiguous();
  PackedTable packed = pack_table({numbers.const_data_ptr<float>(), static_cast<size_t>(numbers.numel())},
                                  numbers.size(1), {dtype_of(form), form.fold}, used);
  const std::string prefix = plan.layers.front().tensor_name("");
  table->second = table_numbers(packed.tensors(prefix), prefix, {packed.num_rows, packed.columns});
  return {Sequential(plan, weights, c10::kCPU), std::move(packed)};
}

nlohmann::ordered_json describe_table(const PackedTable& table, const ExportConfig& form) {
  return {{"weights", form.weights}, {"buckets", form.buckets},          {"fold", form.fold},
          {"rows", table.num_rows},  {"stored_rows", table.stored_rows}, {"columns", table.columns}};
}

std::vector<float> answers_of(Sequential& model, const Vectorizer& vectorizer, const StringRows& texts,
                              const std::vector<int64_t>& batches, const LogitScaling& scaling,
                              void (*poll)()) {
  const FeatureShape shape{model.plan().ragged_input, vectorizer.config().sequence_length};
  std::vector<float> answers;
  for (size_t batch = 0; batch + 1 < batches.size(); ++batch) {
    std::vector<std::string> some;
    for (int64_t i = batches[batch]; i < batches[batch + 1]; ++i) some.emplace_back(texts[i]);
    std::vector<float> logits = compute_logits(model, vectorizer.transform(some), shape,
                                               static_cast<int64_t>(some.size()), c10::kCPU, poll);
    scale_logits(logits, scaling);
    answers.insert(answers.end(), logits.begin(), logits.end());
  }
  return answers;
}

}  // namespace bernoulli
