#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <thread>

namespace bernoulli {

/// One piece of work at a time on a thread of its own, while its owner goes on: what waits for the disk, for
/// instance. What it throws is thrown again in the owner. Where the system gives no thread, start() does the
/// work itself.
class BackgroundWork {
 public:
  BackgroundWork() = default;
  BackgroundWork(const BackgroundWork&) = delete;
  BackgroundWork& operator=(const BackgroundWork&) = delete;
  /// Waits. A failure that the owner did not come to hear of is a warning.
  ~BackgroundWork();

  /// Waits for the work before. @throws what that threw, and then does not start
  void start(std::function<void()> work);
  /// @throws what the work threw, as soon as it has; does not wait
  void rethrow_failure();
  /// @throws what the work threw
  void wait();

 private:
  void run();

  std::function<void()> work_;
  std::thread thread_;
  std::atomic<bool> failed_ = false;
  std::exception_ptr error_;  ///< the owner's to read once failed_ or the thread has ended
};

}  // namespace bernoulli
