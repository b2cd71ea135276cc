#include "text/token_packer.h"

#include <algorithm>
#include <utility>

#include "core/memory_advice.h"

namespace bernoulli {

TokenPacker::TokenPacker(int64_t num_ids, const std::shared_ptr<SpillSpace>& space)
    : narrow_(num_ids <= kNarrowIds),
      packed_(std::make_shared<Packed>(Packed{SpillBuffer(space), SpillVector<int64_t>(space)})) {
  packed_->offsets.push_back(0);
}

void TokenPacker::append(const TokenRows& rows) {
  const int64_t before = packed_->offsets[packed_->offsets.size() - 1];
  const std::span<const int64_t> ends = std::span(rows.offsets).subspan(1);
  std::transform(ends.begin(), ends.end(), packed_->offsets.grow(ends.size()),
                 [before](int64_t end) { return before + end; });
  if (rows.ids.empty()) return;
  if (narrow_) {
    auto* const out = reinterpret_cast<uint16_t*>(packed_->ids.grow(rows.ids.size() * sizeof(uint16_t)));
    std::transform(rows.ids.begin(), rows.ids.end(), out,
                   [](int32_t id) { return static_cast<uint16_t>(id); });
  } else {
    packed_->ids.append({reinterpret_cast<const char*>(rows.ids.data()), rows.ids.size() * sizeof(int32_t)});
  }
}

TokenView TokenPacker::finish() {
  const char* const ids = std::as_const(packed_->ids).data();
  const std::span<const int64_t> offsets = packed_->offsets.span();
  if (packed_->ids.in_file()) expect_random_reads({ids, packed_->ids.size()});  // an epoch is shuffled
  if (narrow_) return {reinterpret_cast<const uint16_t*>(ids), offsets, std::move(packed_)};
  return {reinterpret_cast<const int32_t*>(ids), offsets, std::move(packed_)};
}

}  // namespace bernoulli
