#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/raw_tensors.h"

namespace bernoulli {

/// How a table of V rows of D numbers lies in an exported file (docs/artifact.md, "Small files").
struct TableForm {
  Dtype numbers = Dtype::kF32;   ///< kF32, kF16 or kI8
  bool scale_of_column = false;  ///< kI8: one scale a column instead of one a row
};

/// A table that was packed. R rows are stored: all V, or those that are used.
struct PackedTable {
  TableForm form;
  int64_t num_rows = 0;  ///< V
  int64_t columns = 0;   ///< D
  int64_t stored_rows = 0;
  std::string numbers;        ///< [R, D]
  std::vector<float> scales;  ///< kI8: [R] or [D]
  std::string used;           ///< bit i % 8 of byte i / 8: row i is stored; empty: all are

  /// As views of this: "weight", and where there are any "scale" [R, 1] or [1, D] and "used", behind
  /// `prefix`.
  std::vector<RawTensor> tensors(const std::string& prefix) const;
};

/// float16 is rounded to the nearest, ties to even. int8: scale = largest / 127 over the row or column, each
/// number the integer nearest to number / scale, ties to even; where the scale would be below the normal
/// float32 numbers it is 0 and so are the numbers.
/// @param table  [V, D].  @param used  V flags; empty: all rows are. Row 0, which pads, is stored in any
/// case.
/// @throws UsageError for a number that the form cannot hold
PackedTable pack_table(std::span<const float> table, int64_t columns, TableForm form,
                       const std::vector<bool>& used = {});

/// The same with a row of zeros where none was stored.
PackedTable with_all_rows(const PackedTable& table);

/// A table in a file, as numbers. Immutable; what it is made of must outlive it.
class TableRows {
 public:
  /// @param prefix  of the tensors' names: "embedding_0."  @param shape  [V, D] that the model needs.
  /// @throws ArtifactError naming a tensor that is missing or does not fit
  TableRows(const std::vector<RawTensor>& tensors, const std::string& prefix,
            const std::vector<int64_t>& shape);

  int64_t num_rows() const { return num_rows_; }
  /// Calls with each row that is stored, in order. The others are zeros.
  /// @param take  take(int64_t row, const float* numbers)
  template <class Take>
  void for_each(const Take& take) const {
    std::vector<float> room(static_cast<size_t>(columns_));
    for (int64_t row = 0, stored = 0; row < num_rows_; ++row) {
      if (is_stored(row)) take(row, read(stored++, room.data()));
    }
  }

 private:
  bool is_stored(int64_t row) const {
    return used_.empty() || (static_cast<uint8_t>(used_[static_cast<size_t>(row / 8)]) >> (row % 8) & 1) != 0;
  }
  /// @return `room` with the numbers of a stored row
  const float* read(int64_t stored, float* room) const;
  void check_used(const RawTensor& used);
  void check_scale(const RawTensor* scale, const std::string& name);

  Dtype dtype_ = Dtype::kF32;
  int64_t num_rows_ = 0;
  int64_t columns_ = 0;
  int64_t stored_rows_ = 0;
  bool scale_of_column_ = false;
  std::string_view numbers_;
  std::string_view scales_;
  std::string_view used_;
};

/// Whether a tensor of this name belongs to a packed table beside its "weight".
bool is_table_part(std::string_view name, std::string_view prefix);

/// IEEE 754 binary16, to the nearest, ties to even; too large becomes infinite.
uint16_t to_float16(float number);
float from_float16(uint16_t bits);

}  // namespace bernoulli
