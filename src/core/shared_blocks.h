#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace bernoulli {

/// Calls work(worker, begin, end) for consecutive ranges of 0..count of `block` each, which up to `threads`
/// workers take one after the other: a long text keeps one worker, not the others. A worker is 0..threads-1
/// and does one range at a time; 0 is the caller, who does all where there is one range only or the system
/// gives no thread. What the first range threw that failed is thrown again after all have ended.
template <typename Work>
void share_blocks(size_t count, size_t block, size_t threads, const Work& work) {
  const size_t num_blocks = (count + block - 1) / block;
  std::atomic<size_t> next = 0;
  std::mutex mutex;
  size_t first_failed = num_blocks;
  std::exception_ptr failure;
  const auto run = [&](size_t worker) {
    for (size_t i = next++; i < num_blocks; i = next++) {
      try {
        work(worker, i * block, std::min(count, (i + 1) * block));
      } catch (...) {
        const std::lock_guard lock(mutex);
        next = num_blocks;
        if (i < first_failed) {
          first_failed = i;
          failure = std::current_exception();
        }
      }
    }
  };
  std::vector<std::jthread> others;
  try {
    for (size_t worker = 1; worker < std::min(threads, num_blocks); ++worker)
      others.emplace_back(run, worker);
  } catch (const std::system_error&) {
  }
  run(0);
  others.clear();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace bernoulli
