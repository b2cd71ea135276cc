#pragma once

#include <cstdint>

#include "kernels/activations.h"
#include "kernels/entry_loss.h"
#include "kernels/kernels.h"

/// The fused step of a card as libbernoulli_cuda.so offers it: plain structures and C functions, no LibTorch.
/// The same functions over the processor are in tests/support/host_card.h. tensor/cuda/interface.h numbers
/// the version of all of them.
namespace bernoulli::card {

/// A layer behind the pool. The head's numbers are those of all parameters but the embedding, one after the
/// other.
struct Layer {
  enum class Kind : uint8_t { kDropout, kLinear, kActivation };
  Kind kind = Kind::kLinear;
  kernels::Activation activation = kernels::Activation::kRelu;
  bool has_bias = false;
  float slope = 0;         ///< leaky_relu's
  uint32_t threshold = 0;  ///< kDropout: kept where 16 random bits are below it
  int32_t in = 0;
  int32_t out = 0;
  int32_t parameter = 0;  ///< kLinear: place of the weight [out, in]; the bias [out] follows it
};

/// Row-major, without padding.
struct Parameter {
  int64_t rows = 0;
  int64_t columns = 0;
  kernels::UpdateRule rule;
};

/// How rows that an update does not read get that update's step: all of them at every update; or each when it
/// is next read, and at the end of a run (the same bits: the order of a row's own steps stays).
enum class Sweep : uint8_t { kChoose, kDense, kDeferred };

/// What of a model is a number.
struct Settings {
  int64_t num_layers = 0;
  uint32_t token_threshold = 0;
  uint32_t word_threshold = 0;  ///< a token stays where 16 random bits are below it; 0: all stay
  bool mean = true;
  bool include_padding = false;
  int64_t sequence_length = 0;  ///< 0: all positions
  int64_t num_labels = 1;
  kernels::EntryLoss loss;
  double clip_norm = 0;   ///< 0: not
  double clip_value = 0;  ///< 0: not
  uint64_t seed = 0;
  float saturated_from = 0;  ///< logits from here up, or until there, count as saturated
  float saturated_until = 0;
  float negatives_dead_from = 0;  ///< wrong answers from here, or until there, count as dead
  float positives_dead_until = 0;
};

/// Pointers are read while create() runs.
struct Model : Settings {
  const Parameter* parameters = nullptr;  ///< the embedding [V, D] first
  int32_t num_parameters = 0;
  const Layer* layers = nullptr;
  int32_t num_slots = 0;               ///< of the optimizer: 0 to 2
  float initial_slot = 0;              ///< until write() says otherwise
  const uint32_t* binomial = nullptr;  ///< BinomialTables::flat; read where pads are dropped
  const double* pos_weight = nullptr;  ///< [num_labels]
  Sweep sweep = Sweep::kChoose;        ///< kChoose: by the sizes of table and update
};

/// Ragged token ids: row i is ids[offsets[i] .. offsets[i + 1]). `narrow` is null, or what is read.
struct Tokens {
  const uint16_t* narrow = nullptr;
  const int32_t* wide = nullptr;
  const int64_t* offsets = nullptr;
  int64_t size = 0;
};

struct Data {
  Tokens tokens;
  const float* targets = nullptr;  ///< [size, num_labels]
  const float* weights = nullptr;  ///< [size]; null: all 1
  int64_t largest_update = 0;      ///< examples
};

struct Update {
  int64_t step = 0;   ///< for the draws
  int64_t first = 0;  ///< of its examples in the list of the run
  int64_t size = 0;
  double weight = 1;  ///< what the loss is divided by
  kernels::UpdateConstants constants;
};

enum class Outcome : int32_t { kNotRun, kDone, kLossNotFinite, kGradientNotFinite };

/// What an update saw. One that is refused changes no weight, and no update of the run comes after it.
struct Record {
  double loss_sum = 0;
  double gradient_norm = 0;
  double max_abs_logit = 0;
  int64_t saturated = 0;
  int64_t wrong_and_dead = 0;
  Outcome outcome = Outcome::kNotRun;
};

/// What the launches of one kernel took.
struct KernelTime {
  char name[16] = "";
  int64_t launches = 0;
  double seconds = 0;
};
inline constexpr int32_t kMostKernels = 16;

enum class Status : int32_t { kOk = 0, kNoRoom = 1, kFailed = 2 };

/// Where a text goes when the status is not kOk, cut to `size` bytes with its final 0.
struct Why {
  char* text = nullptr;
  int32_t size = 0;
};

}  // namespace bernoulli::card

