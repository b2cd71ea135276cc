#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/verb_arguments.h"
#include "core/child_process.h"
#include "distributed/communicator.h"
#include "distributed/place.h"

namespace bernoulli::cli {

/// Where this process stands among those of its training: as its environment says, or at the head of those
/// that --processes has it start. Nothing where it is alone.
/// @throws DistributedError for an environment that does not say; UsageError for one that says something else
/// than --processes, or for --dry-run
std::optional<Place> place_of(const TrainArguments& arguments);

/// "cuda" and "auto" are a device for each process of this machine. @param device  as --device has it
std::string device_of(const std::string& device, const Place& place);

/// The other processes of a training, started here where --processes asks for that, and the way to them.
class OtherProcesses {
 public:
  /// Waits until all are there. @throws DistributedError, IoError, StopRequested
  OtherProcesses(const TrainArguments& arguments, Place place);
  ~OtherProcesses();

  Communicator& all() { return *all_; }
  /// @throws DistributedError at process 0 naming a process that has another of `own`: what they are called,
  /// with a fingerprint of each
  void check_same(const nlohmann::ordered_json& own);
  /// At process 0: the training is over, and the rest is its own. The last call but for leaving_after's.
  void let_go();
  /// Does the work, and tells the others where it throws, and that all is well where it does not.
  template <class F>
  auto leaving_after(F&& work) {
    try {
      auto result = work();
      leave({});
      return result;
    } catch (...) {
      leave(failure_of(std::current_exception()));
      throw;
    }
  }

 private:
  struct Started {
    int rank;
    ChildProcess process;
  };

  void start(const TrainArguments& arguments, const Place& place);
  /// Passes on what the started ones say of their failures.
  void listen();
  void leave(const Failure& why);

  std::vector<std::unique_ptr<Started>> started_;
  std::atomic<int> ended_early_{0};  ///< the rank of one that ended before all were there
  std::atomic<bool> over_{false};    ///< what they say now is what this process says
  std::unique_ptr<Communicator> all_;
  std::jthread listening_;
};

}  // namespace bernoulli::cli
