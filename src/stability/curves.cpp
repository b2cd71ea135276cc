#include "stability/curves.h"

#include <cmath>
#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/tensor.h>

#include "config/loss_mode.h"
#include "loss/loss.h"
#include "stability/number_line.h"
#include "stability/reference_loss.h"

namespace bernoulli::stability {
namespace {

/// Longer than two vectors of any instruction set in any of the dtypes (64 bytes are 32 half numbers).
constexpr size_t kPadding = 64;

double relative(long double error, long double scale) {
  if (error == 0) return 0;
  return static_cast<double>(std::isfinite(error) ? error / scale
                                                  : std::numeric_limits<long double>::infinity());
}

CurvePoint compare(at::ScalarType dtype, double logit, double loss, double gradient,
                   const ReferenceLoss& reference) {
  constexpr long double kInfinity = std::numeric_limits<long double>::infinity();
  const long double loss_error = std::isfinite(loss) ? std::abs(loss - reference.loss) : kInfinity;
  const long double gradient_error =
      std::isfinite(gradient) ? std::abs(gradient - reference.gradient) : kInfinity;
  return {logit,
          loss,
          gradient,
          static_cast<double>(loss_error / spacing(dtype, reference.loss)),
          static_cast<double>(gradient_error / spacing(dtype, reference.gradient_scale)),
          relative(loss_error, std::abs(reference.loss)),
          relative(gradient_error, reference.gradient_scale)};
}

}  // namespace

at::Tensor padded_logits(const std::vector<double>& logits, at::ScalarType dtype, c10::Device device) {
  std::vector<double> padded = logits;
  padded.resize((logits.size() + kPadding - 1) / kPadding * kPadding, 0.0);
  return at::tensor(at::ArrayRef<double>(padded), at::kDouble).unsqueeze(1).to(device, dtype);
}

Curve measure_curve(const LossConfig& base, LossConfig::Mode mode, at::ScalarType dtype, double target,
                    c10::Device device, const std::vector<double>& logits) {
  number_format(dtype);  // refuses other dtypes before anything is computed
  const at::AutoGradMode with_gradient(true);
  LossConfig settings = base;
  settings.mode = mode;
  const at::Tensor z = padded_logits(logits, dtype, device).requires_grad_(true);
  const at::Tensor y = at::full_like(z, target, z.options().requires_grad(false));
  const at::Tensor losses = make_loss(settings, {}, 1)->elementwise(z, y);
  losses.sum().backward();
  const auto on_host = [](const at::Tensor& values) {
    return values.detach().to(at::kCPU, at::kDouble).contiguous();
  };
  const at::Tensor host_z = on_host(z), host_loss = on_host(losses), host_gradient = on_host(z.grad());
  const double exact_target = on_host(y.flatten().narrow(0, 0, y.numel() ? 1 : 0)).sum().item<double>();
  Curve curve{to_string(mode), dtype, device, exact_target, {}};
  curve.points.reserve(logits.size());
  for (size_t i = 0; i < logits.size(); ++i) {
    const double logit = host_z.const_data_ptr<double>()[i];
    curve.points.push_back(compare(dtype, logit, host_loss.const_data_ptr<double>()[i],
                                   host_gradient.const_data_ptr<double>()[i],
                                   reference_loss(base, mode, logit, exact_target)));
  }
  return curve;
}

std::vector<double> curve_logits() {
  std::vector<double> logits;
  for (int quarter = -480; quarter <= 480; ++quarter) logits.push_back(quarter / 4.0);
  return logits;
}

}  // namespace bernoulli::stability
