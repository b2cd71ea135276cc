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

void advise_huge_pages(const void* memory, size_t bytes) {
  constexpr size_t kHugePage = size_t{2} << 20;
  const auto address = reinterpret_cast<uintptr_t>(memory);
  const uintptr_t begin = (address + kHugePage - 1) / kHugePage * kHugePage;
  const uintptr_t end = (address + bytes) / kHugePage * kHugePage;
  if (begin < end) (void)::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
}

}  // namespace bernoulli
