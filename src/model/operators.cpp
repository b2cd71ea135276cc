#include "model/operators.h"

#include <torch/csrc/jit/frontend/sugared_value.h>
#include <torch/library.h>

namespace bernoulli {
namespace {

constexpr const char* kNamespace = "bernoulli";

/// `bernoulli` beside what LibTorch resolves.
struct OperatorResolver : torch::jit::Resolver {
  std::shared_ptr<torch::jit::SugaredValue> resolveValue(const std::string& name,
                                                         torch::jit::GraphFunction& function,
                                                         const torch::jit::SourceRange& place) override {
    if (name == kNamespace) return std::make_shared<torch::jit::BuiltinModule>(kNamespace);
    return torch::jit::nativeResolver()->resolveValue(name, function, place);
  }
};

#define BERNOULLI_RECURRENT                                                                              \
  "(Tensor x, Tensor lengths, Tensor weight_ih, Tensor weight_hh, Tensor bias_ih, Tensor bias_hh, bool " \
  "reversed, bool last) -> Tensor"

TORCH_LIBRARY(bernoulli, library) {
  library.def("dropout(Tensor x, int keep) -> Tensor", &dropout);
  library.def("lstm" BERNOULLI_RECURRENT, &lstm);
  library.def("gru" BERNOULLI_RECURRENT, &gru);
  library.def(
      "highest_window(Tensor x, Tensor lengths, Tensor weight, int dilation, int before, int behind, bool "
      "counts_padding, bool pool_counts_padding) -> Tensor",
      &highest_window);
}

}  // namespace

torch::jit::ResolverPtr operator_resolver() { return std::make_shared<OperatorResolver>(); }

}  // namespace bernoulli
