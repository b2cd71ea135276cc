#include "core/memory_advice.h"

#include <cstdint>
#include <sys/mman.h>
#include <unistd.h>

namespace bernoulli {

void expect_random_reads(std::string_view bytes) {
  if (bytes.empty()) return;
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<uintptr_t>(bytes.data());
  const uintptr_t past = begin % page;
  ::madvise(const_cast<char*>(bytes.data()) - past, bytes.size() + past, MADV_RANDOM);
}

}  // namespace bernoulli
