#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

namespace bernoulli {

/// Memory for a text, lent to one call at a time and kept for the next: as many states as ever were lent at
/// once, but for those that a long text has made larger than kMostBytesKept, which end with their loan. Any
/// number of threads may borrow. State::bytes() says how many it holds.
///
/// Nobody waits: who finds the lock taken has a state of its own. In a process that was forked while another
/// thread had the lock, it is taken for good.
template <typename State>
class LentStates {
 public:
  static constexpr size_t kMostBytesKept = size_t{16} << 20;

  /// A state of its own for as long as it lives.
  class Loan {
   public:
    explicit Loan(LentStates& owner) : owner_(owner), state_(owner.take()) {}
    ~Loan() { owner_.give_back(std::move(state_)); }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    State& state() { return state_; }

   private:
    LentStates& owner_;
    State state_;
  };

 private:
  State take() {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (lock && !idle_.empty()) {  // the one that was used last: its memory is still near
      State state = std::move(idle_.back());
      idle_.pop_back();
      return state;
    }
    ++num_states_;
    if (lock) idle_.reserve(num_states_);  // giving back must not allocate
    return State();
  }

  void give_back(State state) noexcept {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (lock && state.bytes() <= kMostBytesKept && idle_.size() < idle_.capacity())
      idle_.push_back(std::move(state));
    else
      --num_states_;
  }

  std::mutex mutex_;
  std::vector<State> idle_;
  std::atomic<size_t> num_states_ = 0;  ///< lent and idle
};

}  // namespace bernoulli
