#pragma once

#include <algorithm>
#include <cstddef>

#include "core/shared_blocks.h"

namespace bernoulli {

/// Calls work(chunk, begin, end) once for each of `num_chunks` contiguous, equally long ranges of 0..count,
/// each on a thread of its own where the system gives as many. The first exception, in chunk order, is
/// thrown again after all that had begun have ended.
template <typename Work>
void for_each_chunk(size_t count, size_t num_chunks, const Work& work) {
  share_blocks(num_chunks, 1, num_chunks, [&](size_t /*worker*/, size_t chunk, size_t /*end*/) {
    work(chunk, count * chunk / num_chunks, count * (chunk + 1) / num_chunks);
  });
}

/// Chunks for `count` texts on `threads` threads: so few texts are not worth a thread.
inline size_t num_text_chunks(size_t count, int threads) {
  constexpr size_t kTextsWorthAThread = 64;
  return std::clamp<size_t>(count / kTextsWorthAThread, 1, static_cast<size_t>(std::max(threads, 1)));
}

}  // namespace bernoulli
