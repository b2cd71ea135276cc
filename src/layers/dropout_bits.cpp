#include "layers/dropout_bits.h"

#include <algorithm>
#include <cmath>

namespace bernoulli::layers {

std::optional<uint32_t> dropout_keep_of_65536(double rate) {
  const double keep = std::round((1 - rate) * 65536);
  const double met = 1 - keep / 65536;
  if (keep < 1 || keep > 65535 || std::abs(met - rate) > 1e-3 * std::min(rate, 1 - rate)) return std::nullopt;
  return static_cast<uint32_t>(keep);
}

}  // namespace bernoulli::layers
