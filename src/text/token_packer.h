#pragma once

#include <cstdint>
#include <memory>

#include "core/spill_vector.h"
#include "text/token_view.h"

namespace bernoulli {

/// Puts rows one after the other, in 16 bits an id where `num_ids` allows.
class TokenPacker {
 public:
  TokenPacker(int64_t num_ids, const std::shared_ptr<SpillSpace>& space);
  /// @throws SpillError
  void append(const TokenRows& rows);
  /// All rows; nothing may be appended any more.
  TokenView finish();

 private:
  struct Packed {
    SpillBuffer ids;
    SpillVector<int64_t> offsets;
  };
  bool narrow_;
  std::shared_ptr<Packed> packed_;
};

}  // namespace bernoulli
