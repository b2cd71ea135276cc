#pragma once

// Products of matrices. For lanes.h's three files only.

#include "kernels/lanes.h"
#include "kernels/sequence_kernels.h"

namespace bernoulli::kernels {
namespace {

// A block of c stays in registers while the depth passes by: rows times two registers of sixteen lanes.
#if defined(__AVX512F__)
constexpr int kBlockRows = 12;
#elif defined(__AVX2__)
constexpr int kBlockRows = 3;
#else
constexpr int kBlockRows = 1;
#endif
constexpr int64_t kBlockDepth = 256;  ///< of a panel, so that it stays in the first cache
constexpr int64_t kRowsAtOnce = 96;   ///< of a, so that they stay in the second one

template <int kRows, int kFloats>
void multiply_block(const Product& p, int64_t row, int64_t depth, int64_t end, const float* panel, float* c) {
  Floats sum[kRows][kFloats];
  for (int i = 0; i < kRows; ++i) {
    for (int j = 0; j < kFloats; ++j) sum[i][j] = zeros();
  }
  const float* a = p.a + row * p.a_row_step;
  for (; depth < end; ++depth) {
    Floats from[kFloats];
    for (int j = 0; j < kFloats; ++j) from[j] = load(panel + depth * kPanel + j * kLanes);
#pragma GCC unroll 12
    for (int i = 0; i < kRows; ++i) {
      const Floats by = all(a[i * p.a_row_step + depth * p.a_depth_step]);
      for (int j = 0; j < kFloats; ++j) sum[i][j] = multiply_add(by, from[j], sum[i][j]);
    }
  }
  for (int i = 0; i < kRows; ++i) {
    for (int j = 0; j < kFloats; ++j) {
      float* to = c + i * p.c_row_step + j * kLanes;
      store(to, load(to) + sum[i][j]);
    }
  }
}

/// Fewer rows than a block has.
template <int kRows, int kFloats>
void multiply_rest(int64_t rows, const Product& p, int64_t row, int64_t depth, int64_t end,
                   const float* panel, float* c) {
  if constexpr (kRows > 0) {
    if (rows == kRows)
      multiply_block<kRows, kFloats>(p, row, depth, end, panel, c);
    else
      multiply_rest<kRows - 1, kFloats>(rows, p, row, depth, end, panel, c);
  }
}

/// Rows first .. last - 1 by kFloats * kLanes columns of a panel.
template <int kFloats>
void multiply_panel(const Product& p, int64_t first, int64_t last, int64_t depth, int64_t end,
                    int64_t column) {
  const float* panel = p.b + column * p.depth;
  for (; first + kBlockRows <= last; first += kBlockRows)
    multiply_block<kBlockRows, kFloats>(p, first, depth, end, panel, p.c + first * p.c_row_step + column);
  multiply_rest<kBlockRows - 1, kFloats>(last - first, p, first, depth, end, panel,
                                         p.c + first * p.c_row_step + column);
}

void multiply_matrices(const Product& p) {
  for (int64_t depth = 0; depth < p.depth; depth += kBlockDepth) {
    const int64_t depth_end = depth + kBlockDepth < p.depth ? depth + kBlockDepth : p.depth;
    for (int64_t first = 0; first < p.rows; first += kRowsAtOnce) {
      const int64_t end = first + kRowsAtOnce < p.rows ? first + kRowsAtOnce : p.rows;
      for (int64_t column = 0; column < p.columns; column += kPanel) {
        if (column + kLanes < p.columns)
          multiply_panel<2>(p, first, end, depth, depth_end, column);
        else
          multiply_panel<1>(p, first, end, depth, depth_end, column);
      }
    }
  }
}

/// A block of rows at a time, so that digits stay where there are many.
void add_rows(const float* x, int64_t rows, int64_t width, int64_t row_step, float* sums) {
  constexpr int64_t kRows = 256;
  for (int64_t first = 0; first < rows; first += kRows) {
    const int64_t end = first + kRows < rows ? first + kRows : rows;
    for (int64_t i = 0; i < width; i += kLanes) {
      Floats sum = zeros();
      for (int64_t row = first; row < end; ++row) sum = sum + load(x + row * row_step + i);
      store(sums + i, load(sums + i) + sum);
    }
  }
}

void add_scaled(const float* x, int64_t count, float by, float* to) {
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) store(to + i, multiply_add(load(x + i), all(by), load(to + i)));
  for (; i < count; ++i) to[i] = to[i] + x[i] * by;
}

void raise_highest(const float* x, int64_t rows, int64_t width, int32_t first_row, float* highest,
                   int32_t* row) {
  for (int64_t column = 0; column < width; column += kLanes) {
    Floats best = load(highest + column);
    Words at = load_words(row + column);
    for (int64_t r = 0; r < rows; ++r) {
      const Floats value = load(x + r * width + column);
      const Words here = all_words(static_cast<uint32_t>(first_row + r));
      BERNOULLI_FOR_PARTS {
        const auto higher = (value.part[i] > best.part[i]) | (value.part[i] != value.part[i]);
        best.part[i] = higher ? value.part[i] : best.part[i];
        at.part[i] = higher ? here.part[i] : at.part[i];
      }
    }
    store(highest + column, best);
    store_words(row + column, at);
  }
}

}  // namespace
}  // namespace bernoulli::kernels
