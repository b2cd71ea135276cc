#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "config/run_config.h"
#include "text/byte_plan.h"
#include "text/byte_scan.h"
#include "text/standardize.h"
#include "text/token_spans.h"

namespace bernoulli {

/// Memory that one thread reuses from text to text.
struct TokenBuffers {
  std::string text;
  std::string scratch;
  TokenSpans tokens;

  size_t bytes() const { return text.capacity() + scratch.capacity() + tokens.bytes(); }
};

/// Standardises and splits. Immutable and shared between threads, each with buffers of its own.
class Tokenizer {
 public:
  /// @throws UsageError for a step, split or n-gram width that does not exist.
  explicit Tokenizer(const TextConfig& config, ScanKernel kernel = ScanKernel::kBest);

  static constexpr size_t kNoLimit = std::numeric_limits<size_t>::max();
  /// The first `limit` tokens of `text`; valid until `buffers` is used again.
  /// @throws DataError for a text of 4 GiB or more.
  const TokenSpans& tokens(std::string_view text, size_t limit, TokenBuffers& buffers) const;

  const std::vector<size_t>& widths() const { return widths_; }

 private:
  bool characters_;
  std::vector<size_t> widths_;
  std::vector<StandardizeStep> before_;  ///< applied one by one, before the plan
  bool only_maps_before_ = false;        ///< none of which changes a text of ASCII
  BytePlan plan_;                        ///< with split: whitespace
  ScanKernel kernel_;
};

}  // namespace bernoulli
