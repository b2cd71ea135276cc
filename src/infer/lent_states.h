#pragma once

#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

namespace bernoulli {

/// Memory for a text, lent to one call at a time and kept for the next: as many states as ever were lent at
/// once, but for those that a long text has made larger than kMostBytesKept, which end with their loan. Any
/// number of threads may borrow. State::bytes() says how many it holds.
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
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {  // the one that was used last: its memory is still near
      State state = std::move(idle_.back());
      idle_.pop_back();
      return state;
    }
    idle_.reserve(num_states_ + 1);  // so that giving back cannot fail
    State state;
    ++num_states_;
    return state;
  }

  void give_back(State state) noexcept {
    const bool keep = state.bytes() <= kMostBytesKept;
    const std::lock_guard lock(mutex_);
    if (keep)
      idle_.push_back(std::move(state));
    else
      --num_states_;
  }

  std::mutex mutex_;
  std::vector<State> idle_;  ///< has room for every state that there is
  size_t num_states_ = 0;
};

}  // namespace bernoulli
