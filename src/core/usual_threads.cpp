#include "core/usual_threads.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <thread>

#include "core/parse_number.h"

namespace bernoulli {

int usual_threads() {
  const char* const share = std::getenv("BERNOULLI_THREADS");
  const auto threads = share == nullptr ? std::nullopt : parse_number<int>(share);
  if (threads && *threads > 0) return std::min(*threads, kMostThreads);
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace bernoulli
