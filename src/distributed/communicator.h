#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "distributed/failure.h"
#include "distributed/link.h"
#include "distributed/share.h"

namespace bernoulli {

/// The processes that train one model, as one of them sees the others; process 0 leads. Moves bytes and does
/// no arithmetic. All processes make the same calls in the same order, and each call waits for the others.
/// Every call throws DistributedError where a process is gone, or has given no sign of life for as long as
/// Options says; NonFiniteError or StopRequested where one has ended for that reason.
class Communicator {
 public:
  struct Options {
    /// Without a sign of life from a process for so long it counts as lost. At least 2: signs of life come
    /// twice a second.
    double silence_s = 20;
  };

  /// @param links  as meet() gives them
  Communicator(int rank, std::vector<std::unique_ptr<Link>> links, Options options);
  ~Communicator();
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;

  int rank() const { return rank_; }
  int size() const { return static_cast<int>(links_.size()); }
  /// "process 2 at 10.0.0.3"
  std::string name_of(int rank) const;

  /// What process 0 has, to all.
  void broadcast(std::string& bytes);
  /// From process 0, to each what stands at its rank in `by_rank`, which elsewhere is empty.
  /// @return this process's
  std::string scatter(std::span<const std::string> by_rank);
  /// What each has, to process 0: by rank there, empty elsewhere.
  std::vector<std::string> gather(std::string_view bytes);
  /// From each of the first `givers` processes its `values`, each share of them to the process whose share it
  /// is. @param parts  [givers, own share's size]: by rank of the giver
  void to_owners(std::span<const float> values, int givers, std::span<float> parts);
  /// From each process its share of `whole` to all others, in place.
  void to_all(std::span<float> whole);

  /// The last call: the others learn why this process ends, and that it does so in order where `why` has code
  /// 0. Waits a little until they have ended too.
  void leave(const Failure& why) noexcept;

 private:
  /// Until all that links have begun to send is sent, and all that they expect has come.
  void transfer();
  void transfer_all();
  /// After a failure: lets frames end that have begun, so that a last word can follow.
  void finish_frames() noexcept;
  void watch_over_silence(const Link& link, double since_s) const;
  void beat();
  /// Each of the other processes.
  template <class F>
  void each_link(F&& call) {
    for (auto& link : links_)
      if (link) call(*link);
  }
  Share own_share(size_t count) const { return share_of(rank_, size(), count); }

  int rank_;
  std::vector<std::unique_ptr<Link>> links_;  ///< by rank; null: this process
  Options options_;
  std::mutex beat_mutex_;
  std::condition_variable_any beat_wakes_;
  std::jthread beating_;
};

}  // namespace bernoulli
