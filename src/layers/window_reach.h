#pragma once

#include <cstdint>

namespace bernoulli::layers {

/// Positions that the window of a convolution reaches over, before its middle and behind it: as many outputs
/// as inputs, the middle of an even window left of its centre (`padding="same"` of torch and Keras).
struct WindowReach {
  int64_t before, behind;
  WindowReach(int64_t kernel_size, int64_t dilation)
      : before(dilation * (kernel_size - 1) / 2), behind(dilation * (kernel_size - 1) - before) {}
};

}  // namespace bernoulli::layers