extern "C" {
/// Puts model and data on the device. @param weights  one pointer a parameter, its numbers.
/// kNoRoom: the device's memory does not hold them; the text says what was needed and what would fit.
bernoulli::card::Status bernoulli_cuda_fused_create(int device, const bernoulli::card::Model* model,
                                                    const bernoulli::card::Data* data,
                                                    const float* const* weights, void** handle,
                                                    bernoulli::card::Why why);
/// @param examples  of all updates, [updates[i].first ..); at most largest_update an update, each once
bernoulli::card::Status bernoulli_cuda_fused_run(void* handle, const int32_t* examples,
                                                 const bernoulli::card::Update* updates, int64_t num_updates,
                                                 bernoulli::card::Record* records, bernoulli::card::Why why);
/// The same updates, with each launch timed by itself: nothing overlaps, nothing is recorded.
/// @param times  [kMostKernels], of which `num_times` are written
bernoulli::card::Status bernoulli_cuda_fused_profile(void* handle, const int32_t* examples,
                                                     const bernoulli::card::Update* updates,
                                                     int64_t num_updates, bernoulli::card::Record* records,
                                                     bernoulli::card::KernelTime* times, int32_t* num_times,
                                                     bernoulli::card::Why why);
/// Of the update that the last run refused: its logits [examples, num_labels], and 1 for each parameter whose
/// gradient was not finite.
bernoulli::card::Status bernoulli_cuda_fused_refused(void* handle, float* logits, uint8_t* parameters,
                                                     bernoulli::card::Why why);
/// @param table  0: weights; 1, 2: slots
bernoulli::card::Status bernoulli_cuda_fused_read(void* handle, int32_t parameter, int32_t table, float* out,
                                                  bernoulli::card::Why why);
bernoulli::card::Status bernoulli_cuda_fused_write(void* handle, int32_t parameter, int32_t table,
                                                   const float* values, bernoulli::card::Why why);
/// Without dropout: out[tokens.size, num_labels].
bernoulli::card::Status bernoulli_cuda_fused_logits(void* handle, const bernoulli::card::Tokens* tokens,
                                                    float* out, bernoulli::card::Why why);
void bernoulli_cuda_fused_destroy(void* handle);
/// Bytes that the device reads and writes a second while it copies `bytes` of its memory.
bernoulli::card::Status bernoulli_cuda_copy_speed(int device, int64_t bytes, double* bytes_per_second,
                                                  bernoulli::card::Why why);
}

namespace bernoulli::card {

/// The functions of the fused step, of the library or of the processor.
struct Functions {
  decltype(&bernoulli_cuda_fused_create) create = nullptr;
  decltype(&bernoulli_cuda_fused_run) run = nullptr;
  decltype(&bernoulli_cuda_fused_profile) profile = nullptr;
  decltype(&bernoulli_cuda_fused_refused) refused = nullptr;
  decltype(&bernoulli_cuda_fused_read) read = nullptr;
  decltype(&bernoulli_cuda_fused_write) write = nullptr;
  decltype(&bernoulli_cuda_fused_logits) logits = nullptr;
  decltype(&bernoulli_cuda_fused_destroy) destroy = nullptr;
};

}  // namespace bernoulli::card
