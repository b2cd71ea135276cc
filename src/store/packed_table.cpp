#include "store/packed_table.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include <fmt/format.h>

#include "core/error.h"

namespace bernoulli {
namespace {

constexpr float kMostInt8 = 127;
constexpr const char* kWeight = "weight";
constexpr const char* kScale = "scale";
constexpr const char* kUsed = "used";

size_t bytes_of_bits(int64_t bits) { return static_cast<size_t>((bits + 7) / 8); }

template <class Number>
std::string_view bytes_of(const std::vector<Number>& numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(Number)};
}

float scale_for(float largest) {
  const float scale = largest / kMostInt8;
  return scale < std::numeric_limits<float>::min() ? 0 : scale;
}

char to_int8(float number, float scale) {
  if (scale == 0) return 0;
  const float nearest = std::nearbyint(number / scale);
  return static_cast<char>(static_cast<int8_t>(std::clamp(nearest, -kMostInt8, kMostInt8)));
}

std::string bits_of(const std::vector<bool>& used) {
  std::string bits(bytes_of_bits(static_cast<int64_t>(used.size())), '\0');
  for (size_t row = 0; row < used.size(); ++row) {
    if (used[row] || row == 0)
      bits[row / 8] = static_cast<char>(static_cast<uint8_t>(bits[row / 8]) | 1u << (row % 8));
  }
  return bits;
}

/// The rows that are stored, one behind the other.
std::vector<float> stored_numbers(std::span<const float> table, size_t columns,
                                  const std::vector<bool>& used) {
  if (used.empty()) return {table.begin(), table.end()};
  std::vector<float> stored;
  for (size_t row = 0; row < used.size(); ++row) {
    if (!used[row] && row != 0) continue;
    const auto from = table.begin() + static_cast<std::ptrdiff_t>(row * columns);
    stored.insert(stored.end(), from, from + static_cast<std::ptrdiff_t>(columns));
  }
  return stored;
}

void pack_int8(const std::vector<float>& stored, PackedTable& packed) {
  const auto columns = static_cast<size_t>(packed.columns);
  const bool of_column = packed.form.scale_of_column;
  std::vector<float> largest(of_column ? columns : stored.size() / columns);
  const auto group = [&](size_t i) { return of_column ? i % columns : i / columns; };
  for (size_t i = 0; i < stored.size(); ++i)
    largest[group(i)] = std::max(largest[group(i)], std::abs(stored[i]));
  for (const float each : largest) packed.scales.push_back(scale_for(each));
  packed.numbers.reserve(stored.size());
  for (size_t i = 0; i < stored.size(); ++i)
    packed.numbers.push_back(to_int8(stored[i], packed.scales[group(i)]));
}

void pack_float16(const std::vector<float>& stored, PackedTable& packed) {
  std::vector<uint16_t> halves(stored.size());
  for (size_t i = 0; i < stored.size(); ++i) {
    halves[i] = to_float16(stored[i]);
    if (!std::isfinite(from_float16(halves[i])))
      throw UsageError(fmt::format(
          "the token table has the number {}, and float16 ends at 65504 (export.weights: int8 or float32 "
          "holds it)",
          stored[i]));
  }
  packed.numbers = bytes_of(halves);
}

/// All of float16, for rows are many.
const std::array<float, 65536>& float16_numbers() {
  static const std::array<float, 65536> numbers = [] {
    std::array<float, 65536> all{};
    for (uint32_t bits = 0; bits < all.size(); ++bits) all[bits] = from_float16(static_cast<uint16_t>(bits));
    return all;
  }();
  return numbers;
}

}  // namespace

std::vector<RawTensor> PackedTable::tensors(const std::string& prefix) const {
  std::vector<RawTensor> tensors = {{prefix + kWeight, form.numbers, {stored_rows, columns}, numbers}};
  if (form.numbers == Dtype::kI8) {
    const int64_t count = form.scale_of_column ? 1 : stored_rows;
    tensors.push_back({prefix + kScale,
                       Dtype::kF32,
                       {count, static_cast<int64_t>(scales.size()) / count},
                       bytes_of(scales)});
  }
  if (!used.empty())
    tensors.push_back({prefix + kUsed, Dtype::kU8, {static_cast<int64_t>(used.size())}, used});
  return tensors;
}

PackedTable pack_table(std::span<const float> table, int64_t columns, TableForm form,
                       const std::vector<bool>& used) {
  PackedTable packed;
  packed.form = form;
  packed.columns = columns;
  packed.num_rows = static_cast<int64_t>(table.size()) / columns;
  const std::vector<float> stored = stored_numbers(table, static_cast<size_t>(columns), used);
  packed.stored_rows = static_cast<int64_t>(stored.size()) / columns;
  if (!used.empty()) packed.used = bits_of(used);
  if (form.numbers == Dtype::kI8)
    pack_int8(stored, packed);
  else if (form.numbers == Dtype::kF16)
    pack_float16(stored, packed);
  else
    packed.numbers = bytes_of(stored);
  return packed;
}

