// Losses and gradients of PyTorch: golden/losses.json and the script beside it.

#include <cmath>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <ATen/Version.h>

#include "config/loss_mode.h"
#include "loss/loss_fixture.h"

namespace bernoulli {
namespace {

using Json = nlohmann::json;

Mode mode_called(const std::string& name) {
  for (const Mode mode : kEveryMode) {
    if (to_string(mode) == name) return mode;
  }
  throw std::runtime_error("no mode is called " + name);
}

/// The file holds shortest decimals: those of a float32 name it only once they are rounded to one.
std::vector<double> read_numbers(const Json& list, bool single) {
  std::vector<double> values = list;
  if (single) {
    for (double& value : values) value = double{static_cast<float>(value)};
  }
  return values;
}

/// Bit for bit where both sides ran the same instructions of the same kernel; else within `tolerance`,
/// relative above 1.
void expect_same(const std::vector<double>& got, const std::vector<double>& expected, bool exact,
                 double tolerance, const std::string& where) {
  ASSERT_EQ(got.size(), expected.size()) << where;
  for (size_t i = 0; i < got.size(); ++i) {
    if (exact) {
      EXPECT_EQ(got[i], expected[i]) << where << ", entry " << i;
    } else {
      EXPECT_NEAR(got[i], expected[i], tolerance * std::max(1.0, std::fabs(expected[i])))
          << where << ", entry " << i;
    }
  }
}

TEST(Losses, AgreeWithPyTorchBitForBit) {
  const Json file =
      Json::parse(std::ifstream(std::filesystem::path(BERNOULLI_TEST_SOURCE_DIR) / "golden/losses.json"));
  const bool same_instructions = file["capability"] == at::get_cpu_capability();
  const std::vector<double> grid = file["logits"], row = file["targets"];
  std::vector<double> logits, targets;
  for (const double z : grid) {
    logits.insert(logits.end(), row.size(), z);
    targets.insert(targets.end(), row.begin(), row.end());
  }
  ASSERT_EQ(file["cases"].size(), 32u);
  for (const Json& item : file["cases"]) {
    LossConfig config = loss_config(mode_called(item["mode"]));
    config.label_smoothing = item["label_smoothing"];
    config.gamma = file["gamma"];
    config.alpha = file["alpha"].get<double>();
    const bool single = item["dtype"] == "float32";
    const auto num_labels = static_cast<int64_t>(row.size());
    const at::ScalarType dtype = single ? at::kFloat : at::kDouble;
    const auto [losses, gradients] =
        evaluate(*make_loss(config, item["pos_weight"], num_labels), matrix(logits, num_labels, dtype),
                 matrix(targets, num_labels, dtype));
    const bool exact = item["exact"] && same_instructions;
    const double tolerance = single ? 4e-6 : 1e-14;
    const std::string where = item["mode"].get<std::string>() + " " + item["dtype"].get<std::string>() + " " +
                              item["pos_weight"].dump() + " " + item["label_smoothing"].dump();
    expect_same(losses, read_numbers(item["losses"], single), exact, tolerance, where + " loss");
    expect_same(gradients, read_numbers(item["gradients"], single), exact, tolerance, where + " gradient");
  }
}

}  // namespace
}  // namespace bernoulli
