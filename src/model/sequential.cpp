#include "model/sequential.h"

#include <algorithm>

#include <fmt/format.h>

#include <ATen/ops/empty.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/runtime/graph_executor.h>

#include "model/initial_weights.h"

namespace bernoulli {
namespace {

using layers::ModelPlan;
using layers::NamedLayer;
using torch::jit::Module;

std::string indented(const std::string& script) {
  std::string text;
  for (size_t begin = 0; begin <= script.size();) {
    const size_t end = std::min(script.find('\n', begin), script.size());
    text += "    " + script.substr(begin, end - begin) + "\n";
    begin = end + 1;
  }
  return text;
}

std::string forward_of(const ModelPlan& plan) {
  std::string text = "def logits(self, x: Tensor, lengths: Tensor) -> Tensor:\n";
  for (const NamedLayer& layer : plan.layers) {
    if (layer.plan.training_only) text += "    if self.training:\n    ";
    text += fmt::format("    x = self.{}.forward(x, lengths)\n", layer.name);
  }
  return text + "    return x\n";
}

NamedShapes shapes_of(const ModelPlan& plan) {
  NamedShapes shapes;
  for (const NamedLayer& layer : plan.layers) {
    for (const layers::ParameterSpec& spec : layer.plan.parameters)
      shapes.emplace_back(layer.tensor_name(spec.name), spec.shape);
  }
  return shapes;
}

}  // namespace

struct Sequential::Impl {
  ModelPlan plan;
  Module module;
  NamedTensors parameters;
  NamedTensors buffers;

  template <typename MakeTensor>
  void build(const ModelPlan& from, c10::Device device, MakeTensor tensor);
};

/// @param tensor  makes parameter number `index` of the plan, on the CPU.
template <typename MakeTensor>
void Sequential::Impl::build(const ModelPlan& from, c10::Device device, MakeTensor tensor) {
  plan = from;
  const auto unit = std::make_shared<torch::jit::CompilationUnit>();
  module = Module("bernoulli.Sequential", unit);
  uint64_t index = 0;
  for (const NamedLayer& layer : plan.layers) {
    Module submodule("bernoulli." + layer.name, unit);
    submodule.register_attribute("training", c10::BoolType::get(), false);
    for (const layers::ParameterSpec& spec : layer.plan.parameters) {
      const std::string name = layer.tensor_name(spec.name);
      at::Tensor values = tensor(spec, name, index++).to(device);
      values.set_requires_grad(spec.trainable);
      submodule.register_parameter(spec.name, values, !spec.trainable);
      (spec.trainable ? parameters : buffers).emplace_back(name, values);
    }
    submodule.define("def forward(self, x: Tensor, lengths: Tensor) -> Tensor:\n" +
                     indented(layer.plan.script));
    module.register_module(layer.name, submodule);
  }
  module.register_attribute("training", c10::BoolType::get(), false);
  module.define(forward_of(plan));
}

Sequential::Sequential(const ModelPlan& plan, uint64_t seed, c10::Device device)
    : impl_(std::make_unique<Impl>()) {
  impl_->build(plan, device,
               [&](const layers::ParameterSpec& spec, const std::string& /*name*/, uint64_t index) {
                 at::Tensor values = at::empty(spec.shape, at::kFloat);
                 set_initial_weights(spec, seed, index, values);
                 return values;
               });
}

Sequential::Sequential(const ModelPlan& plan, const NamedTensors& weights, c10::Device device)
    : impl_(std::make_unique<Impl>()) {
  check_fit(weights, shapes_of(plan), "weights");
  impl_->build(plan, device,
               [&](const layers::ParameterSpec& /*spec*/, const std::string& name, uint64_t /*index*/) {
                 return tensor_of(weights, name).detach().to(at::kFloat);
               });
}

Sequential::~Sequential() = default;
Sequential::Sequential(Sequential&&) noexcept = default;
Sequential& Sequential::operator=(Sequential&&) noexcept = default;

at::Tensor Sequential::forward(const Features& features) {
  // The text as it stands: no profiling, no fusion, so that the first call and the thousandth compute the
  // same bits.
  const torch::jit::GraphOptimizerEnabledGuard plain(false);
  return impl_->module.get_method("logits")({features.values, features.lengths}).toTensor();
}

void Sequential::train(bool on) { impl_->module.train(on); }

NamedTensors Sequential::parameters() const { return impl_->parameters; }

NamedTensors Sequential::buffers() const { return impl_->buffers; }

void Sequential::load(const NamedTensors& tensors) {
  NamedTensors own = impl_->parameters;
  own.insert(own.end(), impl_->buffers.begin(), impl_->buffers.end());
  copy_values(tensors, own, "weights");
}

const ModelPlan& Sequential::plan() const { return impl_->plan; }

const Module& Sequential::module() const { return impl_->module; }

}  // namespace bernoulli
