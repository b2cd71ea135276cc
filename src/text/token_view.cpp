#include "text/token_view.h"

#include <vector>

namespace bernoulli {

TokenView packed(TokenRows rows, int64_t num_ids) {
  if (num_ids > kNarrowIds) return TokenView(std::move(rows));
  struct Narrow {
    std::vector<uint16_t> ids;
    std::vector<int64_t> offsets;
  };
  auto narrow = std::make_shared<Narrow>();
  narrow->ids.resize(rows.ids.size());
  std::transform(rows.ids.begin(), rows.ids.end(), narrow->ids.begin(),
                 [](int32_t id) { return static_cast<uint16_t>(id); });
  narrow->offsets = std::move(rows.offsets);
  const Narrow& kept = *narrow;
  return TokenView(kept.ids.data(), kept.offsets, std::move(narrow));
}

}  // namespace bernoulli
