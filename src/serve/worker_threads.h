#pragma once

#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

namespace bernoulli::serve {

/// Threads that do what is posted to context(), one after the other. What is posted throws nothing.
/// boost::asio::thread_pool (1.74) is not used because its constructor hangs where the system gives it some
/// threads and then no more.
class WorkerThreads {
 public:
  /// @throws std::system_error where the system does not give so many; then there are none
  explicit WorkerThreads(int count) {
    try {
      for (int i = 0; i < count; ++i) threads_.emplace_back([this] { context_.run(); });
    } catch (...) {
      context_.stop();
      join();
      throw;
    }
  }
  ~WorkerThreads() { join(); }
  WorkerThreads(const WorkerThreads&) = delete;
  WorkerThreads& operator=(const WorkerThreads&) = delete;

  boost::asio::io_context& context() { return context_; }

  /// Waits for all that was posted; nothing may be posted any more.
  void join() {
    guard_.reset();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{context_.get_executor()};
  std::vector<std::thread> threads_;
};

}  // namespace bernoulli::serve
