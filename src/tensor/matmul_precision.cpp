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

MatmulPrecision::MatmulPrecision(const std::string& name) : before_(precision_now()) {
  at::globalContext().setFloat32MatmulPrecision(name);
}

MatmulPrecision::~MatmulPrecision() { at::globalContext().setFloat32MatmulPrecision(before_); }

}  // namespace bernoulli
