#include "core/out_of_memory.h"

#include <algorithm>
#include <atomic>
#include <new>
#include <string_view>

namespace bernoulli {
namespace {

std::atomic<bool> g_allocation_failed = false;

/// What LibTorch's allocator says.
constexpr std::string_view kOfAllocator = "can't allocate memory";

}  // namespace

void remember_failed_allocations() {
  std::set_new_handler([] {
    g_allocation_failed = true;
    throw std::bad_alloc();
  });
}

bool is_out_of_memory(const std::exception& error) {
  const std::string_view what = error.what();
  return g_allocation_failed || dynamic_cast<const std::bad_alloc*>(&error) != nullptr ||
         what.find(kOfAllocator) != what.npos || what.find("std::bad_alloc") != what.npos;
}

std::string_view allocation_fault(std::string_view what) {
  what = what.substr(0, std::min(what.find("\nException raised from "), what.find("\nframe #0")));
  const size_t said = what.find(kOfAllocator);
  if (said == what.npos) return what;
  const size_t begin = what.rfind('\n', said) + 1;  // 0 where there is no line before it
  return what.substr(begin, what.find('\n', said) - begin);
}

}  // namespace bernoulli
