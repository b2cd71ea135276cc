#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "text/token_view.h"

namespace bernoulli::testing {

/// The rows with ids of 16 bits, which they have to fit into: as they lie in a token cache.
inline TokenView narrow_rows(TokenRows rows) {
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

}  // namespace bernoulli::testing
