#pragma once

#include <cstddef>
#include <string_view>

#include "text/byte_plan.h"
#include "text/token_spans.h"

namespace bernoulli {

/// Which program text reads bytes. All give the same tokens; tests compare them.
enum class ScanKernel {
  kBest,      ///< the fastest that this processor runs: with AVX-512, AVX2 or the portable one
  kAvx2,      ///< the one with AVX2, where this processor runs it
  kPortable,  ///< plain C++
};

/// The first `limit` tokens of `text` under the plan, in one pass over its bytes.
/// @throws DataError for a text that could give 4 GiB or more.
void scan_bytes(const BytePlan& plan, std::string_view text, size_t limit, ScanKernel kernel,
                TokenSpans& tokens);

/// Whether this processor has AVX-512 with VBMI2 (Ice Lake, Zen 4 and later).
bool scans_with_avx512();
bool scans_with_avx2();

namespace detail {

/// Reads until the end of `text` or until 2 * limit edges are known; some more may be written.
/// @param bytes room for max_output(text) + kScanSlack
/// @param edges room for min(max_output(text), 2 * limit) + kScanSlack
/// @return the number of edges, odd where the last token ends with the text
/// @param end set to the number of bytes written
size_t scan_portable(const BytePlan& plan, std::string_view text, size_t limit, char* bytes, uint32_t* edges,
                     size_t& end);
size_t scan_avx2(const BytePlan& plan, std::string_view text, size_t limit, char* bytes, uint32_t* edges,
                 size_t& end);
size_t scan_avx512(const BytePlan& plan, std::string_view text, size_t limit, char* bytes, uint32_t* edges,
                   size_t& end);

}  // namespace detail
}  // namespace bernoulli
