#pragma once

#include "kernels/cuda/view.h"
#include "kernels/update_number.h"

namespace bernoulli::card {

/// W numbers of a parameter with what the optimizer keeps beside them, on their way through some updates.
template <int W>
struct Numbers {
  Features<W> w;
  Features<W> s0;
  Features<W> s1;

  BERNOULLI_HOST_DEVICE static Numbers read(const Tables& from, int64_t at) {
    return {load_fresh<W>(from.w + at), from.s0 != nullptr ? load_fresh<W>(from.s0 + at) : Features<W>(),
            from.s1 != nullptr ? load_fresh<W>(from.s1 + at) : Features<W>()};
  }
  BERNOULLI_HOST_DEVICE void write(const Tables& to, int64_t at) const {
    store(to.w + at, w);
    if (to.s0 != nullptr) store(to.s0 + at, s0);
    if (to.s1 != nullptr) store(to.s1 + at, s1);
  }
  BERNOULLI_HOST_DEVICE void update(const kernels::UpdateRule& rule,
                                    const kernels::UpdateConstants& constants, bool has_gradient,
                                    const Features<W>& g) {
    for (int i = 0; i < W; ++i) {
      kernels::Number number{w.v[i], s0.v[i], s1.v[i]};
      kernels::update_number(rule, constants, has_gradient, g.v[i], number);
      w.v[i] = number.w;
      s0.v[i] = number.s0;
      s1.v[i] = number.s1;
    }
  }
};

}  // namespace bernoulli::card
