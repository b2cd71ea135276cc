#include "stability/device_comparison.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include <fmt/format.h>

#include "core/error.h"
#include "stability/number_line.h"

namespace bernoulli::stability {
namespace {

constexpr const char* kCpu = "cpu";

/// The item that `same` knows as the CPU's.
template <typename Item, typename Same>
const Item& on_cpu(const std::vector<Item>& items, const Same& same) {
  const auto found = std::find_if(items.begin(), items.end(), same);
  if (found == items.end())
    throw InternalError("stability: something was measured on a device and not on the CPU");
  return *found;
}

/// On one side of 0.
uint64_t numbers_apart(at::ScalarType dtype, double a, double b) {
  const uint64_t i = index_at_least(dtype, std::fabs(a)), j = index_at_least(dtype, std::fabs(b));
  return i > j ? i - j : j - i;
}

void compare(const Threshold& other, const std::vector<Threshold>& thresholds, DeviceComparison& result) {
  const auto key = [](const Threshold& t) { return std::tie(t.mode, t.dtype, t.target, t.event, t.side); };
  const Threshold& cpu =
      on_cpu(thresholds, [&](const Threshold& t) { return t.device == kCpu && key(t) == key(other); });
  ++result.num_thresholds;
  if (cpu.logit == other.logit) return;
  ThresholdDifference difference{cpu, other, std::nullopt};
  if (cpu.logit && other.logit)
    difference.numbers_apart = numbers_apart(number_format_named(cpu.dtype).dtype, *cpu.logit, *other.logit);
  result.thresholds.push_back(std::move(difference));
}

double spacings_apart(at::ScalarType dtype, double cpu, double other) {
  if (cpu == other || (std::isnan(cpu) && std::isnan(other))) return 0;
  if (!std::isfinite(cpu) || !std::isfinite(other)) return std::numeric_limits<double>::infinity();
  return std::fabs(cpu - other) / static_cast<double>(spacing(dtype, cpu));
}

CurveDifference compare(const Curve& cpu, const Curve& other) {
  CurveDifference difference{cpu.mode, std::string(number_format(cpu.dtype).name), cpu.target};
  for (size_t i = 0; i < cpu.points.size(); ++i) {
    const CurvePoint& a = cpu.points[i];
    const CurvePoint& b = other.points.at(i);
    const double loss = spacings_apart(cpu.dtype, a.loss, b.loss);
    const double gradient = spacings_apart(cpu.dtype, a.gradient, b.gradient);
    if (loss > difference.loss_spacings) {
      difference.loss_spacings = loss;
      difference.loss_logit = a.logit;
    }
    if (gradient > difference.gradient_spacings) {
      difference.gradient_spacings = gradient;
      difference.gradient_logit = a.logit;
    }
  }
  return difference;
}

}  // namespace

std::vector<DeviceComparison> compare_devices(const std::vector<Threshold>& thresholds,
                                              const std::vector<Curve>& curves) {
  std::vector<DeviceComparison> devices;
  const auto of = [&](const std::string& device) -> DeviceComparison& {
    const auto found = std::find_if(devices.begin(), devices.end(),
                                    [&](const DeviceComparison& known) { return known.device == device; });
    return found != devices.end() ? *found : devices.emplace_back(DeviceComparison{device, 0, {}, {}});
  };
  for (const Threshold& threshold : thresholds) {
    if (threshold.device != kCpu) compare(threshold, thresholds, of(threshold.device));
  }
  for (const Curve& curve : curves) {
    if (curve.device.is_cpu()) continue;
    const Curve& cpu = on_cpu(curves, [&](const Curve& c) {
      return c.device.is_cpu() && c.mode == curve.mode && c.dtype == curve.dtype && c.target == curve.target;
    });
    of(curve.device.str()).curves.push_back(compare(cpu, curve));
  }
  return devices;
}

std::string statement(const DeviceComparison& comparison) {
  const auto& differences = comparison.thresholds;
  const auto num_same = comparison.num_thresholds - static_cast<int64_t>(differences.size());
  std::string text =
      fmt::format("{} of {} thresholds are the same number on {} as on the CPU, or are reached on neither.",
                  num_same, comparison.num_thresholds, comparison.device);
  uint64_t farthest = 0;
  size_t on_one = 0;
  for (const ThresholdDifference& difference : differences) {
    if (difference.numbers_apart)
      farthest = std::max(farthest, *difference.numbers_apart);
    else
      ++on_one;
  }
  if (differences.size() > on_one)
    text += fmt::format(" Up to {} neighbouring numbers apart: {}.", farthest, differences.size() - on_one);
  if (on_one > 0) text += fmt::format(" Reached on one of the two only: {}.", on_one);
  double loss = 0, gradient = 0;
  for (const CurveDifference& curve : comparison.curves) {
    loss = std::max(loss, curve.loss_spacings);
    gradient = std::max(gradient, curve.gradient_spacings);
  }
  if (!comparison.curves.empty())
    text += fmt::format(" Losses on the curves are up to {:.3g} spacings apart, gradients up to {:.3g}.",
                        loss, gradient);
  return text;
}

}  // namespace bernoulli::stability
