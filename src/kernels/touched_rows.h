#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace bernoulli::kernels {

/// The rows that an update reads, each with a place ("slot") in a compact gradient table; and when each row
/// of the table was last brought up to date. Costs nothing for rows that are not touched.
class TouchedRows {
 public:
  explicit TouchedRows(int64_t num_rows);

  /// Forgets the touched rows.
  void begin();
  /// slots[i] is the place of row ids[i]; a new row gets the next one.
  void assign(std::span<const int32_t> ids, int32_t* slots);
  const std::vector<int32_t>& rows() const { return rows_; }  ///< by slot, valid after finish()
  /// After the last assign().
  void finish() { rows_.resize(count_); }

  /// Rows of `rows` (all, if empty) that missed updates up to `now`, sorted by how many: due() and missed().
  /// Counts all of them as up to date with `now`.
  void settle(std::span<const int32_t> rows, int64_t now);
  const std::vector<int32_t>& due() const { return due_; }
  const std::vector<int32_t>& missed() const { return missed_; }
  /// These rows took part in update `now`.
  void mark(std::span<const int32_t> rows, int64_t now);
  void mark_all(int64_t now);

 private:
  std::vector<uint32_t> slot_;  ///< base_ + slot where the row is touched, below base_ elsewhere
  uint32_t base_ = 1;
  size_t count_ = 0;
  std::vector<int32_t> rows_;
  std::vector<int64_t> last_;
  std::vector<int32_t> all_, due_, missed_, unsorted_, unsorted_missed_;
  std::vector<uint32_t> starts_;
};

}  // namespace bernoulli::kernels
