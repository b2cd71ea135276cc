#include "core/usual_threads.h"

#include <algorithm>
#include <cstdlib>
#include <thread>

#include <fmt/format.h>

#include "core/error.h"
#include "core/parse_number.h"

namespace bernoulli {

int usual_threads() {
  const char* const share = std::getenv("BERNOULLI_THREADS");
  if (share != nullptr && *share != '\0') {
    const auto threads = parse_number<int>(share);
    if (!threads || *threads < 1 || *threads > kMostThreads)
      throw UsageError(
          fmt::format("BERNOULLI_THREADS is '{}' (expected 1 to {}, or unset)", share, kMostThreads));
    return *threads;
  }
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace bernoulli
