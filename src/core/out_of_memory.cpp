#include "core/out_of_memory.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <new>
#include <string_view>

namespace bernoulli {
namespace {

std::atomic<bool> g_allocation_failed = false;

/// What LibTorch says of the machine's memory and of a card's, CUDA and cuBLAS of the latter.
constexpr std::array kWords = {
    std::string_view("can't allocate memory"), std::string_view("CUDA out of memory"),
    std::string_view("CUDA error: out of memory"), std::string_view("CUBLAS_STATUS_ALLOC_FAILED")};

/// Where one of them stands, else npos.
size_t place_of_words(std::string_view what) {
  size_t place = what.npos;
  for (const std::string_view words : kWords) place = std::min(place, what.find(words));
  return place;
}

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
         place_of_words(what) != what.npos || what.find("std::bad_alloc") != what.npos;
}

std::string_view allocation_fault(std::string_view what) {
  what = what.substr(0, std::min(what.find("\nException raised from "), what.find("\nframe #0")));
  const size_t said = place_of_words(what);
  if (said == what.npos) return what;
  const size_t begin = what.rfind('\n', said) + 1;  // 0 where there is no line before it
  return what.substr(begin, what.find('\n', said) - begin);
}

}  // namespace bernoulli
