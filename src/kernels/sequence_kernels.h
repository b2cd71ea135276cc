#pragma once

#include <cstdint>

namespace bernoulli::kernels {

/// Columns of a panel: a packed matrix is cut into as many at once.
inline constexpr int64_t kPanel = 32;

constexpr int64_t in_panels(int64_t columns) { return (columns + kPanel - 1) / kPanel * kPanel; }

/// c [rows, columns] += a [rows, depth] b [depth, columns].
struct Product {
  int64_t rows = 0;
  int64_t columns = 0;
  int64_t depth = 0;
  const float* a = nullptr;
  int64_t a_row_step = 0;    ///< numbers from one row of a to the next; rows may overlap
  int64_t a_depth_step = 0;  ///< and from one column to the next: a may stand transposed
  const float* b = nullptr;  ///< packed by pack_panels
  float* c = nullptr;
  int64_t c_row_step = 0;  ///< a row has room for padded(columns) numbers, all of which may be written
};

/// One step of a recurrent layer for some texts: a row each. Rows of states, memories and their gradients are
/// `units` numbers wide, a multiple of kLanes; those of gates `gates_step`.
struct RecurrentStep {
  int64_t rows = 0;
  int64_t units = 0;
  int64_t gates_step = 0;
  int64_t previous_step = 0;  ///< units; 0 at the first token, where one row of zeros is everyone's
  const float* previous_state = nullptr;
  const float* previous_memory = nullptr;  ///< lstm
};

/// The hot loops of layers that look across positions. Unlike those of Kernels they multiply and add at once
/// where the processor can; each number is still computed by the same operations in the same order whatever
/// the number of rows, so that bits do not depend on how rows are cut into blocks or dealt to threads.
struct SequenceKernels {
  void (*multiply_add)(const Product&);
  /// sums[width] += the rows of x, row_step numbers apart. `width` is a multiple of kLanes.
  void (*add_rows)(const float* x, int64_t rows, int64_t width, int64_t row_step, float* sums);
  /// to[count] += x[count] * by
  void (*add_scaled)(const float* x, int64_t count, float by, float* to);
  /// The highest number of each column so far, and its row: those of x, rows first_row and on, take part. The
  /// first of equals; what is no number is the highest. `width` is a multiple of kLanes.
  void (*raise_highest)(const float* x, int64_t rows, int64_t width, int32_t first_row, float* highest,
                        int32_t* row);

  /// Gates of a row: input, forget, cell, output before their activation; they are overwritten by it.
  void (*lstm_forward)(const RecurrentStep&, float* gates, float* memory, float* state);
  /// @param memory_gradient  read, then set to that of the previous memory
  void (*lstm_backward)(const RecurrentStep&, const float* gates, const float* memory,
                        const float* state_gradient, float* memory_gradient, float* gates_gradient);

  /// Gates of a row: new, reset, update before their activation, which overwrites them, and what the state
  /// gives to `new` before it is reset.
  void (*gru_forward)(const RecurrentStep&, float* gates, float* state);
  /// @param previous_gradient  of the previous state: its share without a gate is added; null: not wanted
  void (*gru_backward)(const RecurrentStep&, const float* gates, const float* state_gradient,
                       float* previous_gradient, float* gates_gradient);
};

/// b [depth, columns], of which number (k, n) lies at b[k * depth_step + n * column_step], as panels: kPanel
/// columns of all rows, then the next ones; zeros behind the last. `packed` takes depth * in_panels(columns).
void pack_panels(const float* b, int64_t depth, int64_t columns, int64_t depth_step, int64_t column_step,
                 float* packed);

}  // namespace bernoulli::kernels
