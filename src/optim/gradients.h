#pragma once

#include <ATen/core/Tensor.h>

#include "tensor/named_tensors.h"

namespace bernoulli {

/// 2-norm over all gradients together, float64 on the CPU. One synchronisation.
double gradient_norm(const NamedTensors& parameters);

/// Scales all gradients by max_norm / norm where norm > max_norm (torch.nn.utils.clip_grad_norm_, with its
/// 1e-6).
void clip_gradient_norm(const NamedTensors& parameters, double norm, double max_norm);

/// The two above on the device, without waiting for it: float64, of no dimension.
at::Tensor device_gradient_norm(const NamedTensors& parameters);
void clip_gradient_norm(const NamedTensors& parameters, const at::Tensor& norm, double max_norm);

/// Clamps each gradient entry to [-max_value, max_value].
void clip_gradient_value(const NamedTensors& parameters, double max_value);

}  // namespace bernoulli
