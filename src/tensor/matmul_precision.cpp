#include "tensor/matmul_precision.h"

#include <ATen/Context.h>

namespace bernoulli {
namespace {

const char* precision_now() {
  switch (at::globalContext().float32MatmulPrecision()) {
    case at::Float32MatmulPrecision::HIGH:
      return "high";
    case at::Float32MatmulPrecision::MEDIUM:
      return "medium";
    default:
      return "highest";
  }
}

}  // namespace

MatmulPrecision::MatmulPrecision(const std::string& name)
    : before_(precision_now()), cudnn_before_(at::globalContext().allowTF32CuDNN()) {
  at::globalContext().setFloat32MatmulPrecision(name);
  at::globalContext().setAllowTF32CuDNN(name != "highest");  // which the former leaves alone
}

MatmulPrecision::~MatmulPrecision() {
  at::globalContext().setFloat32MatmulPrecision(before_);
  at::globalContext().setAllowTF32CuDNN(cudnn_before_);
}

}  // namespace bernoulli
