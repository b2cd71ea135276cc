#include "store/packed_table.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.h"

namespace bernoulli {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;

const Json& golden() {
  static const Json file = Json::parse(
      std::ifstream(std::filesystem::path(BERNOULLI_TEST_SOURCE_DIR) / "golden/token_table.json"));
  return file;
}

std::vector<float> floats(const Json& bits) {
  std::vector<float> numbers;
  for (const Json& each : bits)
    numbers.push_back(
        std::bit_cast<float>(static_cast<uint32_t>(std::stoul(each.get<std::string>(), nullptr, 16))));
  return numbers;
}

std::vector<float> unpacked(const PackedTable& table) {
  std::vector<float> numbers(static_cast<size_t>(table.num_rows * table.columns));
  const std::vector<RawTensor> tensors = table.tensors("t.");
  TableRows(tensors, "t.", {table.num_rows, table.columns}).for_each([&](int64_t row, const float* from) {
    std::copy_n(from, table.columns, numbers.begin() + row * table.columns);
  });
  return numbers;
}

std::vector<int> whole_numbers(const std::string& bytes) {
  std::vector<int> numbers;
  for (const char byte : bytes) numbers.push_back(static_cast<int8_t>(byte));
  return numbers;
}

TEST(Float16, RoundsAsNumPy) {
  const std::vector<float> probes = floats(golden()["probes"]["float32"]);
  const Json& expected = golden()["probes"]["float16"];
  for (size_t i = 0; i < probes.size(); ++i)
    ASSERT_EQ(to_float16(probes[i]), std::stoul(expected[i].get<std::string>(), nullptr, 16)) << probes[i];
}

TEST(Float16, EveryNumberComesBack) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const float number = from_float16(static_cast<uint16_t>(bits));
    if (std::isnan(number))
      EXPECT_TRUE(std::isnan(from_float16(to_float16(number))));
    else
      ASSERT_EQ(to_float16(number), bits);
  }
}

TEST(PackedTable, IsThatOfNumPyToTheBit) {
  const std::vector<float> table = floats(golden()["table"]);
  const int64_t columns = golden()["columns"];
  for (const bool of_column : {false, true}) {
    const Json& expected = golden()[of_column ? "int8_of_column" : "int8_of_row"];
    const PackedTable packed = pack_table(table, columns, {Dtype::kI8, of_column});
    EXPECT_EQ(packed.scales, floats(expected["scales"]));
    EXPECT_EQ(whole_numbers(packed.numbers), expected["numbers"].get<std::vector<int>>());
    EXPECT_EQ(unpacked(packed), floats(expected["values"]));
  }
  EXPECT_EQ(unpacked(pack_table(table, columns, {Dtype::kF16})), floats(golden()["float16"]["values"]));
  EXPECT_EQ(unpacked(pack_table(table, columns, {Dtype::kF32})), table);
}

TEST(PackedTable, LeavesOutRowsThatAreNotUsed) {
  // 10 rows of 2; rows 0 (always), 3, 8 and 9 are stored. The largest number is in a row that is left out.
  std::vector<float> table(20);
  for (size_t i = 0; i < table.size(); ++i) table[i] = static_cast<float>(i);
  table[10] = 1000;
  std::vector<bool> used(10);
  used[3] = used[8] = used[9] = true;
  const std::vector<float> expected = {0, 1, 0, 0, 0, 0, 6, 7, 0, 0, 0, 0, 0, 0, 0, 0, 16, 17, 18, 19};
  const PackedTable packed = pack_table(table, 2, {Dtype::kF32}, used);
  EXPECT_EQ(packed.stored_rows, 4);
  EXPECT_EQ(packed.used, std::string("\x09\x03", 2));
  EXPECT_EQ(packed.numbers.size(), 4 * 2 * sizeof(float));
  EXPECT_EQ(unpacked(packed), expected);
  for (const TableForm form : {TableForm{Dtype::kF16}, TableForm{Dtype::kI8}, TableForm{Dtype::kI8, true}}) {
    const PackedTable small = pack_table(table, 2, form, used);
    const std::vector<float> numbers = unpacked(small);
    for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(numbers[i], expected[i], .1);
    const PackedTable all = with_all_rows(small);
    EXPECT_TRUE(all.used.empty());
    EXPECT_EQ(unpacked(all), numbers);
  }
}

