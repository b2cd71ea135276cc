#include "model/sequential.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/runtime/graph_executor.h>

#include "core/error.h"
#include "core/random.h"

namespace bernoulli {
namespace {

using layers::Initializer;
using layers::ModelPlan;
using layers::NamedLayer;
using torch::jit::Module;

/// The interpreter runs the text as it stands: no profiling, no fusion, so that the first call and the
/// thousandth compute the same bits.
class PlainInterpreter {
 public:
  PlainInterpreter() : before_(torch::jit::getGraphExecutorOptimize()) {
    torch::jit::setGraphExecutorOptimize(false);
  }
  ~PlainInterpreter() { torch::jit::setGraphExecutorOptimize(before_); }
  PlainInterpreter(const PlainInterpreter&) = delete;
  PlainInterpreter& operator=(const PlainInterpreter&) = delete;

 private:
  bool before_;
};

at::Tensor draw(const layers::ParameterSpec& spec, uint64_t seed) {
  at::Tensor tensor = at::empty(spec.shape, at::kFloat);
  auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  const Initializer& init = spec.initializer;
  switch (init.kind) {
    case Initializer::Kind::kZeros:
      return tensor.zero_();
    case Initializer::Kind::kOnes:
      return tensor.fill_(1);
    case Initializer::Kind::kConstant:
      return tensor.fill_(init.a);
    case Initializer::Kind::kUniform:
      return tensor.uniform_(init.a, init.b, generator);
    case Initializer::Kind::kNormal:
      return tensor.normal_(init.a, init.b, generator);
  }
  throw InternalError("unknown initializer");
}

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

std::string shape_text(at::IntArrayRef shape) {
  return fmt::format("[{}]", fmt::join(shape.begin(), shape.end(), ", "));
}

}  // namespace

struct Sequential::Impl {
  ModelPlan plan;
  Module module;
  NamedTensors parameters;
  NamedTensors buffers;
};

Sequential::Sequential(const ModelPlan& plan, uint64_t seed, c10::Device device)
    : impl_(std::make_unique<Impl>()) {
  impl_->plan = plan;
  const auto unit = std::make_shared<torch::jit::CompilationUnit>();
  impl_->module = Module("bernoulli.Sequential", unit);
  uint64_t index = 0;
  for (const NamedLayer& layer : plan.layers) {
    Module submodule("bernoulli." + layer.name, unit);
    submodule.register_attribute("training", c10::BoolType::get(), false);
    for (const layers::ParameterSpec& spec : layer.plan.parameters) {
      at::Tensor tensor = draw(spec, mix_seed(seed, random_stream::kInitialWeights, index++)).to(device);
      tensor.set_requires_grad(spec.trainable);
      submodule.register_parameter(spec.name, tensor, !spec.trainable);
      (spec.trainable ? impl_->parameters : impl_->buffers)
          .emplace_back(fmt::format("{}.{}", layer.name, spec.name), tensor);
    }
    submodule.define("def forward(self, x: Tensor, lengths: Tensor) -> Tensor:\n" +
                     indented(layer.plan.script));
    impl_->module.register_module(layer.name, submodule);
  }
  impl_->module.register_attribute("training", c10::BoolType::get(), false);
  impl_->module.define(forward_of(plan));
}

Sequential::~Sequential() = default;
Sequential::Sequential(Sequential&&) noexcept = default;
Sequential& Sequential::operator=(Sequential&&) noexcept = default;

at::Tensor Sequential::forward(const Features& features) {
  const PlainInterpreter plain;
  return impl_->module.get_method("logits")({features.values, features.lengths}).toTensor();
}

void Sequential::train(bool on) { impl_->module.train(on); }

NamedTensors Sequential::parameters() const { return impl_->parameters; }

NamedTensors Sequential::buffers() const { return impl_->buffers; }

void Sequential::load(const NamedTensors& tensors) {
  NamedTensors own = impl_->parameters;
  own.insert(own.end(), impl_->buffers.begin(), impl_->buffers.end());
  const auto find = [](const NamedTensors& list, const std::string& name) {
    return std::find_if(list.begin(), list.end(), [&](const auto& entry) { return entry.first == name; });
  };
  for (const auto& [name, tensor] : tensors) {
    if (find(own, name) == own.end())
      throw ArtifactError(fmt::format("the saved weights have a tensor '{}' that this model does not", name));
  }
  for (const auto& [name, tensor] : own) {
    const auto saved = find(tensors, name);
    if (saved == tensors.end())
      throw ArtifactError(fmt::format("the saved weights lack the tensor '{}'", name));
    if (saved->second.sizes() != tensor.sizes()) {
      throw ArtifactError(fmt::format("tensor '{}' has shape {} in the saved weights, this model needs {}",
                                      name, shape_text(saved->second.sizes()), shape_text(tensor.sizes())));
    }
  }
  const at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : own) tensor.copy_(find(tensors, name)->second);
}

const ModelPlan& Sequential::plan() const { return impl_->plan; }

const Module& Sequential::module() const { return impl_->module; }

}  // namespace bernoulli
