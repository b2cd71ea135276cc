#pragma once

// Update rules, with and without gradient. For lanes.h's three files only.

#include "kernels/kernels.h"
#include "kernels/lanes.h"

namespace bernoulli::kernels {
namespace {

/// Rows that catch up side by side, so that one row's division hides behind another's: as many as the
/// registers hold.
#if defined(__AVX512F__)
constexpr int kGroup = 4;
#else
constexpr int kGroup = 2;
#endif

struct RowState {
  Floats w, s0, s1;
};

// Loops over rows take rule, constants and table by value: behind a reference their own stores might change
// them, for all the compiler knows, and it would read and spread each constant again for every row.

/// With a stride that the compiler knows where a row is one block of kLanes.
template <bool kOneBlock>
BERNOULLI_INLINE Table with_stride(Table table) {
  if constexpr (kOneBlock) table.stride = kLanes;
  return table;
}

template <RuleKind kKind>
constexpr int kSlots = kKind == RuleKind::kSgd                                 ? 0
                       : kKind == RuleKind::kAdam || kKind == RuleKind::kAdamW ? 2
                                                                               : 1;

/// Whether soft_root may stand for root: where it differs, eps swallows either.
BERNOULLI_INLINE bool soft_root_fits(const UpdateRule& rule, const UpdateConstants& c) {
#if defined(__AVX512F__)
  constexpr float kRootBelow = 1e-18f;  // of what lies below kSoftRootFrom
  return kRootBelow * c.root_scale < rule.eps * 0x1p-26f;
#else
  (void)rule, (void)c;
  return false;
#endif
}

template <bool kSoft>
BERNOULLI_INLINE Floats some_root(const Floats& x) {
#if defined(__AVX512F__)
  if constexpr (kSoft) return soft_root(x);
#endif
  return root(x);
}

/// One update of 16 numbers. Without gradient (kGradient false; g is not read) the same rule at g = 0.
template <RuleKind kKind, bool kGradient, bool kDecay, bool kSoft = false>
BERNOULLI_INLINE void apply(RowState& r, Floats g, const UpdateRule& rule, const UpdateConstants& c) {
  constexpr bool kAdaptive = kKind == RuleKind::kAdam || kKind == RuleKind::kAdamW;
  constexpr bool kCoupledDecay = kDecay && kKind != RuleKind::kAdamW;
  constexpr bool kAny = kGradient || kCoupledDecay;  // whether g is other than 0
  if constexpr (kCoupledDecay) {
    const Floats decay = all(rule.weight_decay) * r.w;
    g = kGradient ? g + decay : decay;
  }
  if constexpr (kAdaptive) {
    if constexpr (kDecay && kKind == RuleKind::kAdamW) r.w = r.w * all(c.keep);
    r.s0 = all(rule.beta1) * r.s0;
    r.s1 = all(rule.beta2) * r.s1;
    if constexpr (kAny) {
      r.s0 = r.s0 + all(rule.gain1) * g;
      r.s1 = r.s1 + all(rule.gain2) * g * g;
    }
    r.w = r.w - all(c.lr) * r.s0 / (some_root<kSoft>(r.s1) * all(c.root_scale) + all(rule.eps));
  } else if constexpr (kKind == RuleKind::kMomentum) {
    r.s0 = all(c.momentum) * r.s0;
    if constexpr (kAny) r.s0 = r.s0 + all(c.gain) * g;
    if (rule.nesterov) {
      const Floats ahead = all(rule.beta1) * r.s0;
      r.w = r.w - all(c.lr) * (kAny ? g + ahead : ahead);
    } else {
      r.w = r.w - all(c.lr) * r.s0;
    }
  } else if constexpr (kAny && kKind == RuleKind::kAdagrad) {
    r.s0 = r.s0 + g * g;
    r.w = r.w - all(c.lr) * g / (root(r.s0) + all(rule.eps));
  } else if constexpr (kAny) {
    r.w = r.w - all(c.lr) * g;
  }
}

template <RuleKind kKind>
BERNOULLI_INLINE RowState take(const Table& t, int64_t at) {
  RowState r;
  r.w = load(t.weights + at);
  if constexpr (kSlots < kKind >> 0) r.s0 = load(t.slot0 + at);
  if constexpr (kSlots < kKind >> 1) r.s1 = load(t.slot1 + at);
  return r;
}
template <RuleKind kKind>
BERNOULLI_INLINE void put(const Table& t, int64_t at, const RowState& r) {
  store(t.weights + at, r.w);
  if constexpr (kSlots < kKind >> 0) store(t.slot0 + at, r.s0);
  if constexpr (kSlots < kKind >> 1) store(t.slot1 + at, r.s1);
}
template <RuleKind kKind>
BERNOULLI_INLINE void fetch_early(const Table& t, int64_t at) {
  __builtin_prefetch(t.weights + at, 1);
  if constexpr (kSlots < kKind >> 0) __builtin_prefetch(t.slot0 + at, 1);
  if constexpr (kSlots < kKind >> 1) __builtin_prefetch(t.slot1 + at, 1);
}

template <RuleKind kKind, bool kDecay, bool kSoft>
BERNOULLI_INLINE void update_row(const UpdateRule& rule, const UpdateConstants& constants, const Table& table,
                                 int64_t begin, float* gradient) {
  for (int64_t j = 0; j < table.stride; j += kLanes) {
    RowState r = take<kKind>(table, begin + j);
    apply<kKind, true, kDecay, kSoft>(r, load(gradient + j), rule, constants);
    store(gradient + j, zeros());
    put<kKind>(table, begin + j, r);
  }
}

/// kSoft: every other row takes its root off the divide unit.
template <RuleKind kKind, bool kDecay, bool kSoft>
BERNOULLI_INLINE void update_all(UpdateRule rule, UpdateConstants constants, Table table, const int32_t* rows,
                                 int64_t count, float* gradients) {
  constexpr int64_t kAhead = 12;
  for (int64_t i = 0; i < count; ++i) {
    if (rows != nullptr && i + kAhead < count) fetch_early<kKind>(table, rows[i + kAhead] * table.stride);
    const int64_t begin = (rows != nullptr ? rows[i] : i) * table.stride;
    float* gradient = gradients + i * table.stride;
    if (kSoft && i % 2 != 0) {
      update_row<kKind, kDecay, kSoft>(rule, constants, table, begin, gradient);
    } else {
      update_row<kKind, kDecay, false>(rule, constants, table, begin, gradient);
    }
  }
}

template <RuleKind kKind, bool kDecay, bool kOneBlock>
void update_rows(const UpdateRule& rule, const UpdateConstants& constants, const Table& table,
                 const int32_t* rows, int64_t count, float* gradients) {
  const Table own = with_stride<kOneBlock>(table);
  if (soft_root_fits(rule, constants)) {
    update_all<kKind, kDecay, true>(rule, constants, own, rows, count, gradients);
  } else {
    update_all<kKind, kDecay, false>(rule, constants, own, rows, count, gradients);
  }
}

template <RuleKind kKind, bool kDecay>
BERNOULLI_INLINE void replay_one(const UpdateRule& rule, const UpdateConstants* from,
                                 const UpdateConstants* to, const Table& table, int64_t at) {
  RowState r = take<kKind>(table, at);
  for (; from < to; ++from) apply<kKind, false, kDecay>(r, zeros(), rule, *from);
  put<kKind>(table, at, r);
}

/// The same updates of kGroup rows. kSoft: half of them take their roots off the divide unit.
template <RuleKind kKind, bool kDecay, bool kSoft>
BERNOULLI_INLINE void replay_together(RowState* r, const UpdateRule& rule, const UpdateConstants* from,
                                      const UpdateConstants* to) {
  for (; from < to; ++from) {
#pragma GCC unroll 4
    for (int k = 0; k < kGroup; ++k) {
      if (kSoft && k % 2 != 0) {
        apply<kKind, false, kDecay, kSoft>(r[k], zeros(), rule, *from);
      } else {
        apply<kKind, false, kDecay>(r[k], zeros(), rule, *from);
      }
    }
  }
}

/// Whether updates without a gradient leave kGroup rows as they are, from number `at` of each: no gradient
/// ever reached them. Most rows of a large table are so, and may have missed every update.
template <RuleKind kKind, bool kDecay>
BERNOULLI_INLINE bool at_rest(const UpdateRule& rule, const Table& table, const int32_t* rows, int64_t at) {
  constexpr bool kMoves = kKind == RuleKind::kMomentum;
  constexpr bool kAdapts = kKind == RuleKind::kAdam || kKind == RuleKind::kAdamW;
  if constexpr (kDecay || !(kMoves || kAdapts)) return false;
  if (kAdapts && rule.eps == 0) return false;  // 0 / 0
  Words state = all_words(0);
  for (int k = 0; k < kGroup; ++k) {
    state = state | words_of(load(table.slot0 + rows[k] * table.stride + at));
    if constexpr (kAdapts) state = state | words_of(load(table.slot1 + rows[k] * table.stride + at));
  }
  return all_zero(state);
}

/// Updates that rows have to miss before at_rest takes less time than they do.
constexpr int32_t kWorthALook = 16;

/// kGroup rows: those that missed more first reach the step of the one that missed least.
template <RuleKind kKind, bool kDecay>
BERNOULLI_INLINE void replay_group(const UpdateRule& rule, const UpdateConstants* end, const Table& table,
                                   const int32_t* rows, const int32_t* missed) {
  int32_t common = missed[0];
  for (int k = 1; k < kGroup; ++k) common = missed[k] < common ? missed[k] : common;
  for (int64_t j = 0; j < table.stride; j += kLanes) {
    if (common >= kWorthALook && at_rest<kKind, kDecay>(rule, table, rows, j)) continue;
    RowState r[kGroup];
#pragma GCC unroll 4
    for (int k = 0; k < kGroup; ++k) {
      const int64_t at = rows[k] * table.stride + j;
      if (missed[k] > common) replay_one<kKind, kDecay>(rule, end - missed[k], end - common, table, at);
      r[k] = take<kKind>(table, at);
    }
    if (soft_root_fits(rule, end[-common])) {
      replay_together<kKind, kDecay, true>(r, rule, end - common, end);
    } else {
      replay_together<kKind, kDecay, false>(r, rule, end - common, end);
    }
#pragma GCC unroll 4
    for (int k = 0; k < kGroup; ++k) put<kKind>(table, rows[k] * table.stride + j, r[k]);
  }
}

template <RuleKind kKind, bool kDecay>
BERNOULLI_INLINE void catch_up_all(UpdateRule rule, const UpdateConstants* end, Table table,
                                   const int32_t* rows, const int32_t* missed, int64_t count) {
  constexpr int64_t kAhead = 3 * kGroup;
  int64_t i = 0;
  for (; i + kGroup <= count; i += kGroup) {
    for (int64_t k = i + kAhead; k < i + kAhead + kGroup && k < count; ++k)
      fetch_early<kKind>(table, rows[k] * table.stride);
    replay_group<kKind, kDecay>(rule, end, table, rows + i, missed + i);
  }
  for (; i < count; ++i) {
    for (int64_t j = 0; j < table.stride; j += kLanes)
      replay_one<kKind, kDecay>(rule, end - missed[i], end, table, rows[i] * table.stride + j);
  }
}

template <RuleKind kKind, bool kDecay, bool kOneBlock>
void catch_up_rows(const UpdateRule& rule, const UpdateConstants* end, const Table& table,
                   const int32_t* rows, const int32_t* missed, int64_t count) {
  catch_up_all<kKind, kDecay>(rule, end, with_stride<kOneBlock>(table), rows, missed, count);
}

#define BERNOULLI_FOR_STRIDE(function, kind, decay, ...)                             \
  return table.stride == kLanes ? function<RuleKind::kind, decay, true>(__VA_ARGS__) \
                                : function<RuleKind::kind, decay, false>(__VA_ARGS__)
#define BERNOULLI_FOR_DECAY(function, kind, ...)                                         \
  case RuleKind::kind:                                                                   \
    if (rule.weight_decay != 0) BERNOULLI_FOR_STRIDE(function, kind, true, __VA_ARGS__); \
    BERNOULLI_FOR_STRIDE(function, kind, false, __VA_ARGS__)
#define BERNOULLI_FOR_RULE(function, ...)                  \
  switch (rule.kind) {                                     \
    BERNOULLI_FOR_DECAY(function, kSgd, __VA_ARGS__);      \
    BERNOULLI_FOR_DECAY(function, kMomentum, __VA_ARGS__); \
    BERNOULLI_FOR_DECAY(function, kAdam, __VA_ARGS__);     \
    BERNOULLI_FOR_DECAY(function, kAdamW, __VA_ARGS__);    \
    BERNOULLI_FOR_DECAY(function, kAdagrad, __VA_ARGS__);  \
  }

void update(const UpdateRule& rule, const UpdateConstants& constants, const Table& table, const int32_t* rows,
            int64_t count, float* gradients) {
  BERNOULLI_FOR_RULE(update_rows, rule, constants, table, rows, count, gradients)
}

void catch_up(const UpdateRule& rule, const UpdateConstants* end, const Table& table, const int32_t* rows,
              const int32_t* missed, int64_t count) {
  BERNOULLI_FOR_RULE(catch_up_rows, rule, end, table, rows, missed, count)
}
#undef BERNOULLI_FOR_RULE
#undef BERNOULLI_FOR_DECAY
#undef BERNOULLI_FOR_STRIDE

}  // namespace
}  // namespace bernoulli::kernels
