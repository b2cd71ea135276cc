#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace bernoulli::kernels {

/// The rows that an update reads, each with a place ("slot") in a compact gradient table; and when each row
/// of the table was last brought up to date. Costs nothing for rows that are not touched, but one byte read
/// for each 64 rows of the table.
class TouchedRows {
 public:
  explicit TouchedRows(int64_t num_rows);

  /// These rows are read by the update, any number of times.
  void mark(std::span<const int32_t> ids);
  /// After the last mark(): the rows, ascending, and their slots. Forgets those of the update before.
  void collect();
  const std::vector<int32_t>& rows() const { return rows_; }  ///< by slot
  const uint32_t* slots() const { return slots_.data(); }     ///< by row; of collected rows only

  /// Rows of `rows` (all, if empty) that missed updates up to `now`, sorted by how many: due() and missed().
  /// Counts all of them as up to date with `now`. No row may have missed 2^31 updates or more.
  void settle(std::span<const int32_t> rows, int64_t now);
  const std::vector<int32_t>& due() const { return due_; }
  const std::vector<int32_t>& missed() const { return missed_; }
  /// These rows took part in update `now`.
  void set_updated(std::span<const int32_t> rows, int64_t now);
  void set_all_updated(int64_t now);

 private:
  std::vector<uint8_t> marks_;        ///< 1 where the row is marked; whole blocks of 64
  std::vector<uint8_t> block_marks_;  ///< 1 where a row of the block of 64 is
  size_t num_marks_ = 0;              ///< no more rows than that can be new
  std::vector<uint32_t> slots_;
  std::vector<int32_t> rows_;
  std::vector<uint32_t> last_;  ///< update, modulo 2^32
  std::vector<int32_t> all_, due_, missed_, unsorted_, unsorted_missed_;
  std::vector<uint32_t> starts_;
};

}  // namespace bernoulli::kernels