PackedTable with_all_rows(const PackedTable& table) {
  if (table.used.empty()) return table;
  PackedTable all = table;
  all.used.clear();
  all.stored_rows = table.num_rows;
  const auto rows = static_cast<size_t>(table.num_rows);
  const size_t row_bytes = static_cast<size_t>(table.columns) * size_of(table.form.numbers);
  const bool scales_too = !table.scales.empty() && !table.form.scale_of_column;
  all.numbers.assign(rows * row_bytes, '\0');
  if (scales_too) all.scales.assign(rows, 0);
  for (size_t row = 0, stored = 0; row < rows; ++row) {
    if ((static_cast<uint8_t>(table.used[row / 8]) >> (row % 8) & 1) == 0) continue;
    all.numbers.replace(row * row_bytes, row_bytes, table.numbers, stored * row_bytes, row_bytes);
    if (scales_too) all.scales[row] = table.scales[stored];
    ++stored;
  }
  return all;
}

TableRows::TableRows(const std::vector<RawTensor>& tensors, const std::string& prefix,
                     const std::vector<int64_t>& shape)
    : num_rows_(shape.at(0)), columns_(shape.at(1)), stored_rows_(shape.at(0)) {
  const RawTensor* const weight = find_tensor(tensors, prefix + kWeight);
  if (weight == nullptr) throw ArtifactError(fmt::format("the weights lack tensor '{}{}'", prefix, kWeight));
  if (const RawTensor* const used = find_tensor(tensors, prefix + kUsed)) check_used(*used);
  dtype_ = weight->dtype;
  if (dtype_ != Dtype::kI8 && dtype_ != Dtype::kF16) dtype_ = Dtype::kF32;
  check_tensor(*weight, dtype_, {stored_rows_, columns_});
  numbers_ = weight->bytes;
  check_scale(find_tensor(tensors, prefix + kScale), prefix + kScale);
}

void TableRows::check_used(const RawTensor& used) {
  check_tensor(used, Dtype::kU8, {static_cast<int64_t>(bytes_of_bits(num_rows_))});
  used_ = used.bytes;
  stored_rows_ = 0;
  for (const char byte : used_) stored_rows_ += std::popcount(static_cast<uint8_t>(byte));
  const bool ends_well = num_rows_ % 8 == 0 || static_cast<uint8_t>(used_.back()) >> (num_rows_ % 8) == 0;
  if (!ends_well || !is_stored(0))
    throw ArtifactError(
        fmt::format("tensor '{}' does not mark {} rows, the first among them", used.name, num_rows_));
}

void TableRows::check_scale(const RawTensor* scale, const std::string& name) {
  if (dtype_ != Dtype::kI8) {
    if (scale != nullptr) throw ArtifactError(fmt::format("tensor '{}' belongs to int8 tables only", name));
    return;
  }
  if (scale == nullptr) throw ArtifactError(fmt::format("the weights lack tensor '{}'", name));
  scale_of_column_ = scale->shape == std::vector<int64_t>{1, columns_};
  check_tensor(*scale, Dtype::kF32, scale_of_column_ ? scale->shape : std::vector<int64_t>{stored_rows_, 1});
  scales_ = scale->bytes;
  for (size_t at = 0; at < scales_.size(); at += sizeof(float)) {
    float number = 0;
    std::memcpy(&number, scales_.data() + at, sizeof number);
    if (!(number >= 0 && std::isfinite(number)))
      throw ArtifactError(
          fmt::format("tensor '{}' has the scale {}, expected a number of 0 or more", name, number));
  }
}

const float* TableRows::read(int64_t stored, float* room) const {
  const auto columns = static_cast<size_t>(columns_), row = static_cast<size_t>(stored);
  const char* const from = numbers_.data() + row * columns * size_of(dtype_);
  if (dtype_ == Dtype::kF32) {
    std::memcpy(room, from, columns * sizeof(float));
  } else if (dtype_ == Dtype::kF16) {
    const std::array<float, 65536>& numbers = float16_numbers();
    for (size_t i = 0; i < columns; ++i) {
      uint16_t bits = 0;
      std::memcpy(&bits, from + i * sizeof bits, sizeof bits);
      room[i] = numbers[bits];
    }
  } else {
    for (size_t i = 0; i < columns; ++i) {
      float scale = 0;
      std::memcpy(&scale, scales_.data() + (scale_of_column_ ? i : row) * sizeof scale, sizeof scale);
      room[i] = static_cast<float>(static_cast<int8_t>(from[i])) * scale;
    }
  }
  return room;
}

bool is_table_part(std::string_view name, std::string_view prefix) {
  return name.starts_with(prefix) &&
         (name.substr(prefix.size()) == kScale || name.substr(prefix.size()) == kUsed);
}

}  // namespace bernoulli
