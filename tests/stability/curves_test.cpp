#include "stability/curves.h"

#include <cmath>

#include <gtest/gtest.h>

#include "core/error.h"
#include "support/message_of.h"

namespace bernoulli::stability {
namespace {

using Mode = LossConfig::Mode;
const c10::Device kCpu(c10::kCPU);

TEST(StabilityCurves, GridIsExactInEveryDtype) {
  const std::vector<double> logits = curve_logits();
  EXPECT_EQ(logits.front(), -120);
  EXPECT_EQ(logits.back(), 120);
  for (const at::ScalarType dtype : {at::kDouble, at::kFloat, at::kHalf}) {
    const Curve curve = measure_curve({}, Mode::kBceWithLogits, dtype, 1, kCpu, logits);
    ASSERT_EQ(curve.points.size(), logits.size());
    for (size_t i = 0; i < logits.size(); ++i) EXPECT_EQ(curve.points[i].logit, logits[i]);
  }
}

/// The table of PyTorch 2.11 and Keras 3's clip in float32: (logit, target), then loss and gradient.
TEST(StabilityCurves, TheTableOfConfidentMistakes) {
  const auto point = [](Mode mode, double z, double y) {
    return measure_curve({}, mode, at::kFloat, y, kCpu, {z}).points.front();
  };
  EXPECT_EQ(point(Mode::kSigmoidBce, 17, 0).loss, 100);
  EXPECT_EQ(point(Mode::kSigmoidBce, 17, 0).gradient, 0);
  EXPECT_EQ(point(Mode::kBceWithLogits, 17, 0).loss, 17);
  EXPECT_EQ(point(Mode::kBceWithLogits, 17, 0).gradient, 1);
  EXPECT_NEAR(point(Mode::kSigmoidBceClipped, 17, 0).loss, 15.94, 5e-3);
  EXPECT_NEAR(point(Mode::kSigmoidBce, -28, 1).gradient, -0.69, 5e-3);
  EXPECT_NEAR(point(Mode::kSigmoidBce, -30, 1).gradient, -0.094, 5e-4);
  EXPECT_EQ(point(Mode::kSigmoidBceClipped, -28, 1).gradient, 0);
  EXPECT_EQ(point(Mode::kBceWithLogits, -28, 1).gradient, -1);
}

TEST(StabilityCurves, TheGradientBeginsToFadeAtLnOf1e12) {
  const std::vector<CurvePoint> points =
      measure_curve({}, Mode::kSigmoidBce, at::kFloat, 1, kCpu, {-27.62, -27.64}).points;
  EXPECT_NEAR(points[0].gradient, -1, 1e-6);
  EXPECT_NEAR(points[1].gradient, -std::exp(-27.64) / 1e-12, 1e-5);
}

TEST(StabilityCurves, ErrorsAreAgainstTheTruth) {
  const CurvePoint clamped = measure_curve({}, Mode::kSigmoidBce, at::kFloat, 0, kCpu, {20}).points.front();
  EXPECT_NEAR(clamped.loss_relative_error, 80.0 / 20, 1e-6);
  EXPECT_NEAR(clamped.gradient_relative_error, 1, 1e-6);
  EXPECT_NEAR(clamped.loss_error_ulps, 80 / std::ldexp(1.0, -19), 1);
  const CurvePoint broken = measure_curve({}, Mode::kSigmoidBce, at::kHalf, 0, kCpu, {20}).points.front();
  EXPECT_TRUE(std::isnan(broken.gradient));
  EXPECT_TRUE(std::isinf(broken.gradient_relative_error));
  for (const CurvePoint& p :
       measure_curve({}, Mode::kBceWithLogits, at::kDouble, 1, kCpu, {-100, -3, 0, 3, 30}).points) {
    EXPECT_LE(p.loss_error_ulps, 3) << p.logit;
  }
}

TEST(StabilityCurves, SmoothedTargetsAndSoftTargetsAgree) {
  LossConfig smooth;
  smooth.label_smoothing = 0.5;
  const Curve hard = measure_curve(smooth, Mode::kBceWithLogits, at::kFloat, 1, kCpu, curve_logits());
  const Curve soft = measure_curve({}, Mode::kBceWithLogits, at::kFloat, 0.75, kCpu, curve_logits());
  for (size_t i = 0; i < hard.points.size(); ++i) {
    EXPECT_EQ(hard.points[i].loss, soft.points[i].loss);
    EXPECT_EQ(hard.points[i].loss_error_ulps, soft.points[i].loss_error_ulps);
  }
}

/// An entry's bits must not depend on how many stand beside it.
TEST(StabilityCurves, OneLogitAloneAndAmongOthersIsTheSame) {
  const std::vector<double> logits = curve_logits();
  const Curve all = measure_curve({}, Mode::kSigmoidBce, at::kFloat, 1, kCpu, logits);
  for (const size_t i : {size_t{0}, size_t{77}, logits.size() - 1}) {
    const CurvePoint alone =
        measure_curve({}, Mode::kSigmoidBce, at::kFloat, 1, kCpu, {logits[i]}).points.front();
    EXPECT_EQ(alone.loss, all.points[i].loss);
    EXPECT_EQ(alone.gradient, all.points[i].gradient);
  }
}

TEST(StabilityCurves, RefusesOtherDtypesAndTakesNoLogits) {
  EXPECT_EQ(testing::message_of<InternalError>(
                [] { measure_curve({}, Mode::kSigmoidBce, at::kLong, 1, kCpu, {0}); }),
            "stability: losses are measured in float64, float32, bfloat16 and float16");
  EXPECT_TRUE(measure_curve({}, Mode::kSigmoidBce, at::kFloat, 1, kCpu, {}).points.empty());
}

}  // namespace
}  // namespace bernoulli::stability
