#include "tensor/operator_threads.h"

#include <latch>
#include <thread>
#include <vector>

#include <ATen/Parallel.h>

namespace bernoulli {
namespace {

/// Starts so many threads besides this one, all alive at once, and ends them.
void try_threads(int threads) {
  std::latch all_there(1);
  std::vector<std::jthread> tried;
  try {
    for (int i = 1; i < threads; ++i) tried.emplace_back([&] { all_there.wait(); });
  } catch (...) {
    all_there.count_down();
    throw;
  }
  all_there.count_down();
}

}  // namespace

void set_operator_threads(int threads) {
  try_threads(threads);
  at::set_num_threads(threads);
}

void try_operator_threads() { try_threads(at::get_num_threads()); }

}  // namespace bernoulli
