#pragma once

#include <functional>
#include <memory>
#include <string>

#include "tensor/device_graph.h"

namespace bernoulli {

/// Where work is recorded, until something could not be.
struct Recorder {
  GraphDevice& device;
  std::string why_not;  ///< empty, or what stood against it: from then on nothing is recorded or replayed
};

/// Work that is asked for again and again: done as it is the first time, which also lets libraries make their
/// preparations; recorded the second time; replayed from then on. It reads what changes from tensors that
/// stay where they are.
class RepeatedWork {
 public:
  explicit RepeatedWork(std::function<void()> work) : work_(std::move(work)) {}
  /// Does it. Where it cannot be recorded, a warning says why, once a recorder.
  void run(Recorder& recorder);
  /// Does it as it is, recorded or not.
  void run_plainly() { work_(); }

 private:
  std::function<void()> work_;
  bool was_done_ = false;
  std::unique_ptr<DeviceGraph> graph_;
};

}  // namespace bernoulli
