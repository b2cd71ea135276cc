#include "model/sequential.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/runtime/graph_executor.h>

#include "model/initial_weights.h"
#include "model/operators.h"

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

/// The lines that take `x` through a list of layers. The branches of layer 1 have values of their own, x_1_0
/// and so on.
/// @param always_training  layers of training alone are run without asking
void add_calls(const std::vector<NamedLayer>& list, const std::string& x, bool always_training,
               std::string& text) {
  for (size_t i = 0; i < list.size(); ++i) {
    const NamedLayer& layer = list[i];
    std::vector<std::string> outputs;
    for (const std::vector<NamedLayer>& branch : layer.branches) {
      const std::string& own = outputs.emplace_back(fmt::format("{}_{}_{}", x, i, outputs.size()));
      text += fmt::format("    {} = {}\n", own, x);
      add_calls(branch, own, always_training, text);
    }
    if (layer.plan.training_only && !always_training) text += "    if self.training:\n    ";
    text += fmt::format("    {} = self.{}.forward({}, lengths)\n", x, layer.name,
                        outputs.empty() ? x : fmt::format("[{}]", fmt::join(outputs, ", ")));
  }
}

std::string logits_of(const ModelPlan& plan, bool always_training) {
  std::string text = "def logits(self, x: Tensor, lengths: Tensor) -> Tensor:\n";
  add_calls(plan.layers, "x", always_training, text);
  return text + "    return x\n";
}

constexpr const char* kForward = "def forward(self, x: Tensor, lengths: Tensor) -> Tensor:\n";
constexpr const char* kForwardOfBranches = "def forward(self, x: List[Tensor], lengths: Tensor) -> Tensor:\n";

/// A layer with a script of its own and the parameters of another.
Module with_script(const NamedLayer& layer, const Module& same, const std::string& script,
                   const std::shared_ptr<torch::jit::CompilationUnit>& unit) {
  Module module("bernoulli." + layer.name, unit);
  module.register_attribute("training", c10::BoolType::get(), true);
  for (const layers::ParameterSpec& spec : layer.plan.parameters)
    module.register_parameter(spec.name, same.attr(spec.name).toTensor(), !spec.trainable);
  module.define(kForward + indented(script), operator_resolver());
  return module;
}

/// Gives `module` the layers of a list as training runs them. @return whether one has another script
bool register_layers(const std::vector<NamedLayer>& list, const Module& evaluated,
                     const std::shared_ptr<torch::jit::CompilationUnit>& unit, Module& module) {
  bool differs = false;
  size_t pool = 0;  // the max_pool whose highest windows are taken already; 0, which is before any, for none
  for (size_t i = 0; i < list.size(); ++i) {
    const NamedLayer& layer = list[i];
    for (const std::vector<NamedLayer>& branch : layer.branches)
      differs = register_layers(branch, evaluated, unit, module) || differs;
    std::string script = layer.plan.training_script;
    if (pool != 0 && i == pool) {
      script = layer.plan.rest_of_pool->script;
      pool = 0;
    } else if (layer.plan.highest_script) {
      pool = layers::max_pool_behind(list, i).value_or(0);
      if (pool != 0) script = layer.plan.highest_script(list[pool].plan.rest_of_pool->counts_padding);
    }
    differs = differs || !script.empty();
    const Module own = evaluated.attr(layer.name).toModule();
    module.register_module(layer.name, script.empty() ? own : with_script(layer, own, script, unit));
  }
  return differs;
}

/// The layers as training on the CPU runs them: the same functions of the same parameters, by the faster of
/// two texts. None where no layer has another text.
std::optional<Module> training_module(const ModelPlan& plan, const Module& evaluated) {
  const auto unit = std::make_shared<torch::jit::CompilationUnit>();
  Module module("bernoulli.TrainingSequential", unit);
  module.register_attribute("training", c10::BoolType::get(), true);
  if (!register_layers(plan.layers, evaluated, unit, module)) return std::nullopt;
  module.define(logits_of(plan, /*always_training=*/true));
  return module;
}

