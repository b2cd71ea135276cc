#include "core/usual_threads.h"

#include <algorithm>
#include <cstdlib>
#include <string>

#include <fmt/format.h>

#include "core/available_cores.h"
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
  return available_cores();
}

void share_cores(int64_t processes) {
  ::setenv("BERNOULLI_THREADS", std::to_string(std::max<int64_t>(1, available_cores() / processes)).c_str(),
           0);
}

}  // namespace bernoulli
