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

/// The processes that this one has started for its training. What they say of their failures becomes a
/// warning. They end with this object, within seconds whatever state they are in: they write nothing that
/// could be torn.
class StartedProcesses {
 public:
  /// All but the first of `place`. @throws IoError
  StartedProcesses(const TrainArguments& arguments, const Place& place);
  ~StartedProcesses();

  /// @throws what the end of one means before all are there: DistributedError, or StopRequested
  void throw_if_ended() const;
  /// What they say from now on is what this process says itself; not the signal that one of them is ended by.
  void say_no_more();

 private:
  struct Started {
    int rank;
    ChildProcess process;
  };
  void listen_until(const std::stop_token& stop);
  void listen();
  void stop_listening();
  bool all_ended() const;

  std::vector<std::unique_ptr<Started>> started_;
  std::atomic<int> ended_rank_{0};  ///< of the first that ended
  std::atomic<int> ended_code_{0};
  bool silent_ = false;           ///< while nobody listens but the caller, as the next one
  bool ended_from_here_ = false;  ///< by signals of this process
  std::jthread listening_;
};

/// The other processes of a training, started here where --processes asks for that, and the way to them.
class OtherProcesses {
 public:
  /// Waits until all are there. @throws DistributedError, IoError, StopRequested
  OtherProcesses(const TrainArguments& arguments, Place place);

  Communicator& all() { return *all_; }
  /// @throws DistributedError at process 0 naming a process that has another of `own`: what they are called,
  /// with a fingerprint of each
  void check_same(const nlohmann::ordered_json& own);
  /// At process 0: the training is over, and the rest is its own. The last call but for leaving_after's. One
  /// that is lost now costs nothing but a warning.
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
  void leave(const Failure& why);

  std::optional<StartedProcesses> started_;
  std::unique_ptr<Communicator> all_;
};

}  // namespace bernoulli::cli
