// Bits of torch.nn.functional: golden/stability.json and the script beside it.

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <ATen/Version.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/tensor.h>

#include "loss/loss.h"

namespace bernoulli::stability {
namespace {

using Json = nlohmann::json;

uint64_t splitmix64(uint64_t& state) {
  uint64_t z = state += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

/// The draws that make_stability.py describes.
std::pair<std::vector<double>, std::vector<double>> draw(uint64_t seed, size_t count) {
  constexpr double kScales[] = {250, 50, 10};
  std::vector<double> logits, targets;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t u = splitmix64(seed), v = splitmix64(seed);
    logits.push_back((std::ldexp(static_cast<double>(u >> 11), -53) - 0.5) * kScales[i % 3]);
    const size_t kind = i / 3 % 3;
    targets.push_back(kind == 2 ? static_cast<double>(v >> 56) / 256 : static_cast<double>(kind));
  }
  return {logits, targets};
}

at::ScalarType dtype_called(const std::string& name) {
  if (name == "float64") return at::kDouble;
  if (name == "float32") return at::kFloat;
  return name == "bfloat16" ? at::kBFloat16 : at::kHalf;
}

std::string bytes_of(at::Tensor tensor) {
  tensor = tensor.detach().contiguous();
  tensor = tensor.masked_fill(tensor.ne(tensor), std::nan(""));
  return {static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes()};
}

std::string fnv1a(const std::string& bytes) {
  uint64_t value = 0xCBF29CE484222325u;
  for (const char byte : bytes) value = (value ^ static_cast<unsigned char>(byte)) * 0x100000001B3u;
  return fmt::format("{:016x}", value);
}

/// The kept numbers of one list as doubles.
std::vector<double> kept(const Json& list, at::ScalarType dtype) {
  std::string bytes;
  for (const std::string word : list) {
    const uint64_t bits = std::stoull(word, nullptr, 16);
    bytes.append(reinterpret_cast<const char*>(&bits), word.size() / 2);  // little endian
  }
  const auto count = static_cast<int64_t>(list.size());
  at::Tensor values = at::tensor(std::vector<double>(list.size()), at::kDouble).to(dtype);
  std::memcpy(values.mutable_data_ptr(), bytes.data(), bytes.size());
  values = values.to(at::kDouble);
  return {values.const_data_ptr<double>(), values.const_data_ptr<double>() + count};
}

/// All 10,000 bit for bit; on other vector instructions the kept ones within a few roundings.
void expect_bits(const at::Tensor& got, const Json& expected, bool same_instructions,
                 const std::string& where) {
  if (same_instructions) {
    EXPECT_EQ(fnv1a(bytes_of(got)), expected["fnv1a"].get<std::string>()) << where;
  }
  const at::ScalarType dtype = got.scalar_type();
  const double epsilon = dtype == at::kDouble  ? 0x1p-52
                         : dtype == at::kFloat ? 0x1p-23
                         : dtype == at::kHalf  ? 0x1p-10
                                               : 0x1p-7;
  const at::Tensor values = got.detach().to(at::kDouble).contiguous();
  const std::vector<double> first = kept(expected["first"], dtype);
  for (size_t i = 0; i < first.size(); ++i) {
    const double value = values.const_data_ptr<double>()[i];
    if (std::isnan(first[i]) || std::isinf(first[i]) || same_instructions) {
      EXPECT_TRUE(value == first[i] || (std::isnan(value) && std::isnan(first[i])))
          << where << ", entry " << i;
    } else {
      EXPECT_NEAR(value, first[i], 8 * epsilon * std::max(1.0, std::abs(first[i])))
          << where << ", entry " << i;
    }
  }
}

TEST(GoldenStability, TenThousandDrawsPerDtypeAgreeWithPyTorchBitForBit) {
  const Json file =
      Json::parse(std::ifstream(std::filesystem::path(BERNOULLI_TEST_SOURCE_DIR) / "golden/stability.json"));
  const bool same_instructions = file["capability"] == at::get_cpu_capability();
  const auto [logits, targets] = draw(file["seed"], file["count"]);
  ASSERT_EQ(file["cases"].size(), 8u);
  ASSERT_EQ(logits.size(), 10'000u);
  for (const Json& item : file["cases"]) {
    const std::string mode = item["mode"], where = mode + " " + item["dtype"].get<std::string>();
    LossConfig config;
    config.mode = mode == "sigmoid_bce" ? LossConfig::Mode::kSigmoidBce : LossConfig::Mode::kBceWithLogits;
    const auto column = [&](const std::vector<double>& values) {
      return at::tensor(at::ArrayRef<double>(values), at::kDouble)
          .unsqueeze(1)
          .to(dtype_called(item["dtype"]));
    };
    const at::Tensor z = column(logits).requires_grad_(true), y = column(targets);
    expect_bits(z, item["inputs"]["logit"], true, where + " logit");
    expect_bits(y, item["inputs"]["target"], true, where + " target");
    const at::Tensor losses = make_loss(config, {}, 1)->elementwise(z, y);
    losses.sum().backward();
    expect_bits(losses, item["loss"], same_instructions, where + " loss");
    expect_bits(z.grad(), item["gradient"], same_instructions, where + " gradient");
  }
}

}  // namespace
}  // namespace bernoulli::stability
