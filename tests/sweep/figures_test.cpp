#include "sweep/figures.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace bernoulli::sweep {
namespace {

using Json = nlohmann::ordered_json;

TEST(FiguresOf, ASummaryAreThoseOfItsMetrics) {
  const Json summary = Json::parse(R"({"epochs": 3, "timings": {"total_seconds": 4.5},
      "validation": {"metrics": {"loss": 0.5, "f1": null}, "undefined": {"f1": "no positive example"}},
      "test": {"metrics": {"loss": 0.625}}})");
  const Figures loss = figures_of(summary, "loss");
  EXPECT_EQ(loss.validation, 0.5);
  EXPECT_EQ(loss.test, 0.625);
  EXPECT_EQ(loss.seconds, 4.5);
  EXPECT_EQ(loss.epochs, 3);
  EXPECT_EQ(figures_of(summary, "f1").why_none, "validation f1 is undefined (no positive example)");
}

TEST(FiguresOf, ALossIsTheOneBeforeACalibrationAndOtherMetricsAreBehindIt) {
  const Json summary = Json::parse(R"({
      "validation": {"metrics": {"loss": 1.9, "log_loss": 0.25}},
      "test": {"metrics": {"loss": 2.1, "log_loss": 0.375}},
      "calibration": {"validation": {"loss": {"before": 0.9, "after": 1.9},
                                     "log_loss": {"before": 0.75, "after": 0.25}},
                      "test": {"loss": {"before": 1.1, "after": 2.1},
                               "log_loss": {"before": 0.8, "after": 0.375}}}})");
  EXPECT_EQ(figures_of(summary, "loss").validation, 0.9);
  EXPECT_EQ(figures_of(summary, "loss").test, 1.1);
  EXPECT_EQ(figures_of(summary, "log_loss").validation, 0.25);
  EXPECT_EQ(figures_of(summary, "log_loss").test, 0.375);
}

}  // namespace
}  // namespace bernoulli::sweep
