#include "stability/device_comparison.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "stability/comparison.h"
#include "stability/number_line.h"
#include "stability/page.h"

// A second device is played by the CPU's measurements under another name, moved by a known distance.

namespace bernoulli::stability {
namespace {

using Mode = LossConfig::Mode;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const c10::Device kHost(c10::kCPU), kCard(c10::kCUDA, 0);

struct Measured {
  std::vector<Threshold> thresholds = find_thresholds(at::kBFloat16, kHost);
  std::vector<Curve> curves = {measure_curve({}, Mode::kSigmoidBce, at::kFloat, 0, kHost, curve_logits()),
                               measure_curve({}, Mode::kBceWithLogits, at::kFloat, 1, kHost, curve_logits())};

  /// The same again as what "cuda:0" measured.
  Measured() {
    num_thresholds = thresholds.size();
    for (size_t i = 0; i < num_thresholds; ++i) {
      thresholds.push_back(thresholds[i]);
      thresholds.back().device = "cuda:0";
    }
    for (size_t i = 0; i < 2; ++i) {
      curves.push_back(curves[i]);
      curves.back().device = kCard;
    }
  }
  /// What "cuda:0" found for an event that the CPU found too.
  Threshold& on_cuda(const std::string& mode, double target, const std::string& event) {
    for (size_t i = num_thresholds; i < thresholds.size(); ++i) {
      Threshold& t = thresholds[i];
      if (t.mode == mode && t.target == target && t.event == event && t.logit) return t;
    }
    throw std::runtime_error("no such event");
  }
  size_t num_thresholds;
};

TEST(DeviceComparison, OfTheCpuAloneIsEmpty) {
  const auto curve = measure_curve({}, Mode::kBceWithLogits, at::kFloat, 0, kHost, {1.0});
  EXPECT_TRUE(compare_devices(find_thresholds(at::kBFloat16, kHost), {curve}).empty());
}

TEST(DeviceComparison, SaysThatNothingDiffers) {
  const Measured measured;
  const auto devices = compare_devices(measured.thresholds, measured.curves);
  ASSERT_EQ(devices.size(), 1u);
  EXPECT_EQ(devices[0].device, "cuda:0");
  EXPECT_EQ(devices[0].num_thresholds, static_cast<int64_t>(measured.num_thresholds));
  EXPECT_TRUE(devices[0].thresholds.empty());
  ASSERT_EQ(devices[0].curves.size(), 2u);
  for (const CurveDifference& curve : devices[0].curves) {
    EXPECT_EQ(curve.loss_spacings, 0);
    EXPECT_EQ(curve.gradient_spacings, 0);
  }
  const auto all = std::to_string(measured.num_thresholds);
  EXPECT_THAT(statement(devices[0]),
              AllOf(HasSubstr(all + " of " + all + " thresholds are the same number on cuda:0"),
                    Not(HasSubstr("neighbouring")), Not(HasSubstr("of the two only"))));
}

TEST(DeviceComparison, CountsTheNumbersBetweenTwoThresholds) {
  Measured measured;
  Threshold& moved = measured.on_cuda("sigmoid_bce", 0, "gradient_exactly_zero");
  const double before = *moved.logit;
  moved.logit = number_at(at::kBFloat16, index_at_least(at::kBFloat16, before) + 3);
  measured.on_cuda("sigmoid_bce", 1, "loss_clamped").logit.reset();
  const auto devices = compare_devices(measured.thresholds, measured.curves);
  ASSERT_EQ(devices[0].thresholds.size(), 2u);
  const ThresholdDifference& apart = devices[0].thresholds[0];
  EXPECT_EQ(apart.cpu.event, "gradient_exactly_zero");
  EXPECT_EQ(apart.cpu.logit, before);
  EXPECT_EQ(apart.other.logit, moved.logit);
  EXPECT_EQ(apart.numbers_apart, 3u);
  EXPECT_EQ(devices[0].thresholds[1].cpu.event, "loss_clamped");
  EXPECT_EQ(devices[0].thresholds[1].numbers_apart, std::nullopt);
  EXPECT_THAT(statement(devices[0]),
              AllOf(HasSubstr(std::to_string(measured.num_thresholds - 2) + " of "),
                    HasSubstr("Up to 3 neighbouring numbers apart: 1. Reached on one of the two only: 1.")));
}

TEST(DeviceComparison, FindsTheFarthestPointOfACurve) {
  Measured measured;
  std::vector<CurvePoint>& points = measured.curves[2].points;
  const auto at = [&](double logit) -> CurvePoint& {
    for (CurvePoint& point : points) {
      if (point.logit == logit) return point;
    }
    throw std::runtime_error("no such point");
  };
  float loss = static_cast<float>(at(2).loss);
  for (int i = 0; i < 5; ++i) loss = std::nextafter(loss, 1000.0f);
  at(2).loss = loss;
  at(1).loss = std::nextafter(static_cast<float>(at(1).loss), 1000.0f);
  at(17).gradient = std::numeric_limits<double>::quiet_NaN();
  const auto devices = compare_devices(measured.thresholds, measured.curves);
  const CurveDifference& curve = devices[0].curves[0];
  EXPECT_EQ(curve.mode, "sigmoid_bce");
  EXPECT_EQ(curve.loss_spacings, 5);
  EXPECT_EQ(curve.loss_logit, 2);
  EXPECT_TRUE(std::isinf(curve.gradient_spacings));
  EXPECT_EQ(curve.gradient_logit, 17);
  EXPECT_EQ(devices[0].curves[1].loss_spacings, 0);
  EXPECT_THAT(statement(devices[0]), HasSubstr("up to 5 spacings apart, gradients up to inf"));
}

TEST(DeviceComparison, NeedsTheCpuBesideIt) {
  Measured measured;
  measured.thresholds.erase(measured.thresholds.begin());
  EXPECT_THROW(compare_devices(measured.thresholds, {}), InternalError);
}

/// The smallest comparison that can be written down: one seed and one update of nothing.
TEST(DeviceComparison, StandsInTheJsonAndOnThePage) {
  Measured measured;
  measured.on_cuda("sigmoid_bce", 0, "gradient_exactly_zero").logit = 7.0;
  Comparison comparison;
  comparison.plain.runs.push_back({0, 1, {ModeRun{}, ModeRun{}}});
  comparison.plain.runs[0].modes[1].mode = Mode::kSigmoidBce;
  comparison.plain.comparisons = compare_modes(comparison.plain.runs, {});
  EXPECT_TRUE(to_json(comparison)["devices"].empty());
  EXPECT_THAT(page(comparison), Not(HasSubstr("beside the CPU")));
  comparison.devices = compare_devices(measured.thresholds, measured.curves);
  const auto json = to_json(comparison)["devices"];
  ASSERT_EQ(json.size(), 1u);
  EXPECT_EQ(json[0]["device"], "cuda:0");
  EXPECT_EQ(json[0]["statement"], statement(comparison.devices[0]));
  EXPECT_EQ(json[0]["different_thresholds"][0]["cpu"], 6.25);
  EXPECT_EQ(json[0]["different_thresholds"][0]["device"], 7.0);
  EXPECT_EQ(json[0]["different_thresholds"][0]["numbers_apart"], 24);
  EXPECT_EQ(json[0]["curves"].size(), 2u);
  EXPECT_THAT(page(comparison), AllOf(HasSubstr("<h2>cuda:0 beside the CPU</h2>"),
                                      HasSubstr("<td>6.25</td><td>7</td><td>24</td>")));
}

}  // namespace
}  // namespace bernoulli::stability
