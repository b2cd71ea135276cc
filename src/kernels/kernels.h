#pragma once

#include <cstdint>
#include <vector>

#include "kernels/sequence_kernels.h"

namespace bernoulli::kernels {

/// Numbers that a kernel works on at once. Every row of every table is padded with zeros to a multiple of it,
/// and every sum over a row goes through this many lanes, whatever the processor.
inline constexpr int64_t kLanes = 16;

constexpr int64_t padded(int64_t numbers) { return (numbers + kLanes - 1) / kLanes * kLanes; }

enum class RuleKind : uint8_t { kSgd, kMomentum, kAdam, kAdamW, kAdagrad };

/// An update rule, torch.optim's of the same name. slot0 and slot1 of a table are its state: momentum_buffer
/// (kMomentum), exp_avg and exp_avg_sq (kAdam, kAdamW), sum (kAdagrad).
struct UpdateRule {
  RuleKind kind = RuleKind::kSgd;
  float beta1 = 0;  ///< kMomentum: momentum, as nesterov looks ahead
  float beta2 = 0;
  float eps = 0;
  float weight_decay = 0;
  bool nesterov = false;
  float gain1 = 0;  ///< adam: of the gradient into slot0
  float gain2 = 0;  ///< adam: of its square into slot1
};

/// Sets what kAdam and kAdamW need of beta1 and beta2. As in torch the gains are 1 - beta, rounded once: from
/// a beta that is a float already, 1 - 0.99999 would be wrong by a thousandth, and 1 - 0.99999999 would be 0.
UpdateRule with_betas(UpdateRule rule, double beta1, double beta2);

/// What of a rule changes from update to update.
struct UpdateConstants {
  float lr = 0;          ///< adam: lr / (1 - beta1^t). adagrad: lr / (1 + (t - 1) * lr_decay)
  float root_scale = 1;  ///< adam: 1 / sqrt(1 - beta2^t)
  float keep = 1;        ///< adamw: 1 - lr * weight_decay
  float momentum = 0;    ///< of the buffer; 0 at the first update
  float gain = 1;        ///< of the gradient into the buffer; 1 at the first update
};

/// A parameter and its optimizer state, row-major. Slots that a rule does not have are null.
struct Table {
  float* weights = nullptr;
  float* slot0 = nullptr;
  float* slot1 = nullptr;
  int64_t stride = 0;  ///< numbers a row, a multiple of kLanes
};

/// Dropout of one example: draw number n is a function of (key0, key1, n) alone, so that backward, another
/// processor and a resumed run draw the same. A number stays where 16 random bits are below `threshold`.
struct DropoutDraws {
  uint32_t key0 = 0;
  uint32_t key1 = 0;
  uint32_t threshold = 0;  ///< 0: no dropout; else of 65536
};

/// One example on its way through embedding, dropout and pool.
struct PoolInput {
  const int32_t* ids = nullptr;
  int64_t count = 0;     ///< tokens
  int64_t pads = 0;      ///< padding positions that take part: row 0 as often
  float pad_weight = 1;  ///< of a padding position beside a token's 1
  float scale = 1;       ///< of the sum: 1 / positions, and 1 / keep
  DropoutDraws draws;
  /// Alias tables of Binomial(n, threshold / 65536), n = 0..255 (binomial.h); read up to min(pads, 255).
  const uint32_t* const* binomial = nullptr;
};

/// A batch for a linear layer. x [rows, stride_in], weight [units, stride_in], z [rows, stride_out].
struct LinearShape {
  int64_t rows = 0;
  int64_t units = 0;
  int64_t stride_in = 0;
  int64_t stride_out = 0;
};

inline constexpr uint8_t kMarked = 0xff;
inline constexpr int64_t kMarkBlock = 64;

/// The hot loops for one kind of processor. All kinds run the same operations in the same order without
/// contracted multiply-adds, so that they give the same bits; `sequence` alone has its own rule.
struct Kernels {
  const char* name;

  /// out[stride] = scale * sum over positions of (dropout of) the row. Leaves what backward needs:
  /// `keep` [count * stride / kLanes] bits and `pad_count` [stride]; both untouched where nothing is drawn.
  void (*pool)(const PoolInput&, const float* weights, int64_t stride, float* out, uint16_t* keep,
               float* pad_count);
  /// Adds scale * gradient[stride] to the gradient rows of the tokens, slots[id] being that of an id, and to
  /// `pad_gradient` (of row 0; read only if pads take part).
  void (*scatter)(const PoolInput&, const uint32_t* slots, const float* gradient, int64_t stride,
                  const uint16_t* keep, const float* pad_count, float* gradients, float* pad_gradient);
  /// x = keep ? x * scale : 0, by draws 0..stride-1. The same call with the same draws is its own backward.
  void (*dropout)(const DropoutDraws&, float scale, float* x, int64_t stride);

  /// z = x W^T + bias (bias may be null). Padding of z is left alone.
  void (*linear)(const LinearShape&, const float* x, const float* weight, const float* bias, float* z);
  /// Adds to weight_gradient and bias_gradient (may be null), sets x_gradient.
  void (*linear_backward)(const LinearShape&, const float* x, const float* weight, const float* z_gradient,
                          float* weight_gradient, float* bias_gradient, float* x_gradient);

  /// One update of `count` rows: rows[i] by gradients + i * stride; rows null: 0..count-1. Leaves the
  /// gradients zero.
  void (*update)(const UpdateRule&, const UpdateConstants&, const Table&, const int32_t* rows, int64_t count,
                 float* gradients);
  /// The updates without gradient that each of the rows missed: missed[i] of them, the constants of the last
  /// one at end[-1]. Fastest where rows are sorted by `missed`.
  void (*catch_up)(const UpdateRule&, const UpdateConstants* end, const Table&, const int32_t* rows,
                   const int32_t* missed, int64_t count);

  /// Lists the rows first_row .. first_row + num_blocks * kMarkBlock - 1 whose byte in `marks` is kMarked,
  /// not 0, ascending, and makes all bytes 0. `rows` has room for kLanes more than are marked. Returns their
  /// number.
  int64_t (*take_marked)(uint8_t* marks, int64_t num_blocks, int32_t first_row, int32_t* rows);

  /// `count` is a multiple of kLanes in all three.
  double (*sum_of_squares)(const float* x, int64_t count);
  void (*scale)(float* x, int64_t count, float by);
  void (*clamp)(float* x, int64_t count, float limit);

  SequenceKernels sequence;
};

/// What this processor can run, best first; the last one is portable.
const std::vector<const Kernels*>& available_kernels();

/// Denormal numbers count as zero on this thread for as long as this lives: moments of rare rows decay into
/// them, where many processors take a hundred times longer. Same in every variant.
class FlushDenormals {
 public:
  FlushDenormals();
  ~FlushDenormals();
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
  unsigned before_ = 0;
};

}  // namespace bernoulli::kernels
