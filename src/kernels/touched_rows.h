#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/kernels.h"

namespace bernoulli::kernels {

/// The rows that an update reads, each with a place ("slot") in a compact gradient table; and when each row
/// of the table was last brought up to date. Costs nothing for rows that are not touched, but one byte read
/// for each 64 rows of a large table, 64 of a small one.
class TouchedRows {
 public:
  TouchedRows(int64_t num_rows, const Kernels& kernels);

  /// These rows are read by the update, any number of times.
  void mark(std::span<const int32_t> ids);
  /// After the last mark(): the rows, ascending, and their slots. Forgets those of the update before.
  void collect();
  std::span<const int32_t> rows() const { return {rows_.data(), num_rows_}; }  ///< by slot
  const uint32_t* slots() const { return slots_.data(); }  ///< by row; of collected rows only

  /// Rows of `rows` (all, if empty) that missed updates up to `now`, sorted by how many: due() and missed().
  /// Counts all of them as up to date with `now`. No row may have missed 2^31 updates or more.
  void settle(std::span<const int32_t> rows, int64_t now);
  std::span<const int32_t> due() const { return {due_.data(), num_due_}; }
  std::span<const int32_t> missed() const { return {missed_.data(), num_due_}; }
  /// These rows took part in update `now`.
  void set_updated(std::span<const int32_t> rows, int64_t now);
  void set_all_updated(int64_t now);

 private:
  const Kernels& kernels_;
  std::vector<uint8_t> marks_;        ///< kMarked or 0 by row; whole blocks of kMarkBlock
  std::vector<uint8_t> block_marks_;  ///< of a large table: the same by block of rows
  std::vector<int32_t> used_blocks_;
  size_t num_marks_ = 0;  ///< no more rows than that can be new
  std::vector<uint32_t> slots_;
  std::vector<int32_t> rows_;  ///< num_rows_ of them, and room
  size_t num_rows_ = 0;
  std::vector<uint32_t> last_;         ///< update, modulo 2^32
  std::vector<int32_t> due_, missed_;  ///< num_due_ of them, and room
  size_t num_due_ = 0;
  std::vector<int32_t> all_, unsorted_, unsorted_missed_;
};

}  // namespace bernoulli::kernels
