#include "core/out_of_memory.h"

#include <atomic>
#include <new>
#include <string_view>

namespace bernoulli {
namespace {

std::atomic<bool> g_allocation_failed = false;

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
         what.find("can't allocate memory") != what.npos || what.find("std::bad_alloc") != what.npos;
}

}  // namespace bernoulli