TEST(PackedTable, RefusesWhatFloat16CannotHold) {
  const std::vector<float> table = {1, 2, 65520, 4};
  try {
    pack_table(table, 2, {Dtype::kF16});
    FAIL() << "packed";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("65520"));
    EXPECT_THAT(error.what(), HasSubstr("int8 or float32"));
  }
}

std::string fault(const std::vector<RawTensor>& tensors, const std::vector<int64_t>& shape = {10, 2}) {
  try {
    TableRows(tensors, "t.", shape);
  } catch (const ArtifactError& error) {
    return error.what();
  }
  return "read";
}

TEST(TableRows, RefusesTensorsThatDoNotFit) {
  const std::vector<float> table(20, 1);
  std::vector<bool> used(10);
  used[7] = true;
  const PackedTable packed = pack_table(table, 2, {Dtype::kI8}, used);
  const std::vector<RawTensor> sound = packed.tensors("t.");
  EXPECT_EQ(fault(sound), "read");
  const auto changed = [&](size_t which, const auto& change) {
    std::vector<RawTensor> tensors = sound;
    change(tensors[which]);
    return fault(tensors);
  };
  EXPECT_EQ(fault({}), "the weights lack tensor 't.weight'");
  EXPECT_EQ(fault({sound[0], sound[2]}), "the weights lack tensor 't.scale'");
  EXPECT_EQ(fault({sound[0], sound[1]}), "tensor 't.weight' has shape [2, 2], the model needs [10, 2]");
  EXPECT_EQ(fault(sound, {90, 2}), "tensor 't.used' has shape [2], the model needs [12]");
  EXPECT_EQ(fault(sound, {10, 3}), "tensor 't.weight' has shape [2, 2], the model needs [2, 3]");
  EXPECT_EQ(changed(0, [](RawTensor& tensor) { tensor.dtype = Dtype::kU8; }),
            "tensor 't.weight' is U8, the model needs F32");
  EXPECT_EQ(changed(0, [](RawTensor& tensor) { tensor.dtype = Dtype::kF16; }),
            "tensor 't.scale' belongs to int8 tables only");
  EXPECT_EQ(changed(1, [](RawTensor& tensor) { tensor.dtype = Dtype::kI32; }),
            "tensor 't.scale' is I32, the model needs F32");
  EXPECT_EQ(changed(1, [](RawTensor& tensor) { tensor.shape = {2}; }),
            "tensor 't.scale' has shape [2], the model needs [2, 1]");
  EXPECT_EQ(changed(2, [](RawTensor& tensor) { tensor.dtype = Dtype::kI8; }),
            "tensor 't.used' is I8, the model needs U8");
  EXPECT_EQ(changed(2, [](RawTensor& tensor) { tensor.bytes = std::string_view("\x80\x00", 2); }),
            "tensor 't.used' does not mark 10 rows, the first among them");
  EXPECT_EQ(changed(2, [](RawTensor& tensor) { tensor.bytes = "\x81\x04"; }),
            "tensor 't.used' does not mark 10 rows, the first among them");
  EXPECT_EQ(changed(2, [](RawTensor& tensor) { tensor.bytes = "\x83\x01"; }),
            "tensor 't.weight' has shape [2, 2], the model needs [4, 2]");
}

TEST(TableRows, RefusesScalesThatAreNoNumbers) {
  const std::vector<float> table(4, 1);
  for (const float scale : {-1.0f, std::numeric_limits<float>::infinity(), std::nanf("")}) {
    PackedTable packed = pack_table(table, 2, {Dtype::kI8});
    packed.scales[1] = scale;
    EXPECT_THAT(fault(packed.tensors("t."), {2, 2}), HasSubstr("expected a number of 0 or more"));
  }
}

}  // namespace
}  // namespace bernoulli
