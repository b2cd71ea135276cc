#include "kernels/binomial.h"

#include <algorithm>
#include <cmath>

namespace bernoulli::kernels {

void BinomialTables::prepare(int64_t count) {
  if (count <= 0) return;
  if (count > kLargest) {
    make(kLargest);
    count = (count - 1) % kLargest + 1;
  }
  make(count);
}

std::vector<uint32_t> BinomialTables::flat() {
  std::vector<uint32_t> all;
  for (int64_t n = 0; n <= kLargest; ++n) {
    make(n);
    const std::vector<uint32_t>& table = entries_[static_cast<size_t>(n)];
    all.insert(all.end(), table.begin(), table.end());
  }
  return all;
}

void BinomialTables::make(int64_t n) {
  std::vector<uint32_t>& table = entries_[static_cast<size_t>(n)];
  if (!table.empty()) return;
  const double p = threshold_ / 65536.0;
  const auto trials = static_cast<double>(n);
  std::vector<double> share;  // probability times the number of cells
  std::vector<size_t> small, large;
  for (int64_t k = 0; k <= n; ++k) {
    const auto hits = static_cast<double>(k);
    const double log_choose =
        std::lgamma(trials + 1) - std::lgamma(hits + 1) - std::lgamma(trials - hits + 1);
    share.push_back((trials + 1) *
                    std::exp(log_choose + hits * std::log(p) + (trials - hits) * std::log1p(-p)));
    (share.back() < 1 ? small : large).push_back(static_cast<size_t>(k));
  }
  for (int64_t k = 0; k <= n; ++k) table.push_back(0xffffff00u | static_cast<uint32_t>(k));
  while (!small.empty() && !large.empty()) {
    const size_t cell = small.back(), alias = large.back();
    small.pop_back();
    const double own = std::min(share[cell] * 0x1p24, 0x1p24 - 1);
    table[cell] = static_cast<uint32_t>(own) << 8 | static_cast<uint32_t>(alias);
    share[alias] -= 1 - share[cell];
    if (share[alias] >= 1) continue;
    large.pop_back();
    small.push_back(alias);
  }
  pointers_[static_cast<size_t>(n)] = table.data();
}

}  // namespace bernoulli::kernels
