// Every metric against scikit-learn: golden/metrics.json and the script beside it.

#include <cmath>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "metrics/compute.h"
#include "metrics/logit_scaling.h"

namespace bernoulli {
namespace {

using Json = nlohmann::ordered_json;

Json golden() {
  std::ifstream file(std::filesystem::path(BERNOULLI_TEST_SOURCE_DIR) / "golden/metrics.json");
  return Json::parse(file);
}

void expect_same(const NamedMetrics& got, const Json& expected, const std::string& where) {
  size_t compared = 0;
  for (const auto& [name, metric] : got) {
    if (name == "loss") continue;
    ASSERT_TRUE(expected.contains(name)) << where << name;
    ++compared;
    ASSERT_EQ(metric.value.has_value(), !expected[name].is_null())
        << where << name << ": " << metric.undefined_reason;
    if (!metric.value) {
      EXPECT_FALSE(metric.undefined_reason.empty()) << where << name;
      continue;
    }
    const double target = expected[name];
    EXPECT_NEAR(*metric.value, target, 1e-12 * std::fabs(target) + 1e-15) << where << name;
  }
  EXPECT_EQ(compared, expected.size()) << where;
}

/// @param expected  one a label; null: there is none.
void expect_temperatures(const FittedScaling& got, const Json& expected, const std::string& where) {
  ASSERT_EQ(got.scaling.temperatures.size(), expected.size()) << where;
  size_t num_left = 0;
  for (size_t label = 0; label < expected.size(); ++label) {
    const double target = expected[label].is_null() ? 1.0 : expected[label].get<double>();
    num_left += expected[label].is_null() ? 1 : 0;
    EXPECT_NEAR(got.scaling.temperatures[label], target, 1e-7 * target)
        << where << label;  // rounded to float32
  }
  EXPECT_EQ(got.left_alone.size(), num_left) << where;
}

TEST(Metrics, AgreeWithScikitLearn) {
  const Json file = golden();
  MetricsConfig config;
  config.fits_temperature = true;
  config.f_beta = file["f_beta"];
  config.calibration_bins = file["calibration_bins"];
  ASSERT_EQ(file["cases"].size(), 18u);
  for (const Json& item : file["cases"]) {
    const std::string where = item["name"].get<std::string>() + ": ";
    const std::vector<float> logits = item["logits"], targets = item["targets"], weights = item["weights"];
    const int64_t num_labels = item["num_labels"];
    const auto kind = num_labels == 1 ? TaskConfig::Kind::kBinary : TaskConfig::Kind::kMultiLabel;
    std::vector<std::string> names;
    for (int64_t label = 0; label < num_labels; ++label) names.push_back("label " + std::to_string(label));
    const MetricReport report =
        compute_metrics({logits, targets, weights, num_labels}, item["thresholds"].get<std::vector<double>>(),
                        config, names, kind, 1.0);
    expect_same(report.metrics, item["metrics"], where);
    expect_temperatures(fit_scaling({logits, targets, weights, num_labels}, config), item["temperatures"],
                        where);
    ASSERT_EQ(report.per_label.size(), item["per_label"].size()) << where;
    for (size_t label = 0; label < report.per_label.size(); ++label) {
      EXPECT_EQ(report.per_label[label].first, names[label]);
      expect_same(report.per_label[label].second, item["per_label"][label], where + names[label] + ": ");
    }
  }
}

}  // namespace
}  // namespace bernoulli