NamedShapes shapes_of(const ModelPlan& plan) {
  NamedShapes shapes;
  for (const NamedLayer* layer : plan.all_layers()) {
    for (const layers::ParameterSpec& spec : layer->plan.parameters)
      shapes.emplace_back(layer->tensor_name(spec.name), spec.shape);
  }
  return shapes;
}

}  // namespace

Module with_first_layer(const ModelPlan& plan, const Module& network, const Module& first) {
  Module module("bernoulli.Sequential");
  for (const NamedLayer* layer : plan.all_layers()) {
    const bool is_first = layer == &plan.layers.front();
    module.register_module(layer->name, is_first ? first : network.attr(layer->name).toModule());
  }
  module.register_attribute("training", c10::BoolType::get(), false);
  module.define(logits_of(plan, /*always_training=*/false));
  return module;
}

struct Sequential::Impl {
  ModelPlan plan;
  Module module;
  std::optional<Module> training;  ///< made when training begins
  bool is_training = false;
  bool on_cpu = false;
  NamedTensors parameters;
  NamedTensors buffers;

  template <typename MakeTensor>
  void build(const ModelPlan& from, c10::Device device, MakeTensor tensor);
};

/// @param tensor  makes parameter number `index` of the plan, on the CPU.
template <typename MakeTensor>
void Sequential::Impl::build(const ModelPlan& from, c10::Device device, MakeTensor tensor) {
  plan = from;
  on_cpu = device.is_cpu();
  const auto unit = std::make_shared<torch::jit::CompilationUnit>();
  module = Module("bernoulli.Sequential", unit);
  uint64_t index = 0;
  for (const NamedLayer* layer : plan.all_layers()) {
    Module submodule("bernoulli." + layer->name, unit);
    submodule.register_attribute("training", c10::BoolType::get(), false);
    for (const layers::ParameterSpec& spec : layer->plan.parameters) {
      const std::string name = layer->tensor_name(spec.name);
      at::Tensor values = tensor(spec, name, index++).to(device);
      values.set_requires_grad(spec.trainable);
      submodule.register_parameter(spec.name, values, !spec.trainable);
      (spec.trainable ? parameters : buffers).emplace_back(name, values);
    }
    submodule.define((layer->branches.empty() ? kForward : kForwardOfBranches) +
                     indented(layer->plan.script));
    module.register_module(layer->name, submodule);
  }
  module.register_attribute("training", c10::BoolType::get(), false);
  module.define(logits_of(plan, /*always_training=*/false));
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

namespace {

/// While it lives, weights want no gradient, as in an exported file. LibTorch's product of three and two
/// dimensions goes another way, to other last digits, for a weight that wants one, also under NoGradGuard
/// (should_fold in ATen/native/LinearAlgebra.cpp).
class WithoutGradients {
 public:
  explicit WithoutGradients(const NamedTensors& parameters) : parameters_(parameters) { set(false); }
  ~WithoutGradients() { set(true); }
  WithoutGradients(const WithoutGradients&) = delete;
  WithoutGradients& operator=(const WithoutGradients&) = delete;

 private:
  void set(bool wanted) {
    for (const auto& [name, tensor] : parameters_) tensor.set_requires_grad(wanted);
  }

  const NamedTensors& parameters_;
};

}  // namespace

at::Tensor Sequential::forward(const Features& features) {
  std::optional<WithoutGradients> evaluating;
  if (!at::GradMode::is_enabled()) evaluating.emplace(impl_->parameters);
  // The text as it stands: no profiling, no fusion, so that the first call and the thousandth compute the
  // same bits.
  const torch::jit::GraphOptimizerEnabledGuard plain(false);
  const Module& module = impl_->is_training && impl_->training ? *impl_->training : impl_->module;
  return module.get_method("logits")({features.values, features.lengths}).toTensor();
}

void Sequential::train(bool on) {
  impl_->module.train(on);
  impl_->is_training = on;
  if (on && !impl_->training && impl_->on_cpu) impl_->training = training_module(impl_->plan, impl_->module);
}

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
