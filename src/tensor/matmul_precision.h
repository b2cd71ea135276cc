#pragma once

#include <string>

namespace bernoulli {

/// How float32 products, those of cuDNN's convolutions and recurrent layers among them, are computed on CUDA
/// devices, in the whole process, for as long as it lives. What there was comes back.
///
/// LibTorch's setting reaches some processors' matrix units too: the caller leaves it alone for the CPU.
class MatmulPrecision {
 public:
  /// @param name  highest, high or medium, as torch.set_float32_matmul_precision takes it.
  explicit MatmulPrecision(const std::string& name);
  ~MatmulPrecision();
  MatmulPrecision(const MatmulPrecision&) = delete;
  MatmulPrecision& operator=(const MatmulPrecision&) = delete;

 private:
  const char* before_;
  bool cudnn_before_;
};

}  // namespace bernoulli
