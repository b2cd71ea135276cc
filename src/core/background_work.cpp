#include "core/background_work.h"

#include <system_error>
#include <utility>

#include "core/log.h"
#include "core/stop.h"

namespace bernoulli {

BackgroundWork::~BackgroundWork() {
  try {
    wait();
  } catch (const std::exception& error) {
    log_warning(error.what());
  } catch (const StopRequested&) {
    log_warning("a stop was asked for before work in the background was done");
  }
}

void BackgroundWork::start(std::function<void()> work) {
  wait();
  work_ = std::move(work);
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error&) {
    run();
    wait();
  }
}

void BackgroundWork::rethrow_failure() {
  if (failed_) wait();
}

void BackgroundWork::wait() {
  if (thread_.joinable()) thread_.join();
  work_ = nullptr;
  failed_ = false;
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

void BackgroundWork::run() {
  try {
    work_();
  } catch (...) {
    error_ = std::current_exception();
    failed_ = true;
  }
}

}  // namespace bernoulli
